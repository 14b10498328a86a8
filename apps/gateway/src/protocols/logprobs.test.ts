// Log-probabilities in all protocols that have them, there and back, whole and streamed.
import { claude } from '@patchbay/claude'
import type { TokenLogprob } from '@patchbay/core'
import { ollama } from '@patchbay/ollama'
import { openai } from '@patchbay/openai'
import { mockProvider } from '@patchbay/testing'
import OpenAI from 'openai'
import { describe, expect, it } from 'vitest'
import { served } from '../../test/served.js'

const text = 'One two three.'
const mock = () => mockProvider({ answers: [text, text, text] })
const expected = async (logprobs: boolean | number): Promise<TokenLogprob[]> =>
  (await mock().chat({ messages: 'x', logprobs })).logprobs ?? []

describe.each([true, 0, 3])('logprobs: %j', (logprobs) => {
  it.each([
    ['Responses', (url: string) => openai('m', { baseURL: `${url}/v1`, api: 'responses' })],
    ['Chat Completions', (url: string) => openai('m', { baseURL: `${url}/v1`, api: 'chat' })],
    ["Ollama's API", (url: string) => ollama('m', { baseURL: url })],
  ])('come through %s as the provider gave them, whole and streamed', async (_, make) => {
    const { url } = await served(mock())
    const provider = make(url)
    const whole = await provider.chat({ messages: 'x', logprobs, maxOutputTokens: 50 })
    const stream = provider.stream({ messages: 'x', logprobs })
    const streamed: TokenLogprob[] = []
    for await (const event of stream) if (event.type === 'text') streamed.push(...(event.logprobs ?? []))
    expect(whole.warnings).toEqual([])
    expect(whole.logprobs).toEqual(await expected(logprobs))
    expect(streamed).toEqual(whole.logprobs)
    expect((await stream.response()).logprobs).toEqual(whole.logprobs)
    await provider.close()
  })
})

it('come to the official client of Completions as lists with the places of the tokens', async () => {
  const { url } = await served(mock())
  const client = new OpenAI({ baseURL: `${url}/v1`, apiKey: 'x' })
  const request = { model: 'm', prompt: 'x', logprobs: 2, max_tokens: 50 }
  const { choices } = await client.completions.create(request)
  const likely = choices[0]?.logprobs
  expect(likely?.tokens).toEqual(['One ', 'two ', 'three.'])
  expect(likely?.text_offset).toEqual([0, 4, 8])
  expect(likely?.top_logprobs?.map((one) => Object.keys(one).length)).toEqual([2, 2, 2])
  const offsets: number[] = []
  for await (const { choices } of await client.completions.create({ ...request, stream: true }))
    offsets.push(...(choices[0]?.logprobs?.text_offset ?? []))
  expect(offsets).toEqual([0, 4, 8])
})

it.each([
  ['/v1/chat/completions', { messages: [{ role: 'user', content: 'x' }], logprobs: true }],
  ['/api/chat', { messages: [{ role: 'user', content: 'x' }], logprobs: true }],
  ['/v1/responses', { input: 'x', include: ['message.output_text.logprobs'] }],
  ['/v1/completions', { prompt: 'x', logprobs: 1 }],
])('are refused at %s for a model that has none, before anything is sent', async (path, body) => {
  let sent = 0
  const fetch = async () => {
    sent++
    return Response.json({})
  }
  const { url } = await served(claude('claude-sonnet-5', { apiKey: 'x', fetch }))
  const init = { method: 'POST', body: JSON.stringify({ model: 'm', ...body }) }
  const response = await globalThis.fetch(url + path, init)
  expect([response.status, sent]).toEqual([400, 0])
  expect(JSON.stringify(await response.json())).toContain('logprobs')
})

it.each([
  ['/v1/chat/completions', { messages: [{ role: 'user', content: 'x' }], logprobs: true, top_logprobs: 21 }],
  ['/api/chat', { messages: [{ role: 'user', content: 'x' }], logprobs: true, top_logprobs: -1 }],
  ['/v1/responses', { input: 'x', include: ['message.output_text.logprobs'], top_logprobs: 1.5 }],
])('%s takes from 0 to 20 alternatives', async (path, body) => {
  const { url } = await served(mock())
  const response = await fetch(url + path, { method: 'POST', body: JSON.stringify({ model: 'm', ...body }) })
  expect(response.status).toBe(400)
  expect(JSON.stringify(await response.json())).toContain(
    'top_logprobs: must be a whole number from 0 to 20.',
  )
})
