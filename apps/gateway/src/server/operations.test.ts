// Operating the gateway: keys, limits, reload, drain, numbers, records, spans.
import { AsyncLocalStorage } from 'node:async_hooks'
import { once } from 'node:events'
import { type IncomingMessage, request } from 'node:http'
import { connect } from 'node:net'
import { context as contexts, ROOT_CONTEXT, trace as traces } from '@opentelemetry/api'
import { BasicTracerProvider, InMemorySpanExporter, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-base'
import { type GatewayEntry, loadConfig } from '@patchbay/config'
import { type Capabilities, defineProvider, LlmError } from '@patchbay/core'
import { mockProvider } from '@patchbay/testing'
import OpenAI, { APIError } from 'openai'
import { afterAll, describe, expect, it, onTestFinished, vi } from 'vitest'
import { freePort, hasRedis, startRedis } from '../../../../packages/policies/test/redis.js'
import { served, thrownBy } from '../../test/served.js'
import { type GatewayServer, gateway, newKey, type RequestRecord, serve } from '../index.js'

const hi = { model: 'default', messages: [{ role: 'user' as const, content: 'Say PRIVATE' }] }
const client = ({ url }: GatewayServer, apiKey = 'none') =>
  new OpenAI({ baseURL: `${url}/v1`, apiKey, maxRetries: 0 })
const failed = (work: Promise<unknown>) => thrownBy<APIError>(APIError, work)
const answers = Array.from({ length: 20 }, () => ({
  text: 'one',
  usage: { inputTokens: 10, outputTokens: 10 },
}))

describe('keys', () => {
  const ann = newKey()
  const bob = newKey()

  it('are wanted where there are some, in the shape of each protocol; health is open', async () => {
    const gateway = await served(mockProvider(), { keys: { ann: { hash: ann.hash } } })
    const get = (path: string, headers: Record<string, string> = {}) =>
      fetch(`${gateway.url}${path}`, { headers })
    expect((await get('/healthz')).status).toBe(200)
    expect((await get('/readyz')).status).toBe(200)
    expect((await get('/')).status).toBe(200)
    for (const path of ['/v1/models', '/api/tags', '/metrics', '/v1/nonsense'])
      expect([path, (await get(path)).status]).toEqual([path, 401])
    expect(await (await get('/v1/models')).json()).toMatchObject({
      error: { type: 'authentication_error', message: expect.stringContaining('needs an API key') },
    })
    expect(
      await (await get('/v1/models', { 'anthropic-version': '2023-06-01', 'x-api-key': bob.key })).json(),
    ).toMatchObject({
      type: 'error',
      error: { type: 'authentication_error' },
    })
    expect(await (await get('/api/tags')).json()).toMatchObject({
      error: expect.stringContaining('needs an API key'),
    })
    expect((await get('/v1/models', { authorization: `Bearer ${ann.key}` })).status).toBe(200)
    expect((await get('/v1/models', { 'x-api-key': ann.key })).status).toBe(200)
    expect((await failed(client(gateway, `${ann.key}x`).models.list())).status).toBe(401)
  })

  it('name who asks to policies and records, whatever the client says of itself', async () => {
    const inner = mockProvider()
    const chat = vi.spyOn(inner, 'chat')
    const records: RequestRecord[] = []
    const gateway = await served(inner, {
      keys: { ann: { hash: ann.hash } },
      onRequest: (record) => records.push(record),
    })
    await client(gateway, ann.key).chat.completions.create({ ...hi, metadata: { key: 'bob', team: 'red' } })
    expect(chat.mock.calls[0]?.[1]?.metadata).toEqual({ key: 'ann', team: 'red', tenant: '["ann",""]' })
    await expect.poll(() => records).toMatchObject([{ key: 'ann' }])
  })

  it('have limits and budgets of their own, told with the time after which it goes on', async () => {
    const gateway = await served(mockProvider({ answers, capabilities: { maxOutput: 20 } }), {
      keys: {
        ann: { hash: ann.hash, limit: { requestsPerMinute: 2 } },
        bob: { hash: bob.hash, budget: [{ per: 'day', tokens: 60 }] },
      },
    })
    const ask = (key: string) => client(gateway, key).chat.completions.create(hi)
    await ask(ann.key)
    await ask(ann.key)
    const limited = await failed(ask(ann.key))
    expect(limited).toMatchObject({ status: 429, type: 'rate_limit_error' })
    expect(Number(limited.headers?.get('retry-after-ms'))).toBeGreaterThan(1000)
    await ask(bob.key)
    await ask(bob.key)
    expect(await failed(ask(bob.key))).toMatchObject({ status: 429, type: 'insufficient_quota' })
  })

  it('have one budget for a run of the process: over all models, and over what is read anew', async () => {
    const keys = { cid: { hash: ann.hash, budget: [{ per: 'run' as const, tokens: 200 }] } }
    const providers = { small: 'local', large: { use: 'local' as const } }
    const load = (gateway: GatewayEntry) => loadConfig({ config: { providers, gateway }, user: false })
    const gateway = await serve({ loaded: await load({ keys }), port: 0 })
    onTestFinished(() => gateway.close())
    const ask = (model: string) =>
      client(gateway, ann.key).chat.completions.create({ ...hi, model, max_tokens: 20 })
    const spent = { status: 429, type: 'insufficient_quota' }
    await ask('small')
    for (;;) {
      const error = await ask('small').catch((thrown) => thrown)
      if (!(error instanceof Error)) continue
      expect(error).toMatchObject(spent)
      break
    }
    expect(await failed(ask('large'))).toMatchObject(spent)
    gateway.reload(await load({ keys, strictModels: true }))
    expect(await failed(ask('small'))).toMatchObject(spent)
  })

  it('may ask only whom they are given', async () => {
    const config = {
      default: 'small',
      providers: { small: 'local', large: { use: 'local' as const } },
      gateway: { keys: { ann: { hash: ann.hash, providers: ['large'] } }, aliases: { 'gpt-5': 'large' } },
    }
    const gateway = await serve({ loaded: await loadConfig({ config, user: false }), port: 0 })
    onTestFinished(() => gateway.close())
    const asked = client(gateway, ann.key)
    expect((await asked.models.list()).data.map(({ id }) => id)).toEqual(['large', 'gpt-5'])
    const answer = await asked.chat.completions.create({
      model: 'gpt-5',
      messages: [{ role: 'user', content: 'What is the capital of France?' }],
    })
    expect(answer.choices[0]?.message.content).toBe('The capital of France is Paris.')
    expect(await failed(asked.chat.completions.create(hi))).toMatchObject({
      status: 403,
      message: expect.stringContaining('It may use large, gpt-5.'),
    })
  })

  it('are wanted before others than this machine can ask', async () => {
    const loaded = await loadConfig({
      config: { gateway: { keys: { ann: { hash: ann.hash } } } },
      user: false,
    })
    const gateway = await serve({ loaded, otherwise: () => mockProvider(), host: '0.0.0.0', port: 0 })
    onTestFinished(() => gateway.close())
    const { port } = new URL(gateway.url)
    expect((await fetch(`http://127.0.0.1:${port}/v1/models`)).status).toBe(401)
    expect(() => gateway.reload({ ...loaded, gateway: {} })).toThrow('has no keys')
    expect((await fetch(`http://127.0.0.1:${port}/v1/models`)).status).toBe(401)
  })
})

describe.skipIf(!hasRedis)('several instances', () => {
  it('keep a limit, a budget and responses together in a Redis', async () => {
    const redis = await startRedis()
    onTestFinished(() => redis.stop())
    const { key, hash } = newKey()
    const spender = newKey()
    const config = {
      shared: redis.url,
      gateway: {
        keys: {
          ann: { hash, limit: { requestsPerMinute: 3 } },
          bob: { hash: spender.hash, budget: [{ per: 'day' as const, tokens: 60 }] },
        },
      },
    }
    const inner = mockProvider({ answers, capabilities: { maxOutput: 20 } })
    const start = async () =>
      serve({ loaded: await loadConfig({ config, user: false }), otherwise: () => inner, port: 0 })
    const [one, two] = [await start(), await start()]
    onTestFinished(async () => {
      await Promise.all([one.close(), two.close()])
    })
    const first = await client(one, key).responses.create({ model: 'default', input: 'Hi' })
    await client(two, key).responses.create({
      model: 'default',
      input: 'More',
      previous_response_id: first.id,
    })
    expect(inner.requests[1]?.messages).toHaveLength(3)
    await client(one, key).chat.completions.create(hi)
    expect(await failed(client(two, key).chat.completions.create(hi))).toMatchObject({ status: 429 })
    await client(one, spender.key).chat.completions.create(hi)
    await client(two, spender.key).chat.completions.create(hi)
    for (const gateway of [one, two])
      expect(await failed(client(gateway, spender.key).chat.completions.create(hi))).toMatchObject({
        status: 429,
        type: 'insufficient_quota',
      })
  })
})

it.skipIf(!hasRedis)('a Redis that is away is told, and looked for again', async () => {
  const port = await freePort()
  const { key, hash } = newKey()
  const config = {
    shared: `redis://127.0.0.1:${port}`,
    gateway: { keys: { ann: { hash, limit: { requestsPerMinute: 10 } } } },
  }
  const inner = mockProvider({ retry: false })
  const loaded = await loadConfig({ config, user: false })
  const gateway = await serve({ loaded, otherwise: () => inner, port: 0 })
  onTestFinished(() => gateway.close())
  const ask = () => client(gateway, key).chat.completions.create(hi)
  const log = vi.spyOn(console, 'error').mockImplementation(() => {})
  expect(await failed(ask())).toMatchObject({
    status: 503,
    message: expect.stringMatching(/cannot be reached\. Try again later/),
  })
  expect(log).toHaveBeenCalledWith(expect.stringContaining('Is it running?'))
  log.mockRestore()
  const redis = await startRedis(port)
  onTestFinished(() => redis.stop())
  expect((await ask()).choices).toHaveLength(1)
})

describe('a new configuration', () => {
  it('is what the next request meets, and drops no stream', async () => {
    const old = mockProvider({ answers: [{ text: 'one two three', interval: 40 }] })
    let closed = false
    const close = old.close.bind(old)
    old.close = () => {
      closed = true
      return close()
    }
    const providers = [old, mockProvider({ answers: ['new'] })]
    const loaded = await loadConfig({ config: { prices: {} }, user: false })
    const gateway = await serve({ loaded, otherwise: () => providers.shift() as never, port: 0 })
    onTestFinished(() => gateway.close())
    const stream = await client(gateway).chat.completions.create({ ...hi, stream: true })
    const chunks = stream[Symbol.asyncIterator]()
    await chunks.next()
    gateway.reload({ ...loaded, prices: { x: { input: 1, output: 1 } } })
    expect((await client(gateway).chat.completions.create(hi)).choices[0]?.message.content).toBe('new')
    expect(closed).toBe(false)
    let text = ''
    for (let next = await chunks.next(); !next.done; next = await chunks.next())
      text += next.value.choices[0]?.delta.content ?? ''
    expect(text).toBe('one two three')
    await expect.poll(() => closed).toBe(true)
  })

  it('of the gateway alone keeps the providers, and what a key has used', async () => {
    const { key, hash } = newKey()
    const made: unknown[] = []
    const keys = { [`ann-${key.slice(3, 9)}`]: { hash, limit: { requestsPerMinute: 2 } } }
    const config = { gateway: { keys } }
    const loaded = await loadConfig({ config, user: false })
    const otherwise = () => {
      made.push(1)
      return mockProvider({ answers })
    }
    const gateway = await serve({ loaded, otherwise, port: 0 })
    onTestFinished(() => gateway.close())
    const ask = (model: string) => client(gateway, key).chat.completions.create({ ...hi, model })
    await ask('default')
    gateway.reload({ ...loaded, gateway: { keys, aliases: { x: 'y' }, strictModels: false } })
    await ask('default')
    expect(await failed(ask('default'))).toMatchObject({ status: 429 })
    expect(made).toHaveLength(1)
  })
})

describe('the end', () => {
  it('is told to who asks whether it is ready', async () => {
    const loaded = await loadConfig({ config: {}, user: false })
    const own = gateway({ loaded, otherwise: () => mockProvider() })
    const ready = async () => (await own.fetch(new Request('http://127.0.0.1/readyz'))).status
    expect(await ready()).toBe(200)
    own.drain()
    expect(await ready()).toBe(503)
    await own.close()
  })

  it('accepts requests for a while, and says that it is not ready, so that load balancers send no more', async () => {
    const gateway = await served(mockProvider({ answers: ['in time'] }), { drainDelay: 2000 })
    const ready = async () => (await fetch(`${gateway.url}/readyz`)).status
    const closed = gateway.close()
    expect(await ready()).toBe(503)
    const { choices } = await client(gateway).chat.completions.create(hi)
    expect(choices[0]?.message.content).toBe('in time')
    await closed
    await expect(ready()).rejects.toThrow('fetch failed')
  })

  it('lets a stream finish', async () => {
    const inner = mockProvider({ answers: [{ text: 'one two three', interval: 50 }] })
    const gateway = await served(inner)
    const stream = await client(gateway).chat.completions.create({ ...hi, stream: true })
    const chunks = stream[Symbol.asyncIterator]()
    await chunks.next()
    const closing = gateway.close()
    let text = ''
    for (let next = await chunks.next(); !next.done; next = await chunks.next())
      text += next.value.choices[0]?.delta.content ?? ''
    expect(text).toBe('one two three')
    await closing
  })

  it('waits for no connection that asks nothing: a new one, or one that is kept', async () => {
    const gateway = await served(mockProvider(), { drain: 600_000 })
    const unused = connect(Number(new URL(gateway.url).port), '127.0.0.1')
    const closed = once(unused, 'close')
    await once(unused, 'connect')
    // Its connection is taken after the other one, and kept.
    await client(gateway).chat.completions.create(hi)
    await gateway.close()
    expect(await closed).toEqual([false])
  })

  it('cuts what takes too long', async () => {
    const inner = mockProvider({ answers: [{ text: 'one two three', interval: 60_000 }] })
    const gateway = await served(inner, { drain: 50 })
    const stream = await client(gateway).chat.completions.create({ ...hi, stream: true })
    const chunks = stream[Symbol.asyncIterator]()
    await chunks.next()
    const rest = (async () => {
      for (let next = await chunks.next(); !next.done; next = await chunks.next());
    })()
    rest.catch(() => {})
    await gateway.close()
    await expect(rest).rejects.toThrow()
    expect(inner.running).toBe(0)
  })
})

it('a call may take so long, and then it is a time-out', async () => {
  const inner = mockProvider({ answers: [{ text: 'one', delay: 60_000 }] })
  const gateway = await served(inner, { timeout: 50 })
  expect(await failed(client(gateway).chat.completions.create(hi))).toMatchObject({
    status: 504,
    code: 'timeout',
  })
  expect(inner.running).toBe(0)
})

it('a slow reader holds up the call behind it, and nobody else', async () => {
  const piece = 'x'.repeat(32 * 1024)
  const total = 1000
  let made = 0
  const endless = defineProvider({
    provider: 'endless',
    model: 'endless-1',
    capabilities: () => ({ tools: true }) as Capabilities,
    async *chat() {
      for (made = 0; made < total; made++) yield { type: 'text', text: piece }
      yield { type: 'finish', response: { finishReason: 'stop' } }
    },
  })
  const gateway = await served(endless)
  const { port } = new URL(gateway.url)
  const body = JSON.stringify({ ...hi, stream: true })
  const response = await new Promise<IncomingMessage>((resolve) => {
    const asked = request({ port, method: 'POST', path: '/v1/chat/completions' }, resolve)
    asked.end(body)
  })
  response.pause()
  let before = -1
  await expect
    .poll(
      () => {
        const still = made > 0 && made === before
        before = made
        return still
      },
      { interval: 100, timeout: 5000 },
    )
    .toBe(true)
  // What the sockets of both ends and we ourselves hold, and no more of 32 MB.
  expect(made).toBeLessThan(total / 2)
  expect((await fetch(`${gateway.url}/healthz`)).status).toBe(200)
  let read = 0
  for await (const chunk of response) read += (chunk as Buffer).length
  expect(read).toBeGreaterThan(total * piece.length)
})

it('a client that reads nothing is cut, and the call behind it ends', async () => {
  const records: RequestRecord[] = []
  let ended = false
  const endless = defineProvider({
    provider: 'endless',
    model: 'endless-1',
    capabilities: () => ({ tools: true }) as Capabilities,
    async *chat() {
      try {
        for (;;) yield { type: 'text', text: 'x'.repeat(64 * 1024) }
      } finally {
        ended = true
      }
    },
  })
  const gateway = await served(endless, { stalled: 100, onRequest: (record) => records.push(record) })
  const { port } = new URL(gateway.url)
  const response = await new Promise<IncomingMessage>((resolve) => {
    request({ port, method: 'POST', path: '/v1/chat/completions' }, resolve).end(
      JSON.stringify({ ...hi, stream: true }),
    )
  })
  response.pause()
  await expect.poll(() => records).toMatchObject([{ error: 'timeout', status: 499 }])
  expect(ended).toBe(true)
  // What had been sent is still there to read; then the connection is gone.
  await expect(response.forEach(() => {})).rejects.toThrow()
})

describe('those who run it see', () => {
  it.each([
    false,
    true,
  ])('that their own onRequest failed; its client and the numbers do not, streamed: %s', async (stream) => {
    const log = vi.spyOn(console, 'error').mockImplementation(() => {})
    onTestFinished(() => log.mockRestore())
    const onRequest = [
      () => {
        throw new Error('the disk is full')
      },
      async () => {
        throw new Error('the disk is full')
      },
    ]
    for (const listener of onRequest) {
      const gateway = await served(mockProvider({ answers: ['x'] }), { onRequest: listener })
      const response = await fetch(`${gateway.url}/v1/chat/completions`, {
        method: 'POST',
        body: JSON.stringify({ ...hi, stream }),
      })
      expect(response.status).toBe(200)
      expect(await response.text()).toContain('"x"')
      await expect.poll(() => log.mock.calls.flat().map(String).join()).toContain('the disk is full')
      log.mockClear()
      expect(await (await fetch(`${gateway.url}/metrics`)).text()).toMatch(
        /path="\/v1\/chat\/completions".*\} 1/,
      )
    }
  })

  it('a record of each request, with what it came to and nothing of what was said', async () => {
    const records: RequestRecord[] = []
    const usage = { inputTokens: 7, outputTokens: 3 }
    const inner = mockProvider({
      answers: [
        { text: 'PRIVATE', usage },
        { text: 'a b', usage },
      ],
    })
    const gateway = await served(inner, { onRequest: (record) => records.push(record) })
    const whole = await fetch(`${gateway.url}/v1/chat/completions`, {
      method: 'POST',
      body: JSON.stringify(hi),
    })
    await whole.text()
    for await (const _ of await client(gateway).chat.completions.create({
      ...hi,
      model: 'gpt-9',
      stream: true,
    }));
    await failed(client(gateway).chat.completions.create({ ...hi, nonsense: 1 } as never))
    await fetch(`${gateway.url}/made/up/PRIVATE`)
    await fetch(`${gateway.url}/v1/models/default`)
    await fetch(gateway.url)
    await expect.poll(() => records).toHaveLength(6)
    expect(records).toMatchObject([
      {
        id: whole.headers.get('x-request-id'),
        method: 'POST',
        path: '/v1/chat/completions',
        model: 'default',
        provider: 'mock',
        answeredBy: 'mock-1',
        status: 200,
        streamed: false,
        usage,
        finishReason: 'stop',
      },
      {
        path: '/v1/chat/completions',
        model: 'gpt-9',
        streamed: true,
        status: 200,
        usage,
        firstMs: expect.any(Number),
      },
      { status: 400, error: 'invalid-request' },
      { path: 'other', status: 404 },
      { path: '/v1/models/:name', status: 200 },
      { path: '/', status: 200 },
    ])
    expect(JSON.stringify(records)).not.toContain('PRIVATE')
  })

  it('tokens of calls that failed, in the record and the numbers', async () => {
    const records: RequestRecord[] = []
    const usage = { inputTokens: 7, outputTokens: 3 }
    const failing = defineProvider({
      provider: 'failing',
      model: 'failing-1',
      capabilities: () => ({}) as Capabilities,
      async *chat() {
        yield { type: 'usage', usage }
        throw new LlmError('content-filtered', 'No.')
      },
    })
    const gateway = await served(failing, { onRequest: (record) => records.push(record) })
    for (const stream of [false, true])
      await failed(client(gateway).chat.completions.create({ ...hi, stream }) as unknown as Promise<unknown>)
    await expect
      .poll(() => records)
      .toMatchObject([
        { status: 400, error: 'content-filtered', usage },
        { status: 400, error: 'content-filtered', usage },
      ])
    const text = await (await fetch(`${gateway.url}/metrics`)).text()
    expect(text).toMatch(/^patchbay_tokens_total\{kind="input",.*\} 14$/m)
  })

  it('a client that left as 499', async () => {
    const records: RequestRecord[] = []
    const inner = mockProvider({ answers: [{ text: 'one two', interval: 60_000 }] })
    const gateway = await served(inner, { onRequest: (record) => records.push(record) })
    const stream = await client(gateway).chat.completions.create({ ...hi, stream: true })
    await stream[Symbol.asyncIterator]().next()
    stream.controller.abort()
    await expect.poll(() => records).toMatchObject([{ status: 499, streamed: true }])
  })

  it('numbers, in the format of Prometheus', async () => {
    const usage = { inputTokens: 7, outputTokens: 3, cachedInputTokens: 2 }
    const gateway = await served(mockProvider({ answers: [{ text: 'x', usage }] }))
    await client(gateway).chat.completions.create(hi)
    await failed(client(gateway).chat.completions.create({ ...hi, nonsense: 1 } as never))
    const response = await fetch(`${gateway.url}/metrics`)
    expect(response.headers.get('content-type')).toContain('text/plain')
    const text = await response.text()
    for (const line of [
      'patchbay_requests_total{path="/v1/chat/completions",status="200",provider="mock",model="mock-1",key=""} 1',
      'patchbay_errors_total{path="/v1/chat/completions",code="invalid-request",key=""} 1',
      'patchbay_tokens_total{kind="input",provider="mock",model="mock-1",key=""} 7',
      'patchbay_tokens_total{kind="cached_input",provider="mock",model="mock-1",key=""} 2',
      'patchbay_request_seconds_count{path="/v1/chat/completions"} 2',
      // This one.
      'patchbay_requests_running 1',
    ])
      expect(text).toContain(line)
  })
})

describe('OpenTelemetry', () => {
  const storage = new AsyncLocalStorage<typeof ROOT_CONTEXT>()
  const spans = new InMemorySpanExporter()
  contexts.setGlobalContextManager({
    active: () => storage.getStore() ?? ROOT_CONTEXT,
    with: (context, work, self, ...args) => storage.run(context, () => work.apply(self as never, args)),
    bind: (_, target) => target,
    enable() {
      return this
    },
    disable() {
      return this
    },
  })
  traces.setGlobalTracerProvider(
    new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(spans)] }),
  )
  afterAll(() => {
    traces.disable()
    contexts.disable()
  })

  it.each([
    false,
    true,
  ])('a span of the request, and below it one of the call; streamed %s', async (stream) => {
    spans.reset()
    const records: RequestRecord[] = []
    const telemetry: GatewayEntry = { telemetry: true }
    const gateway = await served(mockProvider({ answers: ['x'] }), {
      ...telemetry,
      onRequest: (record) => records.push(record),
    })
    const response = await fetch(`${gateway.url}/v1/chat/completions`, {
      method: 'POST',
      body: JSON.stringify({ ...hi, stream }),
    })
    await response.text()
    await expect.poll(() => spans.getFinishedSpans()).toHaveLength(2)
    const [call, whole] = spans.getFinishedSpans()
    expect(call).toMatchObject({
      name: 'chat mock-1',
      parentSpanContext: { spanId: whole?.spanContext().spanId },
    })
    expect(whole).toMatchObject({
      name: 'POST /v1/chat/completions',
      attributes: { 'http.route': '/v1/chat/completions', 'http.response.status_code': 200 },
    })
    expect(records[0]?.traceId).toBe(whole?.spanContext().traceId)
  })
})
