// The threats of the README's table, one by one, over real sockets.
import crypto from 'node:crypto'
import { syncBuiltinESMExports } from 'node:module'
import { connect } from 'node:net'
import { mockProvider } from '@patchbay/testing'
import fc from 'fast-check'
import { describe, expect, it, vi } from 'vitest'
import { type Settings, served } from '../../test/served.js'
import { newKey, type RequestRecord } from '../index.js'
import { ApiKeys } from './api-keys.js'

async function world(settings?: Settings) {
  const inner = mockProvider()
  const gateway = await served(inner, settings)
  const post = (path: string, body: string, headers: Record<string, string> = {}) =>
    fetch(`${gateway.url}${path}`, {
      method: 'POST',
      body,
      headers: { 'content-type': 'application/json', ...headers },
    })
  return { inner, gateway, post, port: Number(new URL(gateway.url).port) }
}

/** Everything the server says to these bytes, until it hangs up. */
function raw(port: number, pieces: (string | number)[]): Promise<string> {
  return new Promise((resolve, reject) => {
    let said = ''
    const socket = connect(port, '127.0.0.1', async () => {
      for (const piece of pieces)
        if (typeof piece === 'number') await new Promise((go) => setTimeout(go, piece))
        else socket.write(piece)
    })
    socket.on('data', (chunk) => {
      said += chunk
    })
    socket.on('close', () => resolve(said))
    socket.on('error', (error: NodeJS.ErrnoException) =>
      error.code === 'ECONNRESET' || error.code === 'EPIPE' ? resolve(said) : reject(error),
    )
  })
}

const paths = [
  '/v1/chat/completions',
  '/v1/responses',
  '/v1/embeddings',
  '/v1/images/generations',
  '/v1/audio/speech',
  '/v1/messages',
  '/v1/messages/count_tokens',
  '/api/chat',
  '/api/generate',
  '/api/embed',
  '/api/show',
]

describe('guessing keys', () => {
  it('has 256 bits to guess, and only a hash to steal', () => {
    const { key, hash } = newKey()
    expect(Buffer.from(key.slice('pb-'.length), 'base64url')).toHaveLength(32)
    expect(hash).toMatch(/^sha256:[0-9a-f]{64}$/)
    expect(hash).not.toContain(key.slice(3))
    expect(newKey().key).not.toBe(key)
  })

  it('compares every key in full, however near the guess is', async () => {
    const known = Array.from({ length: 5 }, newKey)
    const keys = new ApiKeys(Object.fromEntries(known.map(({ hash }, index) => [`key-${index}`, { hash }])))
    const compared = vi.spyOn(crypto, 'timingSafeEqual')
    syncBuiltinESMExports()
    const ask = (key: string) => keys.clientOf(new Headers({ authorization: `Bearer ${key}` }))
    expect(ask(known[0]?.key ?? '').name).toBe('key-0')
    expect(compared).toHaveBeenCalledTimes(known.length)
    expect(() => ask(`${known[0]?.key}x`)).toThrow('does not know the API key')
    expect(compared).toHaveBeenCalledTimes(2 * known.length)
    compared.mockRestore()
    syncBuiltinESMExports()
  })

  it('finds none in what a failure says', async () => {
    const { key, hash } = newKey()
    const { post } = await world({ keys: { ann: { hash } } })
    const wrong = `${key.slice(0, -1)}${key.endsWith('A') ? 'B' : 'A'}`
    const text = await (await post('/v1/chat/completions', '{}', { authorization: `Bearer ${wrong}` })).text()
    expect(text).not.toContain(wrong)
    expect(text).not.toContain('ann')
  })
})

describe('smuggling a request in another', () => {
  const head = 'POST /v1/chat/completions HTTP/1.1\r\nHost: 127.0.0.1\r\n'
  it.each([
    ['two lengths', `${head}Content-Length: 4\r\nContent-Length: 40\r\n\r\n{}{}`],
    [
      'a length and chunks',
      `${head}Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /x HTTP/1.1\r\n\r\n`,
    ],
    ['chunks that are not quite', `${head}Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n`],
    ['a header with a line break', `${head}X-A: a\nX-B\r\n\r\n`],
    ['a space before the colon', `${head}Content-Length : 4\r\n\r\n{}{}`],
  ])('%s', async (_, request) => {
    const { inner, port } = await world()
    const said = await raw(port, [
      request,
      'GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n',
    ])
    expect(said).toMatch(/^HTTP\/1\.1 400/)
    expect(said.match(/HTTP\/1\.1/g)).toHaveLength(1)
    expect(inner.requests).toHaveLength(0)
  })

  it('takes no header of a client to a service', async () => {
    const inner = mockProvider()
    const chat = vi.spyOn(inner, 'chat')
    const gateway = await served(inner)
    await fetch(`${gateway.url}/v1/chat/completions`, {
      method: 'POST',
      body: JSON.stringify({ messages: [{ role: 'user', content: 'x' }] }),
      headers: {
        'x-api-key': 'a',
        authorization: 'Bearer b',
        'openai-organization': 'c',
        'x-forwarded-host': 'd',
      },
    })
    expect(chat.mock.calls[0]?.[1]?.headers).toBeUndefined()
  })
})

describe('bodies', () => {
  it('that are too large are refused, with a length and without', async () => {
    const { gateway, post } = await world({ maxBytes: 10_000 })
    const large = JSON.stringify({ messages: [{ role: 'user', content: 'x'.repeat(20_000) }] })
    for (const path of paths) expect([path, (await post(path, large)).status]).toEqual([path, 413])
    const chunks = new ReadableStream({
      pull(controller) {
        controller.enqueue(new TextEncoder().encode('x'.repeat(1000)))
      },
    })
    const chunked = fetch(`${gateway.url}/v1/chat/completions`, {
      method: 'POST',
      body: chunks,
      duplex: 'half',
    } as RequestInit)
    expect((await chunked).status).toBe(413)
  })

  it('that come drop by drop are not waited for', async () => {
    const { port, inner } = await world({ arrival: 200 })
    const head = 'POST /v1/chat/completions HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 1000\r\n\r\n'
    const drops = Array.from({ length: 40 }, () => ['{', 50]).flat()
    expect(await raw(port, [head, ...drops])).toMatch(/^HTTP\/1\.1 408|^$/)
    const lines = Array.from({ length: 40 }, () => ['x: y\r\n', 50]).flat()
    expect(await raw(port, ['POST /v1/chat/completions HTTP/1.1\r\nHost: 127.0.0.1\r\n', ...lines])).toMatch(
      /408|^$/,
    )
    expect(inner.requests).toHaveLength(0)
  })

  it.each([
    ['deep lists', '['.repeat(1_000_000)],
    ['deep objects', '{"a":'.repeat(1_000_000)],
    [
      'deep tools',
      `{"messages":[{"role":"user","content":"x"}],"tools":[{"type":"function","function":{"name":"t","parameters":${'{"properties":{"a":'.repeat(5000)}{}${'}}'.repeat(5000)}}}]}`,
    ],
    ['many values', `[${'0,'.repeat(5_000_000)}0]`],
    ['many empty objects', `[${'{},'.repeat(3_000_000)}{}]`],
  ])('that are small and become large: %s', async (_, body) => {
    const { post } = await world()
    const before = process.memoryUsage().rss
    for (const path of ['/v1/chat/completions', '/v1/messages', '/api/chat']) {
      const response = await post(path, body)
      expect([path, response.status]).toEqual([path, 400])
    }
    expect(process.memoryUsage().rss - before).toBeLessThan(400 * 1024 * 1024)
  })

  it('with large images are none of these', async () => {
    const { post, inner } = await world()
    const image = Buffer.alloc(12 * 1024 * 1024, 7).toString('base64')
    const content = [{ type: 'image_url', image_url: { url: `data:image/png;base64,${image}` } }]
    const response = await post(
      '/v1/chat/completions',
      JSON.stringify({ messages: [{ role: 'user', content }] }),
    )
    expect(response.status).toBe(200)
    expect(inner.requests).toHaveLength(1)
  })
})

describe('garbage', () => {
  const good = {
    model: 'default',
    max_tokens: 5,
    input: 'x',
    prompt: 'x',
    messages: [
      { role: 'system', content: 'Be brief.' },
      { role: 'user', content: [{ type: 'text', text: 'x' }] },
      { role: 'assistant', content: '', tool_calls: [{ id: 'a', function: { name: 't', arguments: '{}' } }] },
      { role: 'tool', tool_call_id: 'a', content: 'x' },
    ],
    tools: [{ type: 'function', function: { name: 't', parameters: { type: 'object' } } }],
    response_format: { type: 'json_schema', json_schema: { name: 'x', schema: { type: 'object' } } },
    options: { temperature: 1 },
    thinking: { type: 'enabled', budget_tokens: 5 },
  }
  const places = placesOf(good)
  const odd = fc.oneof(
    fc.constantFrom(null, [], {}, [null], '', 0, -1, true, 'x', [[]], { type: 'x' }),
    fc.jsonValue(),
  )

  it('in any place is refused or taken, and never a bug', async () => {
    const { post } = await world()
    const told = vi.spyOn(console, 'error').mockImplementation(() => {})
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...paths),
        fc.array(fc.tuple(fc.constantFrom(...places), odd), { minLength: 1, maxLength: 3 }),
        fc.constantFrom(...Object.keys(good)),
        async (path, changes, left) => {
          const body = structuredClone(good) as Record<string, unknown>
          for (const [place, value] of changes) change(body, place, structuredClone(value))
          delete body[left]
          const response = await post(path, JSON.stringify(body))
          const text = await response.text()
          if (response.status >= 500) throw new Error(`${path} ${response.status}: ${text}`)
        },
      ),
      { numRuns: 600 },
    )
    expect(told).not.toHaveBeenCalled()
    told.mockRestore()
  })
})

it('tricks with paths lead nowhere', async () => {
  const { port } = await world()
  for (const path of [
    '/../../../../etc/passwd',
    '/assets/../../package.json',
    '/assets/%2e%2e/%2e%2e/package.json',
    '/assets/..%2f..%2fpackage.json',
    '/assets/..\\..\\package.json',
    '//evil.example/',
    '/v1/models/%2e%2e%2f%2e%2e%2fetc%2fpasswd',
    '/%00',
    '/package.json',
    '/index.html/..',
  ]) {
    const said = await raw(port, [`GET ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n`])
    expect([path, said]).toEqual([path, expect.stringMatching(/^HTTP\/1\.1 (400|403|404|200)/)])
    expect(said).not.toMatch(/root:|"name":/)
  }
})

it('what is said is in no record and no log', async () => {
  const records: RequestRecord[] = []
  const lines: unknown[] = []
  const spies = (['log', 'info', 'warn', 'error', 'debug'] as const).map((level) =>
    vi.spyOn(console, level).mockImplementation((...line) => void lines.push(line)),
  )
  const { inner, post, gateway } = await world({ onRequest: (record) => records.push(record) })
  inner.answer('SECRET answer')
  const messages = [{ role: 'user', content: 'SECRET question' }]
  await (await post('/v1/chat/completions', JSON.stringify({ messages }))).text()
  await (await post('/v1/chat/completions', JSON.stringify({ messages, SECRET: 1 }))).text()
  await (await post('/v1/chat/completions', '{"messages": SECRET')).text()
  await (await fetch(`${gateway.url}/v1/SECRET?SECRET`)).text()
  await expect.poll(() => records).toHaveLength(4)
  const metrics = await (await fetch(`${gateway.url}/metrics`)).text()
  expect(JSON.stringify([records, lines, metrics])).not.toContain('SECRET')
  for (const spy of spies) spy.mockRestore()
})

describe('addresses of images and files', () => {
  it.each([
    'http://169.254.169.254/latest/meta-data',
    'http://127.0.0.1:6379/',
    'http://[::1]/',
    'http://localhost/',
    'http://redis/',
    'http://10.0.0.1/a.png',
    'http://2130706433/',
    'file:///etc/passwd',
    'gopher://x/',
  ])('that only this network has are opened for nobody: %s', async (url) => {
    const { inner, post } = await world()
    const image = { type: 'image_url', image_url: { url } }
    const openai = { messages: [{ role: 'user', content: [image] }] }
    const source = { type: 'url', url }
    const anthropic = { max_tokens: 9, messages: [{ role: 'user', content: [{ type: 'image', source }] }] }
    const nested = { type: 'tool_result', tool_use_id: 'a', content: [{ type: 'image', source }] }
    const call = { type: 'tool_use', id: 'a', name: 't', input: {} }
    const result = {
      max_tokens: 9,
      messages: [
        { role: 'user', content: 'x' },
        { role: 'assistant', content: [call] },
        { role: 'user', content: [nested] },
      ],
    }
    const responses = { input: [{ role: 'user', content: [{ type: 'input_file', file_url: url }] }] }
    for (const [path, body] of [
      ['/v1/chat/completions', openai],
      ['/v1/messages', anthropic],
      ['/v1/messages', result],
      ['/v1/messages/count_tokens', anthropic],
      ['/v1/responses', responses],
    ] as const)
      expect([path, (await post(path, JSON.stringify(body))).status]).toEqual([path, 400])
    expect(inner.requests).toHaveLength(0)
  })
})

describe('pages of other sites', () => {
  it('may ask only where they are named, and then read the answer', async () => {
    const { gateway } = await world({ origins: ['https://app.example'] })
    const ask = (origin: string, method = 'GET') =>
      fetch(`${gateway.url}/v1/models`, {
        method,
        headers: {
          origin,
          'access-control-request-method': 'POST',
          'access-control-request-headers': 'authorization',
        },
      })
    const named = await ask('https://app.example')
    expect([named.status, named.headers.get('access-control-allow-origin')]).toEqual([
      200,
      'https://app.example',
    ])
    const before = await ask('https://app.example', 'OPTIONS')
    expect([before.status, before.headers.get('access-control-allow-headers')]).toEqual([
      204,
      expect.stringContaining('authorization'),
    ])
    for (const origin of ['https://evil.example', 'https://app.example.evil', 'http://app.example', 'null'])
      expect([origin, (await ask(origin)).status]).toEqual([origin, 403])
  })

  it('cannot come by a name that leads here, unless it is one of ours', async () => {
    const { port } = await world({ hosts: ['patchbay.internal.example'] })
    const ask = (host: string) =>
      raw(port, [`GET /v1/models HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`])
    expect(await ask('evil.example')).toMatch(/^HTTP\/1\.1 403/)
    expect(await ask('127.0.0.1.evil.example')).toMatch(/^HTTP\/1\.1 403/)
    expect(await ask('patchbay.internal.example')).toMatch(/^HTTP\/1\.1 200/)
    expect(await ask('localhost')).toMatch(/^HTTP\/1\.1 200/)
  })

  it('and frames of them get nothing of the page', async () => {
    const { gateway } = await world()
    const { headers } = await fetch(gateway.url)
    const policy = headers.get('content-security-policy')
    for (const rule of [
      "default-src 'none'",
      "script-src 'self'",
      "frame-ancestors 'none'",
      "connect-src 'self'",
    ])
      expect(policy).toContain(rule)
    expect(policy).not.toContain('unsafe')
    expect(headers.get('x-content-type-options')).toBe('nosniff')
  })
})

type Place = (string | number)[]

function placesOf(value: unknown, at: Place = []): Place[] {
  if (typeof value !== 'object' || value === null) return [at]
  return [at, ...Object.entries(value).flatMap(([key, inner]) => placesOf(inner, [...at, key]))].filter(
    ({ length }) => length > 0,
  )
}

function change(body: Record<string, unknown>, place: Place, value: unknown): void {
  let inner: Record<string, unknown> = body
  for (const key of place.slice(0, -1)) {
    const next = inner[key]
    if (typeof next !== 'object' || next === null) return
    inner = next as Record<string, unknown>
  }
  inner[place.at(-1) as string] = value
}
