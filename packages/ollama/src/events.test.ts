// Answers of /api/chat, streamed and whole: events, cut streams, finish reasons.
import { gzipSync } from 'node:zlib'
import type { ChatEvent } from '@patchbay/core'
import type { ServedResponse } from '@patchbay/testing'
import fc from 'fast-check'
import { describe, expect, it, vi } from 'vitest'
import { ask, done, failureOf, ndjson, say, serve } from '../test/wire.js'
import { ollama } from './index.js'

describe('an answer', () => {
  const whole = ndjson(
    say('', { thinking: 'Let me ' }),
    say('', { thinking: 'see.' }),
    say('Wörld 🦀'),
    say(' peace'),
    say('', {
      tool_calls: [
        { function: { name: 'a', arguments: { x: 1 } } },
        { id: 'own', function: { name: 'b', arguments: '{"y":2}' } },
        { function: { name: 'c' } },
      ],
    }),
    done(),
  )

  it('becomes text, reasoning, tool calls and usage', async () => {
    const response = await (await ask(whole)).chat('Hello')
    expect(response).toMatchObject({
      text: 'Wörld 🦀 peace',
      reasoning: 'Let me see.',
      finishReason: 'tool-calls',
      rawFinishReason: 'stop',
      model: 'tiny:latest',
      usage: { inputTokens: 7, outputTokens: 3 },
    })
    expect(response.toolCalls).toEqual([
      { id: expect.stringMatching(/^call_/), name: 'a', input: { x: 1 } },
      { id: 'own', name: 'b', input: { y: 2 } },
      { id: expect.stringMatching(/^call_/), name: 'c', input: {} },
    ])
    expect(new Set(response.toolCalls.map(({ id }) => id)).size).toBe(3)
  })

  it('is the same in packets of any size', async () => {
    const bytes = Buffer.from(whole.body as string)
    const events = async (chunk: number) => {
      const seen: ChatEvent[] = []
      for await (const event of (await ask({ ...whole, chunk })).stream('Hello')) seen.push(event)
      return seen.filter(({ type }) => type === 'text' || type === 'reasoning')
    }
    const expected = await events(bytes.length)
    for (const chunk of [1, 2, 3, 7, 64]) expect(await events(chunk)).toEqual(expected)
  })

  it('truncated anywhere, cleanly or not, is an error with what had arrived, not a short answer', async () => {
    const body = Buffer.from(whole.body as string)
    let fault: Partial<ServedResponse> = {}
    const server = await serve(() => ({ ...whole, ...fault }))
    const provider = ollama('tiny', { baseURL: server.url, retry: false })
    await fc.assert(
      fc.asyncProperty(fc.nat(body.length - 3), fc.constantFrom('cutAt', 'resetAt'), async (at, kind) => {
        fault = { [kind]: at }
        const error = await failureOf(provider.chat('Hello'))
        expect(['bad-response', 'network']).toContain(error.code)
        expect('Wörld 🦀 peace'.startsWith(error.partial?.text ?? '')).toBe(true)
      }),
      { numRuns: 60 },
    )
  })

  it('may be compressed', async () => {
    const body = gzipSync(whole.body as string)
    const answer = { ...whole, headers: { ...whole.headers, 'content-encoding': 'gzip' }, body, chunk: 50 }
    expect((await (await ask(answer)).chat('Hello')).text).toBe('Wörld 🦀 peace')
  })

  it('that stalls ends by the idle limit, and releases the connection', async () => {
    const server = await serve({ ...whole, stallAt: 200 })
    const provider = ollama('tiny', { baseURL: server.url, retry: false, timeout: { idle: 60 } })
    expect(await failureOf(provider.chat('Hello'))).toMatchObject({
      code: 'timeout',
      message: expect.stringContaining('60 ms'),
    })
    await vi.waitFor(() => expect(server.open).toBe(0))
  })

  it('is complete at its last line, though the connection stays open', async () => {
    const server = await serve({ ...whole, neverEnd: true })
    expect((await ollama('tiny', { baseURL: server.url }).chat('Hello')).text).toBe('Wörld 🦀 peace')
    await vi.waitFor(() => expect(server.open).toBe(0))
  })

  it('that is aborted releases the connection', async () => {
    const server = await serve({ ...whole, stallAt: 300 })
    const stream = ollama('tiny', { baseURL: server.url }).stream('Hello')
    for await (const event of stream) if (event.type === 'reasoning') break
    await vi.waitFor(() => expect(server.open).toBe(0))
  })

  it('that only says the model was loaded is an error', async () => {
    expect(await failureOf((await ask(ndjson(done({ done_reason: 'load' })))).chat('Hello'))).toMatchObject({
      code: 'empty-response',
      retryable: true,
    })
  })

  it('truncated by length says so, and an unknown reason is kept', async () => {
    expect(await (await ask(ndjson(say('a'), done({ done_reason: 'length' })))).chat('Hello')).toMatchObject({
      finishReason: 'length',
    })
    expect(await (await ask(ndjson(say('a'), done({ done_reason: 'mystery' })))).chat('Hello')).toMatchObject(
      { finishReason: 'other', rawFinishReason: 'mystery' },
    )
    expect(
      (await (await ask(ndjson(say('a'), done({ prompt_eval_count: undefined })))).chat('Hello')).usage,
    ).toEqual({ outputTokens: 3 })
  })
})

describe('log-probabilities', () => {
  const likely = (...tokens: string[]) => ({
    logprobs: tokens.map((token) => ({ token, logprob: -0.5, bytes: [65], top_logprobs: [] })),
  })
  const request = { messages: 'Hi.', logprobs: 2 }

  it('come with the text they belong to, and none of thinking; what comes alone waits for the next text', async () => {
    const lines = ndjson(
      { ...say('', { thinking: 'Hm.' }), ...likely('Hm.') },
      { ...say(''), ...likely('Y') },
      { ...say('Yes'), ...likely('es') },
      { ...say('.'), ...likely('.') },
      done(),
    )
    const stream = (await ask(lines)).stream(request)
    const texts: unknown[] = []
    for await (const event of stream)
      if (event.type === 'text') texts.push([event.text, event.logprobs?.map(({ token }) => token)])
    expect(texts).toEqual([
      ['Yes', ['Y', 'es']],
      ['.', ['.']],
    ])
    const { logprobs } = await stream.response()
    expect(logprobs?.[0]).toEqual({ token: 'Y', logprob: -0.5, bytes: [65], top: [] })
  })

  it('are asked for by name, and missed with a warning from a server that is too old for them', async () => {
    const server = await serve(ndjson(say('Yes.'), done()))
    const { warnings } = await ollama('tiny', { baseURL: server.url }).chat(request)
    expect(server.requests.at(-1)?.json).toMatchObject({ logprobs: true, top_logprobs: 2 })
    expect(warnings).toMatchObject([{ code: 'unsupported', feature: 'logprobs' }])
  })
})
