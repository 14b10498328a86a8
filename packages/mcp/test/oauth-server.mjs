// MCP server behind OAuth: authorization server, sign-in page and protection of the official SDK; prints its port.
// GET /forget makes every token invalid.
import { DemoInMemoryAuthProvider } from '@modelcontextprotocol/sdk/examples/server/demoInMemoryOAuthProvider.js'
import { InvalidTokenError } from '@modelcontextprotocol/sdk/server/auth/errors.js'
import { requireBearerAuth } from '@modelcontextprotocol/sdk/server/auth/middleware/bearerAuth.js'
import {
  getOAuthProtectedResourceMetadataUrl,
  mcpAuthRouter,
} from '@modelcontextprotocol/sdk/server/auth/router.js'
import { createMcpExpressApp } from '@modelcontextprotocol/sdk/server/express.js'
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js'
import { StreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/streamableHttp.js'

const app = createMcpExpressApp()
const listening = app.listen(0, '127.0.0.1', () => {
  const origin = `http://127.0.0.1:${listening.address().port}`
  const url = new URL(`${origin}/mcp`)
  const provider = new DemoInMemoryAuthProvider((resource) => resource?.href === url.href)
  // The example throws an error of no kind, which would be answered with 500.
  const { verifyAccessToken } = provider
  provider.verifyAccessToken = (token) =>
    verifyAccessToken.call(provider, token).catch(({ message }) => {
      throw new InvalidTokenError(message)
    })
  app.use(
    mcpAuthRouter({
      provider,
      issuerUrl: new URL(origin),
      resourceServerUrl: url,
      scopesSupported: ['mcp:tools'],
    }),
  )
  app.get('/forget', (_, response) => {
    provider.tokens.clear()
    response.end()
  })
  const protect = requireBearerAuth({
    verifier: provider,
    requiredScopes: ['mcp:tools'],
    resourceMetadataUrl: getOAuthProtectedResourceMetadataUrl(url),
  })
  app.all('/mcp', protect, async (request, response) => {
    const server = new McpServer({ name: 'protected', version: '1.0.0' })
    server.registerTool('who', {}, async (extra) => ({
      content: [{ type: 'text', text: `client ${extra.authInfo?.clientId}` }],
    }))
    const transport = new StreamableHTTPServerTransport({ sessionIdGenerator: undefined })
    response.on('close', () => void server.close())
    await server.connect(transport)
    await transport.handleRequest(request, response, request.body)
  })
  process.stderr.write(`listening at port ${listening.address().port}\n`)
})
