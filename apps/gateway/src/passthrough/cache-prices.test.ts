// Cache writes for an hour, asked for in fields that only the service knows: they cost their own price, by the service's own counts.
import Anthropic from '@anthropic-ai/sdk'
import { loadConfig } from '@patchbay/config'
import { faultServer } from '@patchbay/testing'
import { expect, it, onTestFinished } from 'vitest'
import { type RequestRecord, serve } from '../index.js'

const million = 1_000_000
const prices = { 'claude-haiku-4-5': { input: 1, output: 5, cacheWrite: 1.25, cacheWriteHour: 2 } }
const message = {
  ...{ id: 'msg_1', type: 'message', role: 'assistant', model: 'claude-haiku-4-5', stop_sequence: null },
  content: [{ type: 'text', text: 'Hi.' }],
  stop_reason: 'end_turn',
  usage: {
    ...{ input_tokens: 0, output_tokens: 0, cache_read_input_tokens: 0 },
    cache_creation_input_tokens: million,
    cache_creation: { ephemeral_5m_input_tokens: million / 4, ephemeral_1h_input_tokens: (million / 4) * 3 },
  },
}
const events = [
  { type: 'message_start', message: { ...message, content: [], stop_reason: null } },
  { type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } },
  { type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: 'Hi.' } },
  { type: 'content_block_stop', index: 0 },
  { type: 'message_delta', delta: { stop_reason: 'end_turn' }, usage: { output_tokens: 0 } },
  { type: 'message_stop' },
]

it.each([false, true])('cache writes for an hour have their price (streamed: %s)', async (stream) => {
  const service = await faultServer(({ json: body }) =>
    Object(body).stream
      ? {
          headers: { 'content-type': 'text/event-stream' },
          body: events.map((event) => `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`).join(''),
        }
      : { headers: { 'content-type': 'application/json' }, body: JSON.stringify(message) },
  )
  const records: RequestRecord[] = []
  const claude = {
    use: 'claude',
    model: 'claude-haiku-4-5',
    baseURL: service.url,
    apiKey: 'k',
    retry: false,
  } as const
  const loaded = await loadConfig({
    config: { providers: { claude }, prices, gateway: {} },
    user: false,
  })
  const gateway = await serve({ loaded, port: 0, onRequest: (record) => records.push(record) })
  onTestFinished(async () => {
    await gateway.close()
    await service.close()
  })
  const mark = { type: 'ephemeral', ttl: '1h' } as const
  const request = {
    ...{ model: 'claude', max_tokens: 50, messages: [{ role: 'user' as const, content: 'Hi.' }] },
    tools: [{ name: 'look', input_schema: { type: 'object' as const }, cache_control: mark }],
  }
  const client = new Anthropic({ baseURL: gateway.url, apiKey: 'none', maxRetries: 0 })
  const { usage } = stream
    ? await client.messages.stream(request).finalMessage()
    : await client.messages.create(request)
  expect(usage.cache_creation).toEqual(message.usage.cache_creation)
  expect(service.requests[0]?.json).toMatchObject({ tools: [{ cache_control: mark }] })
  // A million at 1.25 dollars, or 2 for an hour.
  expect(records[0]).toMatchObject({ cost: 1.25 / 4 + (2 / 4) * 3 })
})
