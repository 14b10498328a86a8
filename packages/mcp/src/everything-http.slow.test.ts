// The official everything-server over HTTP: in today's way, and by server-sent events as before March 2025.
import { describe, expect, it } from 'vitest'
import { call, connect, everythingSuite, failureOf } from '../test/everything-suite.js'
import { everythingOverHttp } from '../test/official-servers.js'
import { mcpTools } from './index.js'

describe('the everything-server by streamable HTTP', () =>
  everythingSuite(async () => (await everythingOverHttp('streamableHttp')).server))

describe('the everything-server by server-sent events, which it has without being told', () =>
  everythingSuite(async () => (await everythingOverHttp('sse')).server))

it.each([
  'streamableHttp',
  'sse',
] as const)('an everything-server over %s that dies in the middle of a call is a typed error of that call', async (way) => {
  const { server, kill } = await everythingOverHttp(way)
  let started: () => void = () => {}
  const begun = new Promise<void>((resolve) => {
    started = resolve
  })
  const connection = await connect(server, { onProgress: () => started() })
  const running = failureOf(
    call(connection, 'trigger-long-running-operation', { duration: 600, steps: 6000 }),
  )
  await begun
  await kill()
  expect(await running).toMatchObject({ code: 'network' })
  expect(await failureOf(call(connection, 'echo', { message: 'x' }))).toMatchObject({ code: 'network' })
})

it('an address that is no MCP server at all is told without its web page', async () => {
  const { server } = await everythingOverHttp('streamableHttp')
  const url = server.url.replace(/mcp$/, 'nothing')
  const error = await failureOf(mcpTools({ url }))
  expect(error).toMatchObject({
    code: 'network',
    status: 404,
    message: expect.stringContaining('HTTP 404: a web page'),
  })
  expect(error.message).not.toContain('<')
})
