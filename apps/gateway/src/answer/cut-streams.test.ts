// A stream that is cut after it has begun ends with the error event of its protocol: official clients throw it.
import Anthropic from '@anthropic-ai/sdk'
import { LlmError, type Provider } from '@patchbay/core'
import { mockProvider } from '@patchbay/testing'
import { Ollama } from 'ollama'
import OpenAI from 'openai'
import { describe, expect, it } from 'vitest'
import { served } from '../../test/served.js'
import type { VisitRecord } from '../index.js'

const model = 'default'
const messages = [{ role: 'user' as const, content: 'Hi' }]
const openai = (url: string) => new OpenAI({ baseURL: `${url}/v1`, apiKey: 'none', maxRetries: 0 })
const anthropic = (url: string) => new Anthropic({ baseURL: url, apiKey: 'none', maxRetries: 0 })
const ollama = (url: string) => new Ollama({ host: url })

/** Each way in which an official client reads a stream, and what it reads of one. */
const readers: Record<string, (url: string) => Promise<AsyncIterable<unknown>>> = {
  'Chat Completions': (url) => openai(url).chat.completions.create({ model, messages, stream: true }),
  'Chat Completions, with the helper': async (url) =>
    openai(url).chat.completions.stream({ model, messages }),
  Responses: (url) => openai(url).responses.create({ model, input: 'Hi', stream: true }),
  'Responses, with the helper': async (url) => openai(url).responses.stream({ model, input: 'Hi' }),
  'Anthropic Messages': (url) =>
    anthropic(url).messages.create({ model, messages, max_tokens: 9, stream: true }),
  'Anthropic Messages, with the helper': async (url) =>
    anthropic(url).messages.stream({ model, messages, max_tokens: 9 }),
  'Ollama chat': (url) => ollama(url).chat({ model, messages, stream: true }),
  'Ollama generate': (url) => ollama(url).generate({ model, prompt: 'Hi', stream: true }),
}

/** Reads the stream to its end; `begun` is called when the first text is there. */
async function read(events: AsyncIterable<unknown>, begun = () => {}): Promise<void> {
  let seen = ''
  for await (const event of events) {
    seen += JSON.stringify(event)
    if (seen.includes('half')) begun()
  }
}

const failureOf = (work: Promise<unknown>): Promise<Error> =>
  work.then(
    () => new Error('It ended as if all were well.'),
    (error) => error,
  )

describe.each(Object.entries(readers))('%s', (_, open) => {
  it('throws what a backend failed with', async () => {
    const error = new LlmError('overloaded', 'Busy at 10.0.0.1.', { provider: 'mock' })
    const gateway = await served(mockProvider({ retry: false, answers: [{ text: 'half an', error }] }), {
      onRequest: () => {},
    })
    let begun = false
    const reading = open(gateway.url).then((events) =>
      read(events, () => {
        begun = true
      }),
    )
    const thrown = await failureOf(reading)
    expect(begun).toBe(true)
    expect(thrown.message).toContain("The model's service is overloaded.")
    expect(thrown.message).not.toContain('10.0.0.1')
  })

  it('throws that the gateway ends, when it waits no longer', async () => {
    const records: VisitRecord[] = []
    const inner = mockProvider({ answers: [{ text: 'half an answer', interval: 600_000 }] })
    const gateway = await served(inner, { drain: 1, onRequest: (record) => records.push(record) })
    let closed: Promise<void> | undefined
    const reading = open(gateway.url).then((events) =>
      read(events, () => {
        closed ??= gateway.close()
      }),
    )
    expect((await failureOf(reading)).message).toContain('The gateway is being stopped')
    await closed
    expect(inner.running).toBe(0)
    expect(records).toMatchObject([{ error: 'closed', status: 503, streamed: true }])
  })
})

it('an answer that is not streamed is cut with a status', async () => {
  const inner: Provider & { running: number } = mockProvider({ answers: [{ text: 'late', delay: 600_000 }] })
  const gateway = await served(inner, { drain: 1 })
  const asking = failureOf(openai(gateway.url).chat.completions.create({ model, messages }))
  await expect.poll(() => inner.running).toBe(1)
  await gateway.close()
  expect(await asking).toMatchObject({ status: 503, code: 'closed' })
})
