// The gateway's `fetch` beside the platform's, over real sockets, on the platform's pool and on that of another undici.
import { once } from 'node:events'
import { createServer, type RequestListener, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync } from 'node:zlib'
import { Agent, getGlobalDispatcher, MockAgent, setGlobalDispatcher } from 'undici'
import { afterEach, describe, expect, test } from 'vitest'
import { upstreamFetch } from './fetch.js'

const closing: Server[] = []
const platformPool = getGlobalDispatcher()
afterEach(() => {
  setGlobalDispatcher(platformPool)
  for (const server of closing.splice(0)) server.close().closeAllConnections()
})

async function serving(listener: RequestListener): Promise<string> {
  const server = createServer(listener).listen(0, '127.0.0.1')
  closing.push(server)
  await once(server, 'listening')
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

const manual = { redirect: 'manual' } as const
/** What a server's own headers say of the moment. */
const passing = new Set(['date', 'connection', 'keep-alive'])

async function seen(response: Response) {
  const { status, statusText, ok, headers } = response
  const said = [...headers].filter(([name]) => !passing.has(name))
  return { status, statusText, ok, headers: said, text: await response.text() }
}

const long = 'ä piece of text '.repeat(20_000)
const answers: [name: string, init: RequestInit, listener: RequestListener][] = [
  ['a text', {}, (_, response) => response.end('Hello')],
  ['an empty body', {}, (_, response) => response.writeHead(200, { 'content-length': 0 }).end()],
  ['a status without a body', {}, (_, response) => response.writeHead(204).end()],
  ['a body of many packets', {}, (_, response) => response.end(long)],
  ['an error', {}, (_, response) => response.writeHead(429, 'Slow Down', { 'retry-after': '3' }).end('{}')],
  ['a redirect', {}, (_, response) => response.writeHead(302, { location: '/there' }).end()],
  [
    'headers of one name',
    {},
    (_, response) =>
      response
        .writeHead(
          200,
          [
            ['x-one', 'a'],
            ['x-one', 'b'],
          ].flat(),
        )
        .end(),
  ],
  ['letters of Latin 1 in a header', {}, (_, response) => response.writeHead(200, { 'x-name': 'Zoë' }).end()],
  [
    'a head that comes early',
    {},
    (_, response) => response.writeEarlyHints({ link: '</a>; rel=preload' }, () => response.end('late')),
  ],
  ['a request with a text', { method: 'post', body: long, headers: { 'Content-Type': 'text/x' } }, echo],
  [
    'a request with bytes',
    { method: 'POST', body: new Uint8Array([104, 105]), headers: new Headers({ 'content-type': 'a/b' }) },
    echo,
  ],
  [
    'a request with a blob',
    { method: 'POST', body: new Blob(['blob']), headers: [['content-type', 'a/b']] },
    echo,
  ],
]

function echo(request: Parameters<RequestListener>[0], response: Parameters<RequestListener>[1]): void {
  const { method, url, headers } = request
  response.setHeader('x-asked', `${method} ${url} ${headers['content-type']} ${headers['content-length']}`)
  request.pipe(response)
}

describe.each([
  ['the pool of the platform', () => {}],
  ['the pool of another undici', () => setGlobalDispatcher(new Agent())],
])('on %s', (_, use) => {
  test.each(answers)('answers like fetch: %s', async (_, init, listener) => {
    const url = `${await serving(listener)}/v1/path?and=query`
    const expected = await seen(await fetch(url, { ...init, ...manual }))
    use()
    expect(await seen(await upstreamFetch(url, { ...init, ...manual }))).toEqual(expected)
  })

  test.each<[string, Buffer]>([
    ['gzip', gzipSync(long)],
    ['gzip', gzipSync(long).subarray(0, -8)],
    ['br', brotliCompressSync(long)],
    ['deflate', deflateSync(long)],
    ['deflate', deflateRawSync(long)],
    ['gzip, br', brotliCompressSync(gzipSync(long))],
    ['gzip', Buffer.alloc(0)],
    ['identity', Buffer.from(long)],
    ['x-unknown', Buffer.from(long)],
  ])('unpacks an answer like fetch that is compressed although nobody asked: %s', async (encoding, packed) => {
    const url = await serving((_, response) =>
      response.writeHead(200, { 'content-encoding': encoding }).end(packed),
    )
    const expected = await (await fetch(url, manual)).text()
    use()
    expect(await (await upstreamFetch(url, manual)).text()).toBe(expected)
  })

  test('a compressed answer that is aborted, breaks or is read no more fails its reader alone, and ends the request', async () => {
    use()
    const pieces = gzipSync(
      Buffer.from(Array.from({ length: 100_000 }, () => Math.floor(Math.random() * 256))),
    )
    for (const how of ['abort', 'break', 'cancel', 'garbage'] as const) {
      const { promise: left, resolve: leave } = deferred()
      const url = await serving((_, response) => {
        response.on('close', leave)
        response.writeHead(200, { 'content-encoding': 'gzip' })
        response.write(how === 'garbage' ? 'not gzip' : pieces.subarray(0, 50_000))
        if (how === 'break') setImmediate(() => response.destroy())
        if (how === 'garbage') response.end()
      })
      const controller = new AbortController()
      const response = await upstreamFetch(url, { ...manual, signal: controller.signal })
      const reader = response.body?.getReader()
      const readAll = async () => {
        while (!(await reader?.read())?.done) {
          if (how === 'abort') controller.abort(new Error('stop'))
          if (how === 'cancel') return reader?.cancel()
        }
      }
      if (how === 'cancel') await readAll()
      else await expect(readAll()).rejects.toThrow()
      await left
    }
  })

  test('an abort ends the request: before it, before its headers, and in the middle of its body', async () => {
    use()
    const { promise: left, resolve: leave } = deferred()
    const url = await serving((request, response) => {
      response.on('close', leave)
      if (request.url === '/body') response.write('begun')
    })
    const reason = new Error('stop')
    await expect(upstreamFetch(url, { ...manual, signal: AbortSignal.abort(reason) })).rejects.toBe(reason)
    const controller = new AbortController()
    const asked = upstreamFetch(url, { ...manual, signal: controller.signal })
    controller.abort(reason)
    await expect(asked).rejects.toBe(reason)
    const second = new AbortController()
    const response = await upstreamFetch(`${url}/body`, { ...manual, signal: second.signal })
    const reader = response.body?.getReader()
    expect(new TextDecoder().decode((await reader?.read())?.value)).toBe('begun')
    const next = reader?.read()
    second.abort(reason)
    await expect(next).rejects.toBe(reason)
    await left
  })

  test.each(['reader', 'stream'])('a cancelled %s closes the connection', async (by) => {
    use()
    const { promise: left, resolve: leave } = deferred()
    const url = await serving((_, response) => {
      response.on('close', leave)
      response.write('begun')
    })
    const { body } = await upstreamFetch(url, manual)
    expect(body).not.toBeNull()
    await (by === 'reader' ? body?.getReader().cancel() : body?.cancel())
    await left
  })

  test('a connection that breaks is the error of fetch, before and in the middle of an answer', async () => {
    use()
    const url = await serving((request, response) => {
      if (request.url === '/') request.socket.destroy()
      else response.write('begun', () => request.socket.destroy())
    })
    await expect(upstreamFetch(url, manual)).rejects.toMatchObject({
      message: 'fetch failed',
      cause: { code: 'UND_ERR_SOCKET' },
    })
    const response = await upstreamFetch(`${url}/body`, manual)
    await expect(response.text()).rejects.toMatchObject({
      message: 'terminated',
      cause: { code: 'UND_ERR_SOCKET' },
    })
    closing.splice(0).map((server) => server.close())
    await expect(upstreamFetch(url, manual)).rejects.toMatchObject({ cause: { code: 'ECONNREFUSED' } })
  })

  test('a reader that waits makes the server wait', async () => {
    use()
    const piece = Buffer.alloc(64 * 1024)
    const total = 1024
    let sent = 0
    const { promise: waited, resolve: wait } = deferred()
    const url = await serving(async (_, response) => {
      for (; sent < total; sent++)
        if (!response.write(piece)) {
          const timer = setTimeout(wait, 300)
          await once(response, 'drain')
          clearTimeout(timer)
        }
      response.end()
    })
    const { body } = await upstreamFetch(url, manual)
    // The server has waited for a drain that did not come: sockets hold a few megabytes.
    await waited
    expect(sent).toBeLessThan(total / 2)
    let bytes = 0
    for await (const chunk of body ?? []) bytes += chunk.byteLength
    expect(bytes).toBe(total * piece.length)
  })
})

test('the mocks and proxies of the app are used', async () => {
  const mock = new MockAgent()
  mock.disableNetConnect()
  mock.get('http://service.test').intercept({ path: '/v1', method: 'POST' }).reply(200, 'mocked')
  setGlobalDispatcher(mock)
  const asked = { ...manual, method: 'POST', body: '{}' }
  expect(await (await upstreamFetch('http://service.test/v1', asked)).text()).toBe('mocked')
})

function deferred() {
  let resolve = () => {}
  const promise = new Promise<void>((settle) => {
    resolve = settle
  })
  return { promise, resolve }
}
