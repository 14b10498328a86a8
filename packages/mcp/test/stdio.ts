// MCP test server over standard input and output.
import { StdioServerTransport } from '@modelcontextprotocol/server/stdio'
import { testServer } from './server.js'

await testServer().connect(new StdioServerTransport())
