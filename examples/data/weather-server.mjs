// MCP server over standard input and output with one tool, which returns made-up weather, and one prompt.
import { McpServer } from '@modelcontextprotocol/server'
import { StdioServerTransport } from '@modelcontextprotocol/server/stdio'
import * as z from 'zod'

const server = new McpServer({ name: 'weather', version: '1.0.0' })
server.registerTool(
  'get_weather',
  { description: 'Get the current weather in a city.', inputSchema: z.object({ city: z.string() }) },
  async ({ city }) => ({
    content: [{ type: 'text', text: JSON.stringify({ city, temperature: 21, condition: 'sunny' }) }],
  }),
)
server.registerPrompt(
  'pack',
  { title: 'What to pack', argsSchema: z.object({ city: z.string() }) },
  ({ city }) => ({
    messages: [{ role: 'user', content: { type: 'text', text: `What should I pack for ${city}?` } }],
  }),
)
await server.connect(new StdioServerTransport())
