// Answers of the real engine: sampling, stop strings, limits, JSON, prefix reuse, token counts, calibration.

import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { TokenLogprob } from '@patchbay/core'
import { describe, expect, it } from 'vitest'
import { failureOf, open, openRandom, temporaryFolder } from '../../test/fixtures.js'

describe('the bundled model', () => {
  it('knows the capital of France, and reports its usage', async () => {
    const response = await open().chat('What is the capital of France?')
    expect(response).toMatchObject({
      text: 'The capital of France is Paris.',
      finishReason: 'stop',
      rawFinishReason: 'eos',
      model: 'pico',
      provider: 'local',
    })
    expect(response.usage).toEqual({ inputTokens: 16, cachedInputTokens: 0, outputTokens: 10 })
  })

  it('knows the conversation, and evaluates only its new part', async () => {
    const provider = open({ parallel: 1 })
    const first = await provider.chat('My name is Zoe.')
    const second = await provider.chat([
      { role: 'user', content: 'My name is Zoe.' },
      first.message,
      'What is my name?',
    ])
    expect(second.text).toContain('Zoe')
    expect(second.usage.cachedInputTokens).toBeGreaterThanOrEqual(first.usage.inputTokens ?? 0)
  })

  it('gives the same answer with and without a cached prefix', async () => {
    const provider = open({ parallel: 1 })
    const system = 'You are a helpful assistant that answers questions about the world.'
    const fresh = await provider.chat({ system, messages: 'What is the capital of Peru?' })
    await provider.chat({ system, messages: 'What is the capital of Japan?' })
    const reused = await provider.chat({ system, messages: 'What is the capital of Peru?' })
    expect(reused.usage.cachedInputTokens).toBeGreaterThan(10)
    expect(reused.text).toBe(fresh.text)
  })

  it('gets no text that the caller did not write', async () => {
    const provider = open()
    // Only the template's own text around one word.
    const frame = await provider.countTokens('a')
    expect(await provider.countTokens('a a')).toBe(frame + 1)
    expect(frame).toBeLessThan(12)
  })
})

describe('a conversation of another model', () => {
  it('keeps its tool calls and their results', async () => {
    const provider = open()
    const response = await provider.chat([
      'What is the weather in Lima?',
      {
        role: 'assistant',
        content: [{ type: 'tool-call', id: 'c1', name: 'get_weather', input: { city: 'Lima' } }],
      },
      {
        role: 'tool',
        content: [{ type: 'tool-result', id: 'c1', output: '{"temperature": 21, "condition": "sunny"}' }],
      },
    ])
    expect(response.text).toBe('It is 21 degrees and sunny in Lima.')
  })
})

it('a last message of the assistant is continued, and the answer has the new text alone', async () => {
  const question = { role: 'user' as const, content: 'What is the capital of France?' }
  const begun = { role: 'assistant' as const, content: 'The capital of' }
  const { text } = await open().chat([question, begun])
  expect(`${begun.content}${text}`).toBe((await open().chat([question])).text)
  expect((await open().capabilities()).prefill).toBe(true)
})

describe('sampling', () => {
  it('is greedy at temperature 0, and repeats with a seed', async () => {
    const provider = openRandom()
    const ask = async (request: object) =>
      (await provider.chat({ messages: 'hi', maxOutputTokens: 40, ...request })).text
    expect(await ask({ temperature: 0 })).toBe(await ask({ temperature: 0, seed: 5 }))
    expect(await ask({ temperature: 1, seed: 1 })).toBe(await ask({ temperature: 1, seed: 1 }))
    expect(await ask({ temperature: 1, seed: 1 })).not.toBe(await ask({ temperature: 1, seed: 2 }))
    expect(await ask({ temperature: 1 })).not.toBe(await ask({ temperature: 1 }))
    // Only the most likely token is left: greedy again.
    const greedy = await ask({ temperature: 0 })
    expect(await ask({ temperature: 1, topK: 1 })).toBe(greedy)
    expect(await ask({ temperature: 1, topP: 0 })).toBe(greedy)
    expect(await ask({ temperature: 1, minP: 1 })).toBe(greedy)
  })

  it('applies penalties', async () => {
    const provider = openRandom()
    const ask = async (request: object) =>
      (await provider.chat({ messages: 'hi', maxOutputTokens: 60, temperature: 0, ...request })).text
    const variety = (text: string) => new Set(text).size
    expect(variety(await ask({ frequencyPenalty: 2 }))).toBeGreaterThan(variety(await ask({})))
    expect(variety(await ask({ presencePenalty: 2 }))).toBeGreaterThan(variety(await ask({})))
  })

  it('ends before a stop string, also one of several tokens', async () => {
    const response = await open().chat({ messages: 'Count to 12.', stop: ['unknown', '10,'] })
    expect(response).toMatchObject({
      finishReason: 'stop',
      rawFinishReason: 'stop-string',
      stopSequence: '10,',
    })
    expect(response.text.trim()).toBe('1, 2, 3, 4, 5, 6, 7, 8, 9,')
  })

  it('ends at the limit of tokens or of the context, and says which', async () => {
    const provider = openRandom({}, { context: 256 })
    expect(await provider.chat({ messages: 'hi', maxOutputTokens: 7 })).toMatchObject({
      finishReason: 'length',
      rawFinishReason: 'max-tokens',
      usage: { outputTokens: 7 },
    })
    const full = await provider.chat('hi')
    expect(full).toMatchObject({ finishReason: 'length', rawFinishReason: 'context-full' })
    expect((full.usage.inputTokens ?? 0) + (full.usage.outputTokens ?? 0)).toBe(256)
  })
})

describe('sampler options of the engine', () => {
  const question = 'What is the capital of France?'
  const ask = async (options: Record<string, unknown>, more: object = {}) =>
    (await open().chat({ messages: question, providerOptions: { local: options }, ...more })).text

  it('forbid or favour words', async () => {
    expect(await ask({})).toContain('Paris')
    expect(await ask({ logitBias: { ' Paris': -100 } })).not.toContain(' Paris')
    const { logprobs = [] } = await open().chat({
      messages: question,
      maxOutputTokens: 1,
      logprobs: true,
      providerOptions: { local: { logitBias: { Lima: 100 } } },
    })
    expect('Lima').toContain(logprobs[0]?.token ?? '-')
  })

  it.each([
    ['a repeat penalty', { repeatPenalty: 100 }],
    ['DRY', { dry: { strength: 50, allowedLength: 1 } }],
  ])('%s ends what repeats itself', async (_, options) => {
    const repeats = (text: string) => text.length - new Set(text.match(/.{1,6}/gs)).size
    const llm = openRandom({ seed: 8 })
    const request = { messages: 'x', maxOutputTokens: 200 }
    const plain = await llm.chat(request)
    const penalised = await llm.chat({ ...request, providerOptions: { local: options } })
    expect(penalised.text).not.toBe(plain.text)
    expect(repeats(penalised.text)).toBeLessThan(repeats(plain.text))
  })

  it('remove the likeliest tokens by XTC', async () => {
    expect(await ask({ xtc: { probability: 1, threshold: 0 } }, { maxOutputTokens: 5 })).not.toContain(
      'The cap',
    )
  })

  it.each([
    [{ logitBias: { a: 101 } }, 'logitBias must have a number from -100 to 100'],
    [{ logitBias: 1 }, 'logitBias must have'],
    [{ repeatPenalty: 0 }, 'repeatPenalty must be'],
    [{ dry: {} }, 'dry.strength must be'],
    [{ dry: { strength: 1, bases: 2 } }, 'Did you mean base?'],
    [{ xtc: { probability: 2, threshold: 0 } }, 'xtc.probability must be'],
    [{ repeatpenalty: 1.1 }, 'Did you mean repeatPenalty?'],
  ])('are checked before the model is asked: %j', async (options, message) => {
    const error = await failureOf(
      open().chat({ messages: question, providerOptions: { local: options as Record<string, unknown> } }),
    )
    expect(error.code).toBe('invalid-request')
    expect(error.message).toContain(message)
  })
})

describe('keys and values at 8 bits', () => {
  it('take half of the memory, and the answer is the same', async () => {
    const [half, whole] = [open({ kvCache: 'q8_0', context: 2048 }), open({ context: 2048 })]
    const { text } = await half.chat('What is the capital of France?')
    expect(text).toBe((await whole.chat('What is the capital of France?')).text)
    const [small, large] = [half.stats().loaded, whole.stats().loaded]
    expect(small?.why.join('\n')).toContain('keys and values at 8 bits (q8_0)')
    expect(large?.why.join('\n')).toContain('keys and values at 16 bits')
    expect(small?.memory.context).toBeLessThan(large?.memory.context ?? 0)
  })
})

describe('log-probabilities', () => {
  const question = 'Count to 12.'

  it('come with each piece of a stream, and are those of the whole answer, which they do not change', async () => {
    const llm = open()
    const plain = await llm.chat(question)
    const stream = llm.stream({ messages: question, logprobs: true })
    const streamed: TokenLogprob[] = []
    for await (const event of stream) {
      expect(event.type === 'text' && event.logprobs === undefined).toBe(false)
      if (event.type === 'text') streamed.push(...(event.logprobs ?? []))
    }
    const { text, logprobs } = await stream.response()
    expect(text).toBe(plain.text)
    expect(plain.logprobs).toBeUndefined()
    expect(logprobs).toEqual(streamed)
    expect(streamed.map(({ token }) => token).join('')).toBe(text)
    expect(streamed.every(({ top }) => top.length === 0)).toBe(true)
  })

  it('end with the text: a stop string has none', async () => {
    const { text } = await open().chat(question)
    const stop = text.slice(8, 13)
    const cut = await open().chat({ messages: question, stop: [stop], logprobs: true })
    expect(cut.text).toBe(text.slice(0, text.indexOf(stop)))
    const written = (cut.logprobs ?? []).map(({ token }) => token)
    expect(written.join('').startsWith(cut.text)).toBe(true)
    expect(written.slice(0, -1).join('').length).toBeLessThan(cut.text.length)
  })

  it('are of the text alone: a tool call has none', async () => {
    const look = { name: 'get_weather', input: { type: 'object', properties: { city: { type: 'string' } } } }
    const { toolCalls, text, logprobs } = await open().chat({
      messages: 'What is the weather in Lima?',
      tools: [look],
      toolChoice: 'required',
      logprobs: 2,
    })
    expect(toolCalls).toHaveLength(1)
    expect((logprobs ?? []).map(({ token }) => token).join('')).toBe(text)
  })

  it('of JSON are those among the tokens that the grammar allows', async () => {
    const { text, logprobs = [] } = await open().chat({
      messages: 'Give me JSON: name Eve, age 30.',
      output: 'json',
      logprobs: 20,
    })
    expect(logprobs.map(({ token }) => token).join('')).toBe(text)
    for (const { token, logprob, top } of logprobs)
      expect(top.find((one) => one.token === token)?.logprob).toBe(logprob)
  })
})

describe('JSON', () => {
  it('with a schema is valid even from a random model', async () => {
    const provider = openRandom()
    const schema = {
      type: 'object',
      properties: { ok: { type: 'boolean' }, kind: { enum: ['a', 'b'] } },
      required: ['ok', 'kind'],
      additionalProperties: false,
    }
    const response = await provider.chat({ messages: 'hi', output: { schema }, maxOutputTokens: 200 })
    expect(response.output).toEqual({ ok: expect.any(Boolean), kind: expect.stringMatching(/^[ab]$/) })
    expect(response.rawFinishReason).toBe('json-complete')
  })

  it('without a schema ends with its value', async () => {
    const response = await open().chat({ messages: 'Give me JSON: name Eve, age 30.', output: 'json' })
    expect(response.output).toEqual({ name: 'Eve', age: 30 })
  })
})

describe('threads', () => {
  it('are measured once and cached', async () => {
    const cacheDir = temporaryFolder()
    const first = open({ cacheDir, threads: undefined as never })
    await first.chat('hi')
    const file = join(cacheDir, 'calibration.json')
    const known = JSON.parse(readFileSync(file, 'utf8'))
    const [[key, measured] = ['', undefined]] = Object.entries<{ threads: number }>(known)
    expect(first.stats().loaded?.threads).toBe(measured?.threads)
    expect(first.stats().loaded?.why.join()).toMatch(/of \d+ usable cores.*measured: 1 thread \d+ ms/)

    writeFileSync(
      file,
      JSON.stringify({ [key]: { ...measured, threads: 2, busy: false }, broken: { threads: -1 } }),
    )
    const second = open({ cacheDir, threads: undefined as never })
    await second.chat('hi')
    expect(second.stats().loaded?.threads).toBe(2)
    expect(second.stats().loaded?.why.join()).toContain('measured earlier (cached): 1 thread')
  })

  it('can be set', async () => {
    const provider = open({ threads: 2 })
    await provider.chat('hi')
    expect(provider.stats().loaded?.threads).toBe(2)
  })
})
