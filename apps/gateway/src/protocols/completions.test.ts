// POST /v1/completions and prompts of Ollama that are to be continued: whole, streamed, with a gap, and what is refused.
import { mockProvider } from '@patchbay/testing'
import OpenAI from 'openai'
import { describe, expect, it } from 'vitest'
import { served } from '../../test/served.js'

async function world(answer = 'four five') {
  const inner = mockProvider({ answers: [answer] })
  const gateway = await served(inner)
  const client = new OpenAI({ baseURL: `${gateway.url}/v1`, apiKey: 'none', maxRetries: 0 })
  const post = async (path: string, body: object) => {
    const response = await fetch(gateway.url + path, { method: 'POST', body: JSON.stringify(body) })
    return { status: response.status, body: (await response.json()) as { error?: { message: string } } }
  }
  return { inner, client, post }
}
const asked = (inner: ReturnType<typeof mockProvider>) => JSON.stringify(inner.requests[0]?.messages)

it('continues a prompt', async () => {
  const { inner, client } = await world()
  const answer = await client.completions.create({ model: 'default', prompt: 'one two three', stop: '.' })
  expect(answer).toMatchObject({
    object: 'text_completion',
    choices: [{ text: 'four five', index: 0, finish_reason: 'stop' }],
    usage: { total_tokens: expect.any(Number) },
  })
  expect(inner.requests[0]).toMatchObject({ maxOutputTokens: 16, stop: ['.'] })
  expect(asked(inner)).toContain('one two three')
})

it('streams a completion, with usage where it is wanted', async () => {
  const { client } = await world()
  const stream = await client.completions.create({
    model: 'default',
    prompt: ['x'],
    stream: true,
    stream_options: { include_usage: true },
  })
  let text = ''
  let last: OpenAI.Completion | undefined
  for await (const chunk of stream) {
    text += chunk.choices[0]?.text ?? ''
    last = chunk
  }
  expect(text).toBe('four five')
  expect(last).toMatchObject({ choices: [], usage: { total_tokens: expect.any(Number) } })
})

describe.each<[string, string, object]>([
  ['/v1/completions', 'a suffix', { prompt: 'before(', suffix: ')after' }],
  ['/api/generate', 'a suffix', { prompt: 'before(', suffix: ')after' }],
  [
    '/api/generate',
    'markers of Qwen',
    { raw: true, prompt: '<|fim_prefix|>before(<|fim_suffix|>)after<|fim_middle|>' },
  ],
  ['/api/generate', 'markers of CodeLlama', { raw: true, prompt: '<PRE>before(<SUF>)after<MID>' }],
  ['/api/generate', 'markers of Codestral', { raw: true, prompt: '[SUFFIX])after[PREFIX]before(' }],
])('%s with %s', (path, _, body) => {
  it('asks for the text between', async () => {
    const { inner, post } = await world()
    expect((await post(path, { ...body, stream: false })).status).toBe(200)
    expect(asked(inner)).toContain('<prefix>before(</prefix>')
    expect(asked(inner)).toContain('<suffix>)after</suffix>')
  })
})

it('a raw prompt without a gap is continued', async () => {
  const { inner, post } = await world()
  const { body } = await post('/api/generate', { prompt: 'one two', raw: true, stream: false })
  expect(body).toMatchObject({ response: 'four five', done: true })
  expect(asked(inner)).toContain('Continue the text')
})

it.each([
  [{ prompt: ['a', 'b'] }, 'prompt: '],
  [{ prompt: [1, 2] }, 'prompt: '],
  [{ prompt: 'a', n: 2 }, 'n: '],
  [{ prompt: 'a', echo: true }, 'echo: '],
  [{ prompt: 'a', logprobs: 30 }, 'logprobs'],
  [{ prompt: '' }, 'prompt: '],
  [{ prompt: 'a', suffix: 1 }, 'suffix: '],
  [{ prompt: 'a', max_tokens: 'x' }, 'max_tokens: '],
])('refuses %j by its field', async (more, message) => {
  const { post } = await world()
  const { status, body } = await post('/v1/completions', { model: 'default', ...more })
  expect(status).toBe(400)
  expect(body.error?.message).toContain(message)
})

it.each<[path: string, body: object]>([
  ['/v1/completions', { prompt: 'before(', suffix: ')after', max_tokens: 9 }],
  ['/api/generate', { prompt: 'before(', suffix: ')after', options: { num_predict: 9 } }],
  [
    '/api/generate',
    {
      ...{ raw: true, options: { num_predict: 9 } },
      prompt: '<|fim_prefix|>before(<|fim_suffix|>)after<|fim_middle|>',
    },
  ],
])('%s fills a gap by the own tokens of a model that has some: %j', async (path, body) => {
  const inner = mockProvider({ provider: 'local', answers: ['x'], capabilities: { infill: true } })
  const { url } = await served(inner)
  const init = { method: 'POST', body: JSON.stringify({ model: 'default', stream: false, ...body }) }
  expect((await fetch(url + path, init)).status).toBe(200)
  expect(inner.requests[0]).toMatchObject({
    maxOutputTokens: 9,
    providerOptions: { infill: { prefix: 'before(', suffix: ')after' } },
  })
})
