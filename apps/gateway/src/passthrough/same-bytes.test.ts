// Events of a service of the client's own protocol reach the client as they were written, to the letter: what JavaScript would write in
// another way stays, such as numbers of 64 bits.
import { loadConfig, type ProviderEntry } from '@patchbay/config'
import { faultServer } from '@patchbay/testing'
import { expect, it, onTestFinished } from 'vitest'
import { serve } from '../index.js'

/** Fields with JSON that `JSON.stringify` writes in another way. */
const odd = '"seed": 12345678901234567890, "cost":1.0e0,"note":"\\u00e9\\/"'

const chunk = (rest: string) =>
  `{ "id":"c1","object":"chat.completion.chunk","model":"m",${odd},"choices":[{"index":0,${rest}}]}`
const usage = '"usage":{"input_tokens":3,"output_tokens":2}'
const item = '"item_id":"i","output_index":0,"content_index":0'
const message =
  '{"id":"i","type":"message","role":"assistant","status":"completed","content":[{"type":"output_text","text":"Hi","annotations":[]}]}'
const done = `"id":"r1","object":"response","model":"m","output":[${message}],"usage":{"input_tokens":3,"output_tokens":2,"total_tokens":5}`

const answers = {
  chat: {
    path: '/v1/chat/completions',
    events: [
      chunk('"delta":{"role":"assistant","content":""},"finish_reason":null'),
      chunk('"delta":{"content":"H"},"finish_reason":null'),
      chunk('"delta":{"content":"i"},"finish_reason":null'),
      chunk('"delta":{},"finish_reason":"stop"'),
    ],
  },
  claude: {
    path: '/v1/messages',
    events: [
      `{"type":"message_start",${odd},"message":{"id":"m1","type":"message","role":"assistant","model":"m","content":[],"stop_reason":null,${usage}}}`,
      '{"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}',
      `{"type":"content_block_delta",${odd},"index":0,"delta":{"type":"text_delta","text":"Hi"}}`,
      '{"type":"content_block_stop","index":0}',
      `{"type":"message_delta","delta":{"stop_reason":"end_turn","stop_sequence":null},${usage}}`,
      '{"type":"message_stop"}',
    ],
  },
  responses: {
    path: '/v1/responses',
    events: [
      '{"type":"response.created","sequence_number":0,"response":{"id":"r1","object":"response","model":"m","status":"in_progress","output":[]}}',
      `{"type":"response.output_text.delta","sequence_number":1,${item},"delta":"Hi",${odd}}`,
      `{"type":"response.completed","sequence_number":2,"response":{${done},"status":"completed",${odd}}}`,
    ],
  },
  ollama: {
    path: '/api/chat',
    events: [
      `{"model":"m","created_at":"2026-11-28T00:00:00Z",${odd},"message":{"role":"assistant","content":"Hi"},"done":false}`,
      `{"model":"m","created_at":"2026-11-28T00:00:00Z",${odd},"message":{"role":"assistant","content":""},"done":true,"done_reason":"stop","prompt_eval_count":3,"eval_count":2}`,
    ],
  },
}

async function streamed(api: keyof typeof answers, text: string): Promise<string> {
  const type = api === 'ollama' ? 'application/x-ndjson' : 'text/event-stream'
  const service = await faultServer(({ method }) =>
    method === 'POST' ? { headers: { 'content-type': type }, body: text } : { status: 404, body: '{}' },
  )
  const own = { model: 'm', retry: false as const }
  const openai = { use: 'openai' as const, baseURL: `${service.url}/v1`, apiKey: 'sk-own', ...own }
  const providers: Record<string, ProviderEntry> = {
    claude: { use: 'claude', baseURL: service.url, apiKey: 'sk-own', ...own },
    chat: { ...openai, api: 'chat' },
    responses: { ...openai, api: 'responses' },
    ollama: { use: 'ollama', baseURL: service.url, ...own },
  }
  const gateway = await serve({ loaded: await loadConfig({ config: { providers }, user: false }), port: 0 })
  onTestFinished(async () => {
    await gateway.close()
    await service.close()
  })
  const messages = [{ role: 'user', content: 'Hi' }]
  const response = await fetch(gateway.url + answers[api].path, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      model: api,
      stream: true,
      ...(api === 'claude' && { max_tokens: 50 }),
      ...(api === 'responses' ? { input: messages, store: false } : { messages }),
    }),
  })
  return response.text()
}

/** The data of the events, as the server wrote it. */
function dataOf(text: string): string[] {
  return text.split('\n').flatMap((line) => (line.startsWith('data: ') ? [line.slice(6)] : []))
}

it.each(['chat', 'claude', 'responses'] as const)('%s', async (api) => {
  const { events } = answers[api]
  const text = events.map((data) => `event: ${JSON.parse(data).type}\ndata: ${data}\n\n`).join('')
  const got = dataOf(await streamed(api, api === 'chat' ? `${text}data: [DONE]\n\n` : text))
  expect(got).toEqual(api === 'chat' ? [...events, '[DONE]'] : events)
})

it('ollama', async () => {
  const { events } = answers.ollama
  expect((await streamed('ollama', `${events.join('\n')}\n`)).trimEnd().split('\n')).toEqual(events)
})

it('an event of several lines stays one event', async () => {
  const { events } = answers.chat
  const text = events.map((data) => `data: ${data.replace(',', '\ndata: ,')}\n\n`).join('')
  const got = dataOf(await streamed('chat', `${text}data: [DONE]\n\n`))
  expect(got.slice(0, -1).map((data) => JSON.parse(data))).toEqual(events.map((data) => JSON.parse(data)))
  expect(got.at(-1)).toBe('[DONE]')
})
