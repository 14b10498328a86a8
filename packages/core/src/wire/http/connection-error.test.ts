// Connection failures: errors by their codes, and requests that are never sent again.
import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { createServer as createSecureServer } from 'node:https'
import { setTimeout as wait } from 'node:timers/promises'
import { inspect } from 'node:util'
import { Worker } from 'node:worker_threads'
import { describe, expect, it, onTestFinished } from 'vitest'
import { faultServer, type ServedResponse } from '../../../../testing/src/fault-server.js'
import { failureOf } from '../../../test/world.js'
import { exchange, wholeJson } from '../index.js'

const ask = (url: string, init: RequestInit = {}, fetch = globalThis.fetch) =>
  exchange(
    {
      fetch,
      signal: new AbortController().signal,
      who: 'The server',
      hint: 'Is it running?',
      failed: async (response) => new Error(`status ${response.status}`),
    },
    async () => ({ url, init: { method: 'POST', body: '{}', ...init } }),
  )

/** A fetch that fails as undici's does. */
function failing(words: string): typeof fetch {
  const cause = Object.assign(new Error(words), { name: 'AbortError', code: 'UND_ERR_ABORTED' })
  return () => Promise.reject(Object.assign(new TypeError('fetch failed'), { cause }))
}

async function serve(answer: ServedResponse) {
  const server = await faultServer(answer)
  onTestFinished(() => server.close())
  return server
}

describe('a connection', () => {
  it.each([
    'closed',
    'reset',
  ] as const)('that was %s while the event loop was busy is not used: nothing fails', async (how) => {
    const { url, drop, requests } = await keepingServer()
    for (let turn = 0; turn < 10; turn++) {
      expect(await (await ask(url)).text()).toBe('what')
      // By now the connection is in the pool for the next request.
      await wait(5)
      drop(how)
    }
    expect(requests()).toBe(10)
  })

  it.each<[string, ServedResponse]>([
    ['a header with a name that is none', { raw: 'HTTP/1.1 200 OK\r\nBad Header\x01: x\r\n\r\n' }],
    ['a control character in a value', { raw: 'HTTP/1.1 200 OK\r\nx-a: \x01\r\ncontent-length: 0\r\n\r\n' }],
    ['a length that is none', { raw: 'HTTP/1.1 200 OK\r\ncontent-length: many\r\n\r\n' }],
    ['headers without an end', { raw: `HTTP/1.1 200 OK\r\nx-a: ${'a'.repeat(200_000)}\r\n\r\n` }],
    ['another protocol', { raw: 'SSH-2.0-OpenSSH_9.6\r\n' }],
  ])('of a server that sends %s: it is the server, and not the key', async (_, answer) => {
    const { url } = await serve(answer)
    const error = await failureOf(ask(url, { headers: { authorization: 'Bearer sk-not-to-blame' } }))
    expect(error).toMatchObject({
      code: 'bad-response',
      message: expect.stringMatching(
        /^The server sent an answer that is not valid HTTP \((HTTPParserError|(HPE|UND_ERR)_\w+)\)/,
      ),
      cause: expect.anything(),
    })
    expect(error.message).not.toMatch(/key|`headers`/)
    expect(inspect(error, { depth: 9, showHidden: true })).not.toContain('sk-not-to-blame')
  })

  it('to a server without TLS, and without it to one that has it, says so', async () => {
    const plain = await serve({ body: 'x' })
    const error = await failureOf(ask(plain.url.replace('http:', 'https:')))
    expect(error).toMatchObject({
      code: 'network',
      retryable: false,
      message: expect.stringMatching(
        /^The server cannot be reached \((ERR_SSL_|EPROTO).*no encrypted connection.*https:/,
      ),
    })
    const { url } = await secureServer()
    expect(await failureOf(ask(url.replace('https:', 'http:')))).toMatchObject({
      code: expect.stringMatching(/^(network|bad-response)$/),
      cause: expect.anything(),
    })
    // By the code alone: texts of OpenSSL change from version to version.
    const cause = Object.assign(new Error('SSL routines:ssl3_get_record:wrong header number'), {
      code: 'ERR_SSL_PACKET_LENGTH_TOO_LONG',
    })
    const fetch = () => Promise.reject(Object.assign(new TypeError('fetch failed: header'), { cause }))
    expect(await failureOf(ask(url, {}, fetch))).toMatchObject({ code: 'network', cause: { cause } })
  })

  it.each<[string, typeof fetch]>([
    ["the platform's fetch, which drops the answer", fetch],
    ['newer ones, which say a little', failing('proxy authentication required')],
    ['a fetch with a tunnel', failing('Proxy response (407) !== 200 when HTTP Tunneling')],
  ])('through a proxy that asks for a password says so: %s', async (_, own) => {
    const { url, requests } = await serve({ status: 407, body: 'Log in first' })
    const error = await failureOf(ask(url, {}, own))
    expect(error).toMatchObject({
      code: 'network',
      retryable: false,
      message: expect.stringMatching(
        /^The server cannot be reached \(.*HTTP 407\): a proxy asks for a user and password\. Pass a fetch/,
      ),
    })
    expect(requests.length).toBeLessThan(2)
  })

  it('through a proxy that refuses a tunnel has its status', async () => {
    const refused = failing('Proxy response (403) !== 200 when HTTP Tunneling')
    expect((await failureOf(ask('http://h', {}, refused))).message).toMatch(/HTTP 403\)\. Is it running/)
  })

  it('to a server whose certificate nobody signed says so', async () => {
    const { url } = await secureServer()
    expect(await failureOf(ask(url))).toMatchObject({
      code: 'network',
      retryable: false,
      message: expect.stringMatching(
        /\(DEPTH_ZERO_SELF_SIGNED_CERT\): its certificate is not trusted.*NODE_EXTRA_CA_CERTS/,
      ),
    })
  })

  it('to a closed port, and to an unknown name, is a network error with its code', async () => {
    const gone = await serve({})
    await gone.close()
    expect(await failureOf(ask(gone.url))).toMatchObject({
      code: 'network',
      retryable: true,
      message: 'The server cannot be reached (ECONNREFUSED). Is it running?',
    })
    const { message, code } = await failureOf(ask('http://no-such-name.invalid/'))
    expect({ message, code }).toEqual({
      message: expect.stringMatching(/\((ENOTFOUND|EAI_AGAIN)\): its name cannot be resolved/),
      code: 'network',
    })
  })

  it.each([
    ['UND_ERR_HEADERS_TIMEOUT', 'timeout'],
    ['UND_ERR_CONNECT_TIMEOUT', 'network'],
    ['UND_ERR_ABORTED', 'network'],
    ['CERT_HAS_EXPIRED', 'network'],
    ['SOMETHING_NEW', 'network'],
  ])('that fails with %s is %s, whatever its text says', async (known, code) => {
    const cause = Object.assign(new Error('a header, a timeout, an overflow'), { code: known })
    const fetch = () => Promise.reject(new TypeError('fetch failed', { cause: new AggregateError([cause]) }))
    expect(await failureOf(ask('http://127.0.0.1:9/', {}, fetch))).toMatchObject({
      code,
      message: expect.stringContaining(`(${known})`),
    })
  })

  it('that breaks in the middle of an answer says with which code', async () => {
    const { url } = await serve({ body: '{"half', headers: { 'content-length': '100' }, resetAt: 4 })
    const response = await ask(url)
    expect(await failureOf(wholeJson(response, () => new Error() as never))).toMatchObject({
      code: 'network',
      message: expect.stringMatching(/in the middle of the answer \(\w+\)\. Try again/),
    })
  })
})

it.each([
  ['a name', { 'x y': 'z' }],
  ['a line end', { 'x-a': 'sk-secret-1\nb: c' }],
  ['a control character', { 'x-a': 'sk-secret-1\u0001' }],
  ['a character beyond Latin 1', { authorization: 'Bearer sk-secret-1🦀' }],
])('%s that no header can hold is told before anything is sent, and not shown', async (_, headers) => {
  const server = await serve({ body: 'x' })
  const error = await failureOf(ask(server.url, { headers }))
  expect(error).toMatchObject({ code: 'invalid-request', message: expect.stringContaining('Check the key') })
  const [name = ''] = Object.keys(headers)
  expect(error.message).toContain(
    name.includes(' ') ? 'the name of a header contains' : `the header ${name} contains`,
  )
  expect(inspect(error, { depth: 9, showHidden: true })).not.toContain('sk-secret-1')
  expect(server.requests).toHaveLength(0)
})

/** A server with a certificate that it signed itself. */
async function secureServer() {
  const pem = (name: string) =>
    readFileSync(new URL(`../../../test/self-signed-${name}.pem`, import.meta.url))
  const server = createSecureServer({ key: pem('key'), cert: pem('certificate') }, (_, response) => {
    response.end('x')
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    server.close()
    server.closeAllConnections()
  })
  const address = server.address()
  return { url: `https://127.0.0.1:${typeof address === 'object' ? address?.port : ''}` }
}

/** A server in a thread of its own: it closes connections while the event loop of the client is busy. */
async function keepingServer() {
  const code = `
    const { createServer } = require('node:http')
    const { parentPort, workerData } = require('node:worker_threads')
    const flags = new Int32Array(workerData)
    const sockets = new Set()
    const server = createServer((request, response) => {
      request.resume().on('end', () => {
        Atomics.add(flags, 0, 1)
        response.end('what')
      })
    })
    server.on('connection', (socket) => {
      sockets.add(socket)
      socket.on('close', () => {
        sockets.delete(socket)
        Atomics.store(flags, 1, 1)
        Atomics.notify(flags, 1)
      })
    })
    server.listen(0, '127.0.0.1', () => parentPort.postMessage(server.address().port))
    parentPort.on('message', (how) => {
      for (const socket of sockets) how === 'reset' ? socket.resetAndDestroy() : socket.destroy()
    })`
  const shared = new SharedArrayBuffer(8)
  const flags = new Int32Array(shared)
  const worker = new Worker(code, { eval: true, workerData: shared })
  onTestFinished(() => worker.terminate().then(() => {}))
  const port = await new Promise<number>((resolve) => worker.once('message', resolve))
  const drop = (how: 'closed' | 'reset') => {
    Atomics.store(flags, 1, 0)
    worker.postMessage(how)
    Atomics.wait(flags, 1, 0, 5000)
  }
  return { url: `http://127.0.0.1:${port}`, drop, requests: () => Atomics.load(flags, 0) }
}

it('whatever the status is, a request is sent once', async () => {
  let asked = 0
  const server = createServer((request, response) => {
    asked++
    request.resume().on('end', () => {
      response.writeHead(Number(request.url?.slice(1)))
      response.end()
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => void server.close())
  const { port } = server.address() as { port: number }
  const sent: Record<number, number> = {}
  for (const status of [
    200, 204, 301, 307, 400, 401, 403, 404, 408, 409, 413, 421, 425, 426, 429, 500, 502, 503, 504,
  ]) {
    asked = 0
    await ask(`http://127.0.0.1:${port}/${status}`).catch(() => {})
    sent[status] = asked
  }
  const { 421: misdirected, ...others } = sent
  expect(new Set(Object.values(others))).toEqual(new Set([1]))
  // The fetch standard retries a 421 once, on a new connection: the server has not processed the request.
  expect(misdirected).toBeLessThanOrEqual(2)
})

it('an invalid fetch or invalid headers of the app are reported as such, not as a network error', async () => {
  const used = async () => {
    const response = new Response('{}')
    await response.text()
    return response
  }
  const gaveUp = async () => {
    throw new DOMException('mine', 'AbortError')
  }
  const fetches: [code: string, fetch: () => Promise<unknown>][] = [
    ['config', async () => undefined],
    ['config', used],
    ['network', gaveUp],
  ]
  for (const [code, fetch] of fetches)
    expect(await failureOf(ask('http://here.test', {}, fetch as never))).toMatchObject({ code })
  expect(await failureOf(ask('http://here.test', { headers: { a: Symbol('x') } as never }))).toMatchObject({
    code: 'invalid-request',
  })
})
