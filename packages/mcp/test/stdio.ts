// The test server as a program of its own.
import { StdioServerTransport } from '@modelcontextprotocol/server/stdio'
import { testServer } from './server.js'

await testServer().connect(new StdioServerTransport())
