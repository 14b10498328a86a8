// A client before a service of its own protocol: what the gateway has never heard of goes through both ways, read by the official
// SDKs; and keys, limits, budgets, names, masks and records still apply.
import Anthropic from '@anthropic-ai/sdk'
import { type GatewayEntry, loadConfig, type ProviderEntry } from '@patchbay/config'
import { type FaultServer, faultServer } from '@patchbay/testing'
import { Ollama } from 'ollama'
import OpenAI from 'openai'
import { describe, expect, it, onTestFinished } from 'vitest'
import { oddAnswer } from '../../test/odd-service.js'
import { newKey, type RequestRecord, serve } from '../index.js'

type Json = Record<string, unknown>

interface World {
  service: FaultServer
  url: string
  records: RequestRecord[]
  /** The body and the headers of the last chat that the service got. */
  last(): { body: Json; headers: Record<string, string> }
}

async function world(
  settings: GatewayEntry = {},
  more: { defaults?: { temperature: number }; policies?: ['mask'] } = {},
): Promise<World> {
  const service = await faultServer(({ path, json: body }) => oddAnswer(path, Object(body)))
  const own = { model: 'upstream-model', retry: false as const, ...more }
  const openai = { use: 'openai' as const, baseURL: `${service.url}/v1`, apiKey: 'sk-own', ...own }
  const providers: Record<string, ProviderEntry> = {
    claude: { use: 'claude', baseURL: service.url, apiKey: 'sk-own', ...own },
    chat: { ...openai, api: 'chat' },
    responses: { ...openai, api: 'responses' },
    ollama: { use: 'ollama', baseURL: service.url, ...own },
  }
  const records: RequestRecord[] = []
  const loaded = await loadConfig({ config: { providers, gateway: settings }, user: false })
  const gateway = await serve({ loaded, port: 0, onRequest: (record) => records.push(record) })
  onTestFinished(async () => {
    await gateway.close()
    await service.close()
  })
  const last = () => {
    const { headers, json: body } = service.requests.findLast(({ path }) => path !== '/api/show') ?? {}
    return { headers: headers ?? {}, body: Object(body) }
  }
  return { service, url: gateway.url, records, last }
}

async function all<T>(values: AsyncIterable<T>): Promise<T[]> {
  const list: T[] = []
  for await (const value of values) list.push(value)
  return list
}

const anthropic = (url: string, apiKey = 'none') => new Anthropic({ baseURL: url, apiKey, maxRetries: 0 })
const openai = (url: string, apiKey = 'none') => new OpenAI({ baseURL: `${url}/v1`, apiKey, maxRetries: 0 })

const odd = { dreams: { deep: true }, service_tier: 'warp' }
/** Requests with fields, tools, blocks and items that nobody has heard of. */
const requests = {
  claude: {
    model: 'claude',
    max_tokens: 50,
    ...odd,
    tools: [{ type: 'dream_20991231', name: 'dream', depth: 2 }],
    messages: [
      { role: 'user', content: [{ type: 'smell', of: 'roses' }] },
      { role: 'assistant', content: [{ type: 'dream', text: 'a fish' }] },
      { role: 'user', content: 'Go on.' },
    ],
  },
  chat: {
    model: 'chat',
    stream_options: { include_usage: true },
    ...odd,
    tools: [{ type: 'dream', dream: { depth: 2 } }],
    messages: [{ role: 'user', content: [{ type: 'smell', smell: { of: 'roses' } }] }],
  },
  responses: {
    model: 'responses',
    ...odd,
    store: false,
    tools: [{ type: 'dream', depth: 2 }],
    input: [
      { type: 'dream_item', of: 'roses' },
      { role: 'user', content: [{ type: 'input_smell', of: 'roses' }] },
    ],
  },
  ollama: {
    model: 'ollama',
    ...odd,
    keep_alive: '1m',
    options: { num_ctx: 4096, dizziness: 3 },
    messages: [{ role: 'user', content: 'Hi', smell: 'roses' }],
  },
}
type Api = keyof typeof requests

/** What the official SDK reads. */
async function read(api: Api, url: string, stream: boolean, request: Json = requests[api]): Promise<unknown> {
  const body = { ...request, stream } as never
  const answer =
    api === 'claude'
      ? anthropic(url).beta.messages.create(body, { headers: { 'anthropic-beta': 'dreams-2099-12-31' } })
      : api === 'chat'
        ? openai(url).chat.completions.create(body)
        : api === 'responses'
          ? openai(url).responses.create(body)
          : new Ollama({ host: url }).chat(body)
  const value: unknown = await answer
  return stream ? all(value as AsyncIterable<unknown>) : value
}

const apis = Object.keys(requests) as Api[]

const ann = newKey()

describe.each(apis)('%s to a service of its own protocol', (api) => {
  it.each([
    true,
    false,
  ])('unknown fields, tools, blocks and items go through both ways (streamed: %s)', async (stream) => {
    const { service, url, records, last } = await world()
    const direct = await read(api, service.url, stream)
    const through = await read(api, url, stream)
    expect(through).toEqual(direct)
    expect(JSON.stringify(through)).toMatch(/"dream(_call)?"/)
    const { model, ...body } = last().body
    const { model: _, ...given } = requests[api]
    expect(model).toBe('upstream-model')
    expect(body).toMatchObject({ ...given, stream })
    await expect
      .poll(() => records)
      .toMatchObject([{ status: 200, streamed: stream, usage: { inputTokens: 11, outputTokens: 7 } }])
    expect(records[0]?.ignored).toBeUndefined()
  })

  it('gets no keys and addresses of the client, but the headers of its protocol', async () => {
    const { url, last } = await world()
    await read(api, url, false)
    const { headers } = last()
    if (api === 'claude') expect(headers['anthropic-beta']).toBe('dreams-2099-12-31')
    expect(JSON.stringify(headers)).not.toContain('none')
    if (api !== 'ollama') expect(JSON.stringify(headers)).toContain('sk-own')
  })

  it('keys, aliases, limits and defaults apply', async () => {
    const { url, last, service } = await world(
      {
        aliases: { mine: api },
        keys: { [`ann-${api}`]: { hash: ann.hash, limit: { requestsPerMinute: 1 } } },
      },
      { defaults: { temperature: 0.5 } },
    )
    const paths = {
      claude: '/v1/messages',
      chat: '/v1/chat/completions',
      responses: '/v1/responses',
      ollama: '/api/chat',
    }
    const post = (key: string) =>
      fetch(url + paths[api], {
        method: 'POST',
        headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
        body: JSON.stringify({ ...requests[api], model: 'mine', stream: false }),
      })
    expect((await post('wrong')).status).toBe(401)
    expect(service.requests).toHaveLength(0)
    const first = await post(ann.key)
    expect(first.status).toBe(200)
    expect(first.headers.get('x-patchbay-ignored')).toBeNull()
    const { temperature, options } = last().body as { temperature?: number; options?: Json }
    expect(temperature ?? options?.temperature).toBe(0.5)
    expect((await post(ann.key)).status).toBe(429)
  })

  it('with a mask, what is known is masked, and what nobody knows is not sent', async () => {
    const { url, last, service } = await world({}, { policies: ['mask'] })
    const ask = (text: string, more: Json = {}) => {
      const messages = [{ role: 'user', content: text }]
      return read(api, url, false, {
        model: api,
        ...(api === 'claude' && { max_tokens: 50 }),
        ...(api === 'responses' ? { input: messages, store: false } : { messages }),
        ...more,
      })
    }
    await ask('Write to ann@example.com.')
    expect(JSON.stringify(last().body)).toContain('[EMAIL_1]')
    expect(JSON.stringify(last().body)).not.toContain('ann@example.com')
    const before = service.requests.length
    // Ollama ignores what it does not know, and so do we.
    const refused = await ask('Hello', { dreams: { of: 'ann@example.com' } }).catch(String)
    if (api !== 'ollama') expect(refused).toMatch(/dreams/)
    expect(JSON.stringify(service.requests.slice(before))).not.toMatch(/dreams|ann@example/)
  })
})

describe('what nobody knows counts for limits and budgets', () => {
  const text = 'a rose is a rose '.repeat(6000)
  const schema = { type: 'json_schema', name: 'rose', schema: { description: text } }
  const large = { tools: [{ type: 'dream', name: 'dream', description: text }] }
  const others = {
    claude: { path: '/v1/messages', format: { output_config: { format: schema } } },
    chat: {
      path: '/v1/chat/completions',
      format: { response_format: { type: 'json_schema', json_schema: schema } },
    },
    responses: { path: '/v1/responses', format: { text: { format: schema } } },
  }

  // A limit reserves by the same estimate, and what it reserved is given back too soon for a test.
  it.each(['claude', 'chat', 'responses'] as const)('tools and schemas to %s', async (api) => {
    const { key, hash } = newKey()
    const budget = [{ per: 'day' as const, tokens: 20_000 }]
    const { url, service } = await world({ keys: { [`budget-${api}`]: { hash, budget } } })
    const { path, format } = others[api]
    const status = async (more: Json) => {
      const headers = { authorization: `Bearer ${key}`, 'content-type': 'application/json' }
      const body = JSON.stringify({ ...requests[api], ...more, stream: false })
      return (await fetch(url + path, { method: 'POST', headers, body })).status
    }
    const sent = () => service.requests.filter(({ method }) => method === 'POST').length
    expect(await status({})).toBe(200)
    for (const more of [large, format]) expect(await status(more)).toBe(429)
    expect(sent()).toBe(1)
    expect(await status({})).toBe(200)
    expect(sent()).toBe(2)
  })
})

describe('policies that look at contents see all of them', () => {
  const file = {
    type: 'file',
    file: { filename: 'a.txt', file_data: `data:text/plain;base64,${btoa('ann@example.com BOMB')}` },
  }
  const image = { type: 'image_url', image_url: { url: 'data:image/png;base64,iVBORw0KGgo=' } }
  const call = {
    id: 'c',
    type: 'function',
    function: { name: 't', arguments: '{"e":"ann\\u0040example.com"}' },
  }
  const user = (...content: Json[]) => ({ model: 'chat', messages: [{ role: 'user', content }] })

  it.each([
    ['a text file', user(file)],
    [
      'escapes in arguments',
      {
        model: 'chat',
        messages: [
          { role: 'user', content: 'Go' },
          { role: 'assistant', tool_calls: [call] },
          { role: 'tool', tool_call_id: 'c', content: 'ok' },
        ],
      },
    ],
  ])('%s is masked', async (_, request) => {
    const { url, last, service } = await world({}, { policies: ['mask'] })
    await read('chat', url, false, request)
    expect(service.requests.length).toBeGreaterThan(0)
    const sent = JSON.stringify(last().body)
    expect(sent).not.toContain(btoa('ann@example.com BOMB'))
    expect(sent).not.toMatch(/ann(@|\\+u0040)example/)
  })

  it.each([
    ['an image', user(image)],
    ['an image beside a field that nobody knows', { ...user(image), dreams: 1 }],
    [
      'a video that nobody knows',
      user({ type: 'video_url', video_url: { url: 'data:video/mp4;base64,AAAA' } }),
    ],
  ])('%s is not sent past a mask', async (_, request) => {
    const { url, service } = await world({}, { policies: ['mask'] })
    await expect(read('chat', url, false, request)).rejects.toMatchObject({ status: 400 })
    expect(service.requests).toHaveLength(0)
  })
})

describe('what goes through', () => {
  it.each([
    ['several answers', { n: 2 }],
    ['models of the client’s own choice', { models: ['x/expensive'] }],
    ['a text in place of messages', { messages: 'hi', dreams: 1 }],
    ['messages that are none', { messages: [5, null], dreams: 1 }],
  ])('%s are not', async (_, more) => {
    const { url, service } = await world()
    const sent = read('chat', url, false, {
      model: 'chat',
      messages: [{ role: 'user', content: 'Hi' }],
      ...more,
    })
    await sent.catch(() => {})
    const bodies = service.requests.map(({ json }) => Object(json) as Json)
    for (const [name, value] of Object.entries(more))
      if (name !== 'messages' && name !== 'dreams')
        expect(bodies.some((body) => body[name] === value)).toBe(false)
    expect(bodies.every(({ messages }) => Array.isArray(messages) && messages.length > 0)).toBe(true)
  })

  it.each([
    { type: 'video', video: 'http://169.254.169.254/x' },
    { type: 'video', video: ['http://127.0.0.1/x'] },
    { type: 'smell', href: 'http://localhost:8080/x' },
    { type: 'smell', uri: 'file:///etc/passwd' },
    { type: 'text', text: 'a', image_url: { url: 'http://10.0.0.1/x' } },
  ])('no address of the service’s own network: %j', async (part) => {
    const { url, service } = await world()
    const request = { model: 'chat', dreams: 1, messages: [{ role: 'user', content: [part] }] }
    await expect(read('chat', url, false, request)).rejects.toMatchObject({ status: 400 })
    expect(service.requests).toHaveLength(0)
  })

  it('texts, schemas and calls may speak of such addresses', async () => {
    const { url, last } = await world()
    const local = 'http://localhost:3000/'
    await read('claude', url, false, {
      ...requests.claude,
      tools: [
        {
          name: 'fetch',
          input_schema: { type: 'object', properties: { url: { type: 'string', default: local } } },
        },
      ],
      messages: [
        { role: 'user', content: local },
        { role: 'assistant', content: [{ type: 'tool_use', id: 't', name: 'fetch', input: { url: local } }] },
        { role: 'user', content: [{ type: 'tool_result', tool_use_id: 't', content: local }] },
      ],
    })
    expect(JSON.stringify(last().body)).toContain('"input":{"url":"http://localhost:3000/"}')
  })

  it('so may the history of an agent, and addresses of a service’s own stores', async () => {
    const { url, last } = await world()
    const local = 'http://localhost:3000/'
    const input = [
      { role: 'user', content: 'Look.' },
      {
        type: 'local_shell_call',
        id: 'l',
        call_id: 'c',
        status: 'completed',
        action: { type: 'exec', command: ['curl', local], env: {} },
      },
      { type: 'local_shell_call_output', id: 'l', call_id: 'c', output: local },
      { type: 'shell_call', call_id: 'd', action: { commands: [local] } },
      { type: 'shell_call_output', call_id: 'd', output: [{ stdout: local, stderr: '' }] },
      { role: 'user', content: [{ type: 'input_smell', file_uri: 'gs://bucket/roses' }] },
    ]
    await read('responses', url, false, { model: 'responses', store: false, input })
    expect(last().body.input).toEqual(input)
  })
})
