// What becomes of a request that could go through as it is, where it does not, or not to its end: another provider answers, the
// service breaks, the conversation goes on by an id.
import { type IncomingMessage, request } from 'node:http'
import Anthropic from '@anthropic-ai/sdk'
import { type GatewayEntry, loadConfig, type ProviderEntry } from '@patchbay/config'
import { type FaultServer, faultServer, type ServedResponse } from '@patchbay/testing'
import OpenAI from 'openai'
import { expect, it, onTestFinished } from 'vitest'
import { oddAnswer } from '../../test/odd-service.js'
import { serve } from '../index.js'

type Json = Record<string, unknown>
type Answer = (path: string, body: Json) => ServedResponse | undefined

const odd = { max_tokens: 50, dreams: { deep: true }, messages: [{ role: 'user' as const, content: 'Hi' }] }

/** Claude, and OpenAI behind it in case that it fails. `answer` may answer in place of the service. */
async function world(answer: Answer = () => undefined, settings: GatewayEntry = {}) {
  const service: FaultServer = await faultServer(({ path, json: body }) => {
    return answer(path, Object(body)) ?? oddAnswer(path, Object(body))
  })
  const own = { model: 'upstream-model', apiKey: 'sk-own', retry: false as const }
  const providers: Record<string, ProviderEntry> = {
    first: { use: 'claude', baseURL: service.url, fallback: 'second', ...own },
    second: { use: 'openai', api: 'responses', baseURL: `${service.url}/v1`, ...own },
  }
  const loaded = await loadConfig({ config: { default: 'first', providers, gateway: settings }, user: false })
  const { url, close } = await serve({ loaded, port: 0 })
  onTestFinished(async () => {
    await close()
    await service.close()
  })
  const post = async (body: Json) => {
    const response = await fetch(`${url}/v1/messages`, { method: 'POST', body: JSON.stringify(body) })
    const ignored = response.headers.get('x-patchbay-ignored')
    return { status: response.status, ignored, body: (await response.json()) as Json }
  }
  const anthropic = new Anthropic({ baseURL: url, apiKey: 'none', maxRetries: 0 })
  const openai = new OpenAI({ baseURL: `${url}/v1`, apiKey: 'none', maxRetries: 0 })
  return { service, url, post, anthropic, openai }
}

const down: Answer = (path) =>
  path.startsWith('/v1/messages')
    ? { status: 529, body: '{"type":"error","error":{"type":"overloaded_error","message":"busy"}}' }
    : undefined

it('what only the service itself can honour is refused if another provider has answered', async () => {
  const { post, service, anthropic } = await world(down)
  expect(await post(odd)).toMatchObject({
    status: 400,
    body: { error: { message: expect.stringContaining('dreams') } },
  })
  expect(service.requests.map(({ path }) => path)).toEqual(['/v1/messages', '/v1/responses'])
  await expect(anthropic.messages.create({ model: 'first', ...odd, stream: true })).rejects.toThrow(/dreams/)
})

it('hints are named if another provider has answered, and only then', async () => {
  const { dreams: _, ...known } = odd
  const hinted = { ...known, service_tier: 'warp' }
  expect(await (await world()).post(hinted)).toMatchObject({
    status: 200,
    ignored: null,
    body: { mood: 'good' },
  })
  const { post } = await world(down)
  expect(await post(hinted)).toMatchObject({
    status: 200,
    ignored: 'service_tier',
    body: { content: [{ type: 'redacted_thinking' }, { text: 'A fish.' }] },
  })
})

it('strict gateways take what goes through, and refuse what another provider would ignore', async () => {
  const { dreams: _, ...known } = odd
  const hinted = { ...known, service_tier: 'warp' }
  expect((await (await world(undefined, { strict: true })).post(hinted)).status).toBe(200)
  expect((await (await world(down, { strict: true })).post(hinted)).status).toBe(400)
})

it('nothing unknown goes through where passThrough is off', async () => {
  const { post, service } = await world(undefined, { passThrough: false })
  const { dreams: _, ...known } = odd
  expect(await post(odd)).toMatchObject({ status: 400 })
  expect(await post({ ...known, service_tier: 'warp' })).toMatchObject({
    status: 200,
    ignored: 'service_tier',
  })
  expect(JSON.stringify(service.requests.map(({ json }) => json))).not.toContain('warp')
})

it('a stream that breaks ends in the error of the protocol', async () => {
  const cut: Answer = (path, body) => ({ ...oddAnswer(path, body), resetAt: 700 })
  const { anthropic } = await world(cut)
  const types: string[] = []
  const read = async () => {
    for await (const { type } of await anthropic.messages.create({ model: 'first', ...odd, stream: true }))
      types.push(type)
  }
  await expect(read()).rejects.toThrow(Anthropic.APIError)
  expect(types[0]).toBe('message_start')
  expect(types).not.toContain('message_stop')
})

it.each([
  true,
  false,
])('a response is continued by its id, with all items before it (streamed: %s)', async (stream) => {
  const { openai, service } = await world()
  const first = { model: 'second', input: 'First.' }
  const items: unknown[] = []
  if (stream)
    for await (const event of await openai.responses.create({ ...first, stream })) {
      if (event.type === 'response.completed') items.push(...event.response.output)
    }
  else items.push(...(await openai.responses.create(first)).output)
  expect(items).toHaveLength(2)
  await openai.responses.create({ model: 'second', input: 'Second.', previous_response_id: 'resp_upstream' })
  expect(service.requests.at(-1)?.json).toMatchObject({
    store: false,
    input: [{ role: 'user', content: 'First.' }, ...items, { role: 'user', content: 'Second.' }],
  })
  expect(service.requests.at(-1)?.json).not.toHaveProperty('previous_response_id')
  expect(await openai.responses.retrieve('resp_upstream')).toMatchObject({ mood: 'good' })
})

it('a conversation that began at another service goes on: its thinking, ids and fields are left out or renamed', async () => {
  const service = await faultServer(({ path, json: body }) => oddAnswer(path, Object(body)))
  const providers: Record<string, ProviderEntry> = {
    claude: { use: 'claude', model: 'm', baseURL: service.url, apiKey: 'sk-own' },
    openai: {
      use: 'openai',
      api: 'chat',
      preset: 'openai',
      model: 'm',
      baseURL: `${service.url}/v1`,
      apiKey: 'sk-own',
    },
  }
  const { url, close } = await serve({
    loaded: await loadConfig({ config: { providers }, user: false }),
    port: 0,
  })
  onTestFinished(async () => {
    await close()
    await service.close()
  })
  const post = async (path: string, body: Json) => {
    const response = await fetch(url + path, { method: 'POST', body: JSON.stringify(body) })
    expect([response.status, await response.text()]).toEqual([200, expect.stringContaining('A fish.')])
    return JSON.stringify(service.requests.at(-1)?.json)
  }
  const hi = { role: 'user', content: 'Hi' }
  const sent = await post('/v1/messages', {
    model: 'claude',
    max_tokens: 50,
    messages: [
      hi,
      {
        role: 'assistant',
        content: [
          { type: 'thinking', thinking: 'Hm.', signature: '' },
          { type: 'tool_use', id: 'functions.t:0', name: 't', input: {} },
        ],
      },
      { role: 'user', content: [{ type: 'tool_result', tool_use_id: 'functions.t:0', content: '1' }] },
    ],
    tools: [{ name: 't', input_schema: { type: 'object' } }],
  })
  expect(sent).not.toContain('functions.t:0')
  expect(sent).not.toContain('thinking')
  const messages = [
    hi,
    { role: 'assistant', content: 'Hi.', reasoning_content: 'Hm.' },
    { role: 'developer', content: 'Be short.' },
    hi,
  ]
  const asked = await post('/v1/chat/completions', {
    model: 'openai',
    messages,
    enable_thinking: true,
    reasoning: { effort: 'low' },
    dreams: 1,
  })
  expect(JSON.parse(asked)).toMatchObject({
    reasoning_effort: 'low',
    dreams: 1,
    messages: [hi, { content: 'Hi.' }, { role: 'developer' }, hi],
  })
  expect(asked).not.toMatch(/reasoning_content|enable_thinking|"reasoning"/)
})

const sse = (...events: Json[]) =>
  events.map((event) => `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`).join('')
const begins = sse(
  {
    type: 'message_start',
    message: { id: 'msg_1', type: 'message', role: 'assistant', model: 'm', content: [], usage: {} },
  },
  { type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } },
  { type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: 'A' } },
)
const headers = { 'content-type': 'text/event-stream' }

it('events that nothing translates come to the client while the service is silent about all else', async () => {
  const body = begins + sse({ type: 'weather' }, { type: 'weather' }, { type: 'weather' })
  const { anthropic } = await world((path) =>
    path === '/v1/messages' ? { headers, body, neverEnd: true } : undefined,
  )
  const stream = await anthropic.messages.create({ model: 'first', ...odd, stream: true })
  const seen: string[] = []
  for await (const { type } of stream) {
    seen.push(type)
    if (seen.filter((one) => (one as string) === 'weather').length === 3) break
  }
  expect(seen).toContain('content_block_delta')
})

it('a client that does not read them holds up the service', async () => {
  const weather = sse({ type: 'weather', sky: 'x'.repeat(32 * 1024) })
  const total = 1000
  const { service, url } = await world((path) =>
    path === '/v1/messages'
      ? { headers, body: begins + weather.repeat(total), neverEnd: true, chunk: weather.length }
      : undefined,
  )
  const response = await new Promise<IncomingMessage>((resolve) => {
    const asked = request(
      `${url}/v1/messages`,
      { method: 'POST', headers: { 'content-type': 'application/json' } },
      resolve,
    )
    asked.end(JSON.stringify({ model: 'first', ...odd, stream: true }))
  })
  response.pause()
  let before = -1
  await expect
    .poll(
      () => {
        const still = service.sent > begins.length && service.sent === before
        before = service.sent
        return still
      },
      { interval: 100, timeout: 5000 },
    )
    .toBe(true)
  expect(service.sent).toBeLessThan((total * weather.length) / 2)
  response.destroy()
  await expect.poll(() => service.open).toBe(0)
})
