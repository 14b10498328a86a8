// The fault injection server and the replay server answer as scripted.
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { faultServer, type ServedResponse } from './fault-server.js'
import { replayServer } from './replay-server.js'

async function serve(answer: ServedResponse) {
  const server = await faultServer(answer)
  onTestFinished(() => server.close())
  return server
}

describe('faultServer', () => {
  it('serves a body in pieces, and records the requests', async () => {
    const server = await serve({ status: 201, headers: { 'x-a': 'b' }, body: 'héllo', chunk: 1 })
    const response = await fetch(`${server.url}/path?q=1`, { method: 'POST', body: '{"a":1}' })
    expect(response.status).toBe(201)
    expect(response.headers.get('x-a')).toBe('b')
    expect(await response.text()).toBe('héllo')
    expect(server.requests).toMatchObject([{ method: 'POST', path: '/path?q=1', json: { a: 1 } }])
  })

  it('cuts cleanly, resets, and gives no answer at all', async () => {
    expect(await (await fetch((await serve({ body: 'hello', cutAt: 2 })).url)).text()).toBe('he')
    await expect((await fetch((await serve({ body: 'hello', resetAt: 2 })).url)).text()).rejects.toThrow()
    await expect(fetch((await serve({ noAnswer: true })).url)).rejects.toThrow()
  })

  it.each([{ stallAt: 2 }, { neverEnd: true }])('keeps the connection: %j', async (fault) => {
    const server = await serve({ body: 'hello', ...fault })
    const controller = new AbortController()
    const response = await fetch(server.url, { signal: controller.signal })
    const reader = response.body?.getReader()
    expect((await reader?.read())?.value?.length).toBe('stallAt' in fault ? 2 : 5)
    const next = reader?.read()
    expect(server.open).toBe(1)
    controller.abort()
    await expect(next).rejects.toThrow()
    await vi.waitFor(() => expect(server.open).toBe(0))
  })
})

describe('faultServer, where HTTP itself is broken,', () => {
  it('sends an endless body until the client disconnects, and reports how much', async () => {
    const server = await serve({ body: 'x'.repeat(1000), endless: true })
    const reader = (await fetch(server.url)).body?.getReader()
    for (let bytes = 0; bytes < 100_000; ) bytes += (await reader?.read())?.value?.length ?? 0
    expect(server.sent).toBeGreaterThanOrEqual(100_000)
    await reader?.cancel()
    await vi.waitFor(() => expect(server.open).toBe(0))
  })

  it('sends invalid headers, and breaks connections', async () => {
    const code = (answer: ServedResponse) =>
      serve(answer).then(({ url }) =>
        fetch(url).then(
          () => 'an answer',
          // Errors of the parser have no code on Node 24 and later.
          ({ cause }) => cause.code ?? cause.name,
        ),
      )
    expect(await code({ raw: 'HTTP/1.1 200 OK\r\nBad Header\x01: x\r\n\r\n' })).toMatch(
      /^(HPE_INVALID_HEADER_TOKEN|HTTPParserError)$/,
    )
    expect(await code({ noAnswer: 'reset' })).toBe('ECONNRESET')
  })
})

describe('replayServer', () => {
  it('plays exchanges in order and refuses what it does not expect', async () => {
    const server = await replayServer([
      { request: { method: 'POST', path: '/a', body: { x: 1 } }, response: { body: 'one' } },
      { request: { path: '/b' }, response: { body: 'two' } },
    ])
    onTestFinished(() => server.close())
    const ask = async (path: string, body: unknown) =>
      (await fetch(server.url + path, { method: 'POST', body: JSON.stringify(body) })).text()
    expect(await ask('/a', { x: 1 })).toBe('one')
    expect(await ask('/b', {})).toBe('two')
    expect(await ask('/c', {})).toContain('unexpected request')
    expect(server.unexpected).toEqual(['POST /c: the path should be /b'])
  })
})
