// Fields that the gateway does not read: hints are left out and named, neutral values are as good as none, and
// all others are refused by the client's own name.
import { mockProvider } from '@patchbay/testing'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { plain } from '../../test/plain.js'
import { over } from '../../test/served.js'
import type { GatewayServer } from '../index.js'

let gateway: GatewayServer
beforeAll(async () => {
  gateway = await over(() => plain)
})
afterAll(() => gateway.close())

const hi = [{ role: 'user', content: 'Hi' }]
const chats: [path: string, body: object, hints: Record<string, unknown>][] = [
  ['/v1/chat/completions', { messages: hi }, { prompt_cache_key: 'a', service_tier: 'flex', store: true }],
  ['/v1/responses', { input: hi }, { prompt_cache_key: 'a', include: ['reasoning.encrypted_content'] }],
  [
    '/v1/messages',
    { max_tokens: 9, messages: hi },
    { service_tier: 'auto', context_management: { edits: [1] } },
  ],
  ['/api/chat', { messages: hi }, { keep_alive: '5m', options: { num_ctx: 4096 } }],
  ['/api/generate', { prompt: 'Hi' }, { keep_alive: '5m', options: { num_gpu: 1 } }],
]
const others: typeof chats = [
  ['/v1/messages/count_tokens', { messages: hi }, { service_tier: 'auto' }],
  ['/v1/embeddings', { input: 'x' }, {}],
  ['/api/embed', { input: 'x' }, { keep_alive: '5m', options: { num_ctx: 4096 } }],
]
const streams = chats.map(([path, body, hints]): (typeof chats)[number] => [
  path,
  { ...body, stream: true },
  hints,
])
const wholes = chats.map(([path, body, hints]): (typeof chats)[number] => [
  path,
  { ...body, stream: false },
  hints,
])

describe.each([...wholes, ...streams, ...others])('%s %j', (path, body, hints) => {
  const posted = async (more: object) => {
    const response = await fetch(gateway.url + path, {
      method: 'POST',
      headers: { origin: gateway.url },
      body: JSON.stringify({ ...body, ...more }),
    })
    return { status: response.status, text: await response.text(), headers: response.headers }
  }
  const names = Object.entries(hints).flatMap(([name, value]) =>
    name === 'options' ? Object.keys(value as object).map((option) => `options.${option}`) : [name],
  )

  it('hints are left out and named in a header', async () => {
    const { status, headers } = await posted(hints)
    expect(status).toBe(200)
    expect(headers.get('x-patchbay-ignored')).toBe(names.length > 0 ? names.join(', ') : null)
    expect(headers.get('access-control-expose-headers')).toContain('x-patchbay-ignored')
  })

  it('neutral values are as good as none', async () => {
    const { status, headers } = await posted({ a: null, b: false, c: {}, d: [], e: '' })
    expect(status).toBe(200)
    expect(headers.get('x-patchbay-ignored')).toBeNull()
  })

  it('others are refused by their name, or ignored as a real Ollama does', async () => {
    const { status, text, headers } = await posted({ unheard_of: 1 })
    if (path.startsWith('/api/')) {
      expect(status).toBe(200)
      expect(headers.get('x-patchbay-ignored')).toBe('unheard_of')
    } else {
      expect(status).toBe(400)
      expect(text).toContain('unheard_of: the gateway does not know this parameter.')
    }
  })
})

const tool = { name: 't', description: 'x', parameters: { type: 'object', properties: {} } }
const { parameters: input_schema, ...claudeTool } = tool
const image = { url: 'data:image/png;base64,iVBORw0KGgo=' }
const inside: [path: string, body: object, ignored: string][] = [
  [
    '/v1/chat/completions',
    {
      messages: [
        {
          role: 'user',
          name: 'ann',
          content: [{ type: 'image_url', image_url: { ...image, detail: 'low' }, cache_control: { a: 1 } }],
        },
        { role: 'assistant', content: 'x', reasoning_details: [1] },
        { role: 'user', content: 'x', "odd name's": 1 },
      ],
      tools: [{ type: 'function', function: { ...tool, strict: true, hologram: 1 } }],
      stream_options: { include_usage: true, continuous_usage_stats: true },
      response_format: { type: 'json_schema', json_schema: { name: 'a', schema: {}, description: 'x' } },
    },
    'messages[].name, messages[].content[].image_url.detail, messages[].content[].cache_control, messages[].reasoning_details, messages[].*, tools[].function.strict, tools[].function.hologram, stream_options.continuous_usage_stats, response_format.json_schema.description',
  ],
  [
    '/v1/responses',
    {
      input: [{ role: 'user', content: [{ type: 'input_image', image_url: image.url, detail: 'low' }] }],
      tools: [{ type: 'function', ...tool, strict: true }],
      text: { verbosity: 'low' },
    },
    'input[].content[].detail, tools[].strict, text.verbosity',
  ],
  [
    '/v1/messages',
    {
      max_tokens: 9,
      messages: [{ role: 'user', content: [{ type: 'text', text: 'x', citations: [1] }] }],
      tools: [{ ...claudeTool, input_schema, defer_loading: true }],
      thinking: { type: 'adaptive', display: 'omitted' },
    },
    'messages[].content[].citations, tools[].defer_loading, thinking.display',
  ],
  [
    '/api/chat',
    { stream: false, messages: [{ role: 'user', content: 'x', name: 'a' }], options: { tfs_z: 1, odd: 1 } },
    'messages[].name, options.tfs_z, options.odd',
  ],
]

describe.each(inside)('inside messages, tools and options of %s', (path, body, ignored) => {
  const post = (url: string) => fetch(url + path, { method: 'POST', body: JSON.stringify(body) })

  it('unknown fields and hints are ignored and named, without positions and odd characters', async () => {
    const response = await post(gateway.url)
    expect(response.status).toBe(200)
    await response.text()
    expect(response.headers.get('x-patchbay-ignored')).toBe(ignored)
  })

  it('are refused by a gateway that is strict', async () => {
    const strict = await over(() => mockProvider(), { strict: true })
    try {
      const response = await post(strict.url)
      expect(response.status).toBe(400)
      expect(await response.text()).toContain(`${ignored.split(', ')[0]}: this gateway would ignore it`)
    } finally {
      await strict.close()
    }
  })
})

it('names that clients made up are one label of the metric', async () => {
  await fetch(`${gateway.url}/v1/messages`, {
    method: 'POST',
    body: JSON.stringify({ max_tokens: 9, messages: [{ ...hi[0], made_up_name: 1 }] }),
  })
  const text = await (await fetch(`${gateway.url}/metrics`)).text()
  expect(text).toContain('field="messages[].*"')
  expect(text).not.toContain('made_up_name')
})

it('hints are counted by their names', async () => {
  const counted = async () => {
    const text = await (await fetch(`${gateway.url}/metrics`)).text()
    return Number(/patchbay_ignored_total{path="\/api\/chat",field="keep_alive"} (\d+)/.exec(text)?.[1] ?? 0)
  }
  const before = await counted()
  for (let time = 0; time < 2; time++)
    await (
      await fetch(`${gateway.url}/api/chat`, {
        method: 'POST',
        body: JSON.stringify({ messages: hi, stream: false, keep_alive: '5m' }),
      })
    ).text()
  expect(await counted()).toBe(before + 2)
})
