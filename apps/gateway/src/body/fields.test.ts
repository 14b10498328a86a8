// What the gateway does with fields it does not read: hints are left out and named, neutral values are as good as none, and
// all others are refused by the client's own name.
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { plain } from '../../test/plain.js'
import { over } from '../../test/served.js'
import type { Served } from '../index.js'

let gateway: Served
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

  it('others are refused by their name', async () => {
    const { status, text } = await posted({ unheard_of: 1 })
    expect(status).toBe(400)
    expect(text).toContain('unheard_of: the gateway does not know this parameter.')
  })
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
