// MCP test server with its tools, made with the official SDK.
import { McpServer } from '@modelcontextprotocol/server'
import * as z from 'zod'

export function testServer(): McpServer {
  const server = new McpServer({ name: 'test', version: '1.0.0' }, { instructions: 'Be careful.' })
  server.registerTool(
    'weather.now',
    { description: 'The weather in a city.', inputSchema: z.object({ city: z.string() }) },
    async ({ city }) => ({ content: [{ type: 'text', text: `21 degrees in ${city}` }] }),
  )
  server.registerTool('fails', { inputSchema: z.object({}) }, async () => ({
    isError: true,
    content: [{ type: 'text', text: 'No station there' }],
  }))
  server.registerTool('throws', { inputSchema: z.object({}) }, async () => {
    throw new Error('A bug')
  })
  server.registerTool('draws', { inputSchema: z.object({}) }, async () => ({
    content: [
      { type: 'text', text: 'A dot' },
      { type: 'image', data: 'iVBORw0KGgo=', mimeType: 'image/png' },
      { type: 'resource', resource: { uri: 'file:///a.pdf', mimeType: 'application/pdf', blob: 'JVBERi0=' } },
      { type: 'resource', resource: { uri: 'file:///a.txt', text: 'words' } },
      { type: 'resource_link', uri: 'file:///b.txt', name: 'b' },
    ],
  }))
  server.registerTool(
    'counts',
    { inputSchema: z.object({}), outputSchema: z.object({ count: z.number() }) },
    async () => ({ content: [], structuredContent: { count: 3 } }),
  )
  server.registerTool('hangs', { inputSchema: z.object({}) }, () => new Promise(() => {}))
  return server
}
