// MCP server in a process that ends on demand and reports the progress of slow work.
import { McpServer } from '@modelcontextprotocol/server'
import { StdioServerTransport } from '@modelcontextprotocol/server/stdio'
import * as z from 'zod'

const server = new McpServer({ name: 'ending-server', version: '1.0.0' })
server.registerTool('pid', { inputSchema: z.object({}) }, async () => ({
  content: [{ type: 'text', text: String(process.pid) }],
}))
server.registerTool('dies', { inputSchema: z.object({}) }, async () => process.exit(1))
server.registerTool('works', { inputSchema: z.object({ steps: z.number() }) }, async ({ steps }, context) => {
  const progressToken = context.mcpReq._meta?.progressToken ?? 0
  for (let progress = 1; progress <= steps; progress++) {
    await new Promise((resolve) => setTimeout(resolve, 100))
    await context.mcpReq.notify({ method: 'notifications/progress', params: { progressToken, progress } })
  }
  return { content: [{ type: 'text', text: 'done' }] }
})
await server.connect(new StdioServerTransport())
