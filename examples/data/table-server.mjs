// MCP server over standard input and output with one tool, which asks the user for a name.
import { McpServer } from '@modelcontextprotocol/server'
import { StdioServerTransport } from '@modelcontextprotocol/server/stdio'
import * as z from 'zod'

const server = new McpServer({ name: 'restaurant', version: '1.0.0' })
server.registerTool(
  'book_table',
  { description: 'Book a table.', inputSchema: z.object({ people: z.number() }) },
  async ({ people }, { mcpReq }) => {
    const answer = await mcpReq.elicitInput({
      message: `In whose name is the table for ${people}?`,
      requestedSchema: { type: 'object', properties: { name: { type: 'string' } }, required: ['name'] },
    })
    const text = answer.action === 'accept' ? `Booked for ${answer.content?.name}.` : 'Not booked.'
    return { content: [{ type: 'text', text }] }
  },
)
await server.connect(new StdioServerTransport())
