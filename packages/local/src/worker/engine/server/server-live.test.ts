// The llama-server engine with a real llama-server: the same contract, answers, grammars and promises as the engine in the
// worker's process. Runs if PATCHBAY_LLAMA_SERVER names one; otherwise it is skipped, which its title says.
import { join } from 'node:path'
import type { ChatRequest } from '@patchbay/core'
import { describeProvider } from '@patchbay/testing'
import { afterAll, describe, expect, it } from 'vitest'
import {
  alive,
  failureOf,
  open,
  readFirstText,
  temporaryFolder,
  waitUntil,
} from '../../../../test/fixtures.js'
import { writeRandomModel } from '../../../../test/random-model.js'
import { type LocalOptions, local } from '../../../index.js'

const server = process.env.PATCHBAY_LLAMA_SERVER
const live = describe.skipIf(server === undefined)
const why = server === undefined ? ' (skipped: set PATCHBAY_LLAMA_SERVER to the path of a llama-server)' : ''

const engine = { engine: 'llama-server', threads: 1 } as const
const openServer = (options: LocalOptions = {}) => open({ ...engine, ...options })
const openRandomServer = (options: LocalOptions = {}) =>
  openServer({
    model: writeRandomModel(join(temporaryFolder(), 'random.gguf')),
    defaults: { temperature: 0 },
    ...options,
  })

live(`the contract${why}`, () => {
  const owner = local({ ...engine, cacheDir: false })
  afterAll(() => owner.close())
  describeProvider('local with llama-server', () => owner.share())
})

const weather = {
  name: 'get_weather',
  description: 'Get the weather of a city.',
  input: {
    type: 'object',
    properties: { city: { type: 'string' } },
    required: ['city'],
  },
} as const

live(`answers of both engines${why}`, () => {
  it.each<[string, ChatRequest]>([
    ['a text', { messages: 'What is the capital of France?' }],
    ['a text that ends at a stop string', { messages: 'Count to 12.', stop: ['7'] }],
    ['a text that is cut', { messages: 'Count to 12.', maxOutputTokens: 5 }],
    ['an unusual request', { messages: 'Write a haiku about 東京 and Zürich 🎉.', maxOutputTokens: 60 }],
    ['a tool call', { messages: 'What is the weather in Lima?', tools: [weather] }],
    ['a forced call', { messages: 'Hi there!', tools: [weather], toolChoice: 'required' }],
    [
      'JSON',
      {
        messages: 'Give me JSON: name Eve, age 30.',
        output: {
          schema: {
            type: 'object',
            properties: { name: { type: 'string', maxLength: 12 }, age: { type: 'integer' } },
            required: ['name', 'age'],
          },
        },
      },
    ],
  ])('are the same: %s', async (_, request) => {
    const [ours, theirs] = [openServer({ parallel: 1 }), open({ parallel: 1 })]
    const [got, wanted] = await Promise.all([ours.chat(request), theirs.chat(request)])
    expect(got.text).toBe(wanted.text)
    expect(got.toolCalls.map(({ name, input }) => [name, input])).toEqual(
      wanted.toolCalls.map(({ name, input }) => [name, input]),
    )
    expect(got.finishReason).toBe(wanted.finishReason)
    expect(got.usage).toEqual(wanted.usage)
  })

  it('are the same for a gap, without a chat template', async () => {
    const controlTokens = ['<|fim_prefix|>', '<|fim_suffix|>', '<|fim_middle|>']
    const shape = { controlTokens, ascii: true, chatTemplate: null, seed: 4 }
    const model = writeRandomModel(join(temporaryFolder(), 'gap.gguf'), shape)
    const options = { model, parallel: 1, defaults: { temperature: 0 } } as const
    const gap = { prefix: 'a(', suffix: ')', maxOutputTokens: 8 }
    const [got, wanted] = await Promise.all([openServer(options).complete(gap), open(options).complete(gap)])
    expect(got.usage.outputTokens).toBe(8)
    expect(got.text).toBe(wanted.text)
  })

  it('are the same vectors', async () => {
    const texts = ['Good morning', 'a cat and a dog']
    const [ours, theirs] = [openServer(), open()]
    const [got, wanted] = await Promise.all([ours.embed(texts), theirs.embed(texts)])
    for (const [index, vector] of wanted.vectors.entries())
      for (const [at, value] of vector.entries()) expect(got.vectors[index]?.[at]).toBeCloseTo(value, 3)
    expect(got.usage).toEqual(wanted.usage)
  })

  it('are the same scores of documents', async () => {
    const model = writeRandomModel(join(temporaryFolder(), 'ranks.gguf'), { ranks: true })
    const request = { query: 'a', documents: ['a b c', 'x y z'] }
    const [ours, theirs] = [openServer({ model }), open({ model })]
    const [got, wanted] = await Promise.all([ours.rerank(request), theirs.rerank(request)])
    for (const [index, score] of wanted.scores.entries()) expect(got.scores[index]).toBeCloseTo(score, 3)
  })
})

live(`calls at the same time${why}`, () => {
  const rules = 'Be brief and kind. '.repeat(60)
  const ask = (question: string) => ({ system: rules, messages: question, maxOutputTokens: 8 })

  it('evaluate a common prefix once, and answer as they would alone', async () => {
    const llm = openRandomServer({ parallel: 3 })
    await llm.capabilities()
    const questions = ['One?', 'Two, please?', 'And three?']
    const together = await Promise.all(questions.map((question) => llm.chat(ask(question))))
    const cached = together.map(({ usage }) => usage.cachedInputTokens ?? 0).sort((a, b) => a - b)
    expect(cached[0]).toBe(0)
    for (const count of cached.slice(1)) expect(count).toBeGreaterThan(rules.length * 0.9)
    const alone = openRandomServer({ parallel: 1 })
    for (const [index, question] of questions.entries())
      expect((await alone.chat(ask(question))).text).toBe(together[index]?.text)
  })

  it('that are aborted leave their slots to others, in a long prompt too', async () => {
    const llm = openRandomServer({ parallel: 1 })
    await llm.capabilities()
    const stop = new AbortController()
    const long = failureOf(llm.chat({ system: 'x '.repeat(1800), messages: 'a' }, { signal: stop.signal }))
    await waitUntil(() => llm.stats().running === 1)
    stop.abort()
    expect((await long).code).toBe('aborted')
    const talking = llm.stream('talk')
    await readFirstText(talking)
    talking.abort()
    await failureOf(talking.response())
    expect((await llm.chat({ messages: 'b', maxOutputTokens: 4 })).usage.outputTokens).toBe(4)
    expect(llm.stats()).toMatchObject({ restarts: 0, running: 0 })
  })

  it('survive the death of the server if they wait', async () => {
    const llm = openRandomServer({ parallel: 1 })
    const talking = llm.stream('talk')
    await readFirstText(talking)
    const failed = failureOf(talking.response())
    const waiting = llm.chat({ messages: 'b', maxOutputTokens: 4 })
    const pid = llm.stats().pid as number
    process.kill(pid, 'SIGKILL')
    expect((await failed).code).toBe('worker-crashed')
    expect((await waiting).usage.outputTokens).toBe(4)
    await waitUntil(() => !alive(pid))
  })
})

live(`the process${why}`, () => {
  it('is ended above its memoryLimit, which counts the server', async () => {
    const llm = openRandomServer({ memoryLimit: 1000 })
    const error = await failureOf(llm.chat('talk'))
    expect(error.message).toContain('memoryLimit')
  })

  it('keeps evaluated prompts for the next one', async () => {
    const cacheDir = temporaryFolder()
    const model = writeRandomModel(join(temporaryFolder(), 'random.gguf'))
    const options = { model, cacheDir, keepPrefixes: true, parallel: 1, defaults: { temperature: 0 } }
    const request = { system: 'Be brief. '.repeat(40), messages: 'a', maxOutputTokens: 4 }
    const first = openServer(options)
    const { text } = await first.chat(request)
    await first.close()
    const second = openServer(options)
    const again = await second.chat(request)
    expect(second.stats().loaded?.restored).toBe(1)
    expect(again.usage.cachedInputTokens).toBeGreaterThan(300)
    expect(again.text).toBe(text)
  })

  it('names what is wrong with a model', async () => {
    const llm = openServer({ serverArgs: ['--no-such-argument'] })
    expect((await failureOf(llm.chat('hi'))).message).toMatch(/llama-server exited.*--no-such-argument/)
  })
})
