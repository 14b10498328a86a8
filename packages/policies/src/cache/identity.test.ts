// Call identity: anything of a call that may change its answer makes another key, for every policy that stores answers.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type {
  CallOptions,
  ChatRequest,
  ChatResponse,
  EmbedRequest,
  Provider,
  RerankRequest,
  TranscribeRequest,
} from '@patchbay/core'
import { defineProvider } from '@patchbay/core'
import { mockProvider } from '@patchbay/testing'
import fc from 'fast-check'
import { afterAll, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { lettersEmbedder } from '../../test/letters.js'
import { cache, fallback, memoryCache, record, replay, semanticCache } from '../index.js'
import { deserialize, serialize } from '../serialization/codec.js'

const tools = (description: string) => [{ name: 't', description, input: { type: 'object' } }]
const base = { messages: 'What is the capital of France?', tools: tools('a'), toolChoice: 'auto' as const }

/** Two values of each field. The compiler notices a new field. */
const fields: { [Field in keyof Required<ChatRequest>]: [ChatRequest[Field], ChatRequest[Field]] } = {
  messages: ['What is the capital of France?', 'How do I bake bread?'],
  system: ['Be brief.', 'Be long.'],
  tools: [tools('a'), tools('b')],
  toolChoice: ['auto', 'none'],
  parallelToolCalls: [true, false],
  output: ['text', 'json'],
  maxOutputTokens: [100, 101],
  reasoning: ['high', 'low'],
  logprobs: [true, 2],
  temperature: [0, 1],
  topP: [0.5, 1],
  topK: [1, 2],
  minP: [0, 0.1],
  seed: [1, 2],
  stop: [['x'], ['y']],
  frequencyPenalty: [0, 1],
  presencePenalty: [0, 1],
  providerOptions: [{ spare: { since: new Date(1) } }, { spare: { since: new Date(2) } }],
  cache: ['auto', 'off'],
  onUnsupported: ['error', 'warn'],
}

const answers = (json: boolean) =>
  Array.from({ length: 8 }, (_, index) => (json ? `{"answer":${index}}` : `answer ${index}`))
/** Everything it needs that another provider may not have. */
const inner = (options = {}) => mockProvider({ answers: answers(true), ...options })

let folder = ''
let files = 0
afterAll(() => rmSync(folder, { recursive: true, force: true }))
const cassette = () => {
  folder ||= mkdtempSync(join(tmpdir(), 'patchbay-identity-'))
  return join(folder, `${files++}.json`)
}

/** Answers of one kept for another: is the second call answered without being asked? */
interface Keeper {
  name: string
  make(): (provider: Provider) => { policy: Provider; again(provider: Provider): Provider }
}
const keepers: Keeper[] = [
  {
    name: 'cache',
    make: () => {
      const store = memoryCache()
      const policy = (provider: Provider) => cache(provider, { store })
      return (provider) => ({ policy: policy(provider), again: policy })
    },
  },
  {
    name: 'semanticCache',
    make: () => {
      const options = { store: memoryCache(), embedder: lettersEmbedder() }
      const policy = (provider: Provider) => semanticCache(provider, options)
      return (provider) => ({ policy: policy(provider), again: policy })
    },
  },
  {
    name: 'record and replay',
    make: () => {
      const file = cassette()
      return (provider) => ({ policy: record(provider, { file }), again: (other) => replay(other, { file }) })
    },
  },
]

describe.each(keepers)('$name', ({ make }) => {
  /** Is the second question answered by what came of the first? */
  async function isKept(
    one: [Provider, ChatRequest, CallOptions?],
    two: [Provider, ChatRequest, CallOptions?],
  ): Promise<boolean> {
    const { policy, again } = make()(one[0])
    const first = await policy.chat(one[1], one[2])
    const second = await again(two[0])
      .chat(two[1], two[2])
      .catch(() => undefined)
    return second?.text === first.text && (second.cached === undefined || second.cached !== false)
  }

  it('answers an equal call from the store', async () => {
    expect(await isKept([inner(), base], [inner({ answers: ['other'] }), { ...base }])).toBe(true)
  })

  it.each(
    Object.entries(fields),
  )('tells calls apart by %s, in the request and in the defaults', async (field, [a, b]) => {
    const other = () => inner({ answers: answers(true).slice(1) })
    expect(await isKept([inner(), { ...base, [field]: a }], [other(), { ...base, [field]: b }])).toBe(false)
    if (field === 'messages' || field === 'onUnsupported') return
    const without = { messages: base.messages }
    const rest = field === 'toolChoice' || field === 'parallelToolCalls' ? { tools: base.tools } : {}
    expect(
      await isKept(
        [inner({ defaults: { ...rest, [field]: a } }), without],
        [inner({ defaults: { ...rest, [field]: b }, answers: answers(true).slice(1) }), without],
      ),
    ).toBe(false)
  })

  it.each<[string, CallOptions, CallOptions]>([
    ['headers', { headers: { beta: '1' } }, { headers: { beta: '2' } }],
    ['the tenant', { metadata: { tenant: 'alice' } }, { metadata: { tenant: 'bob' } }],
    ['a tenant and none', { metadata: { tenant: 'alice' } }, {}],
  ])('tells calls apart by %s', async (_, a, b) => {
    expect(await isKept([inner(), base, a], [inner({ answers: ['other'] }), base, b])).toBe(false)
  })

  it.each([
    ['provider', { provider: 'a' }, { provider: 'b' }],
    ['model', { model: 'a' }, { model: 'b' }],
  ])('tells calls apart by the %s', async (_, a, b) => {
    expect(await isKept([inner(a), base], [inner({ ...b, answers: ['other'] }), base])).toBe(false)
  })
})

it('options for a fallback provider only make another key too', async () => {
  const store = memoryCache()
  const ask = async (note: string) => {
    const spare = mockProvider({ provider: 'spare', answers: [`told ${note}`] })
    const down = mockProvider({ retry: false, answers: [new Error('down')] })
    const request = { messages: 'x', providerOptions: { spare: { note } } }
    return (await cache(fallback([down, spare], { when: () => true }), { store }).chat(request)).text
  }
  expect([await ask('a'), await ask('b')]).toEqual(['told a', 'told b'])
})

describe('calls of other kinds differ by each of their fields', () => {
  const embed: { [Field in keyof Required<EmbedRequest>]: [EmbedRequest[Field], EmbedRequest[Field]] } = {
    input: ['a', 'b'],
    dimensions: [2, 3],
    inputType: ['query', 'document'],
    truncate: [true, false],
    concurrency: [1, 2],
    providerOptions: [{ all: { a: 1 } }, { all: { a: 2 } }],
  }
  const rerank: { [Field in keyof Required<RerankRequest>]: [RerankRequest[Field], RerankRequest[Field]] } = {
    query: ['a', 'b'],
    documents: [['a'], ['b']],
    providerOptions: [{ all: { a: 1 } }, { all: { a: 2 } }],
  }
  const transcribe: {
    [Field in keyof Required<TranscribeRequest>]: [TranscribeRequest[Field], TranscribeRequest[Field]]
  } = {
    audio: [new Uint8Array([1]), new Uint8Array([2])],
    mediaType: ['audio/wav', 'audio/mpeg'],
    language: ['de', 'en'],
    prompt: ['a', 'b'],
    temperature: [0, 1],
    providerOptions: [{ all: { a: 1 } }, { all: { a: 2 } }],
  }
  const bases = {
    embed: { input: 'a' },
    rerank: { query: 'a', documents: ['a'] },
    transcribe: { audio: new Uint8Array([1]), mediaType: 'audio/wav' },
  }
  it.each(
    Object.entries({ embed, rerank, transcribe }).flatMap(([kind, all]) =>
      Object.entries(all).map(([field, values]) => [kind as keyof typeof bases, field, values] as const),
    ),
  )('%s: %s', async (kind, field, [a, b]) => {
    let asked = 0
    const all = { chat: false, embed: true, rerank: true, transcribe: true }
    const provider = cache(
      defineProvider({
        provider: 'all',
        model: 'm',
        capabilities: () => ({
          ...all,
          tools: false,
          vision: false,
          files: false,
          audio: true,
          json: false,
          reasoning: false,
        }),
        async *chat() {
          yield { type: 'finish', response: { finishReason: 'stop' } }
        },
        embed: async ({ input }) => {
          asked++
          return { vectors: input.map(() => new Float32Array(1)), usage: {}, model: 'm' }
        },
        rerank: async () => {
          asked++
          return { scores: [1], usage: {}, model: 'm' }
        },
        transcribe: async () => {
          asked++
          return { text: 'x', segments: [], usage: {}, model: 'm' }
        },
      }),
    )
    const call = (value: unknown) => provider[kind]({ ...bases[kind], [field]: value } as never)
    for (const value of [a, b, a]) await call(value)
    expect(asked).toBe(2)
  })
})

it('concurrent callers do not share an answer that fits only one of their schemas', async () => {
  const strict = z.object({ answer: z.number() }).refine(() => false, 'never good enough')
  const loose = z.object({ answer: z.number() })
  const provider = cache(mockProvider({ answers: ['{"answer":1}', '{"answer":2}'] }))
  const ask = (schema: typeof loose) => provider.chat({ messages: 'x', output: { schema } })
  const [refused, taken] = await Promise.allSettled([ask(strict as never), ask(loose)])
  expect(refused.status).toBe('rejected')
  expect(taken).toMatchObject({ status: 'fulfilled', value: { output: { answer: expect.any(Number) } } })
})

it('a stored answer that does not fit the schema is a miss', async () => {
  const make = (least: number) => z.object({ answer: z.number() }).refine(({ answer }) => answer >= least)
  const provider = cache(mockProvider({ answers: ['{"answer":1}', '{"answer":2}'] }))
  const ask = (schema: ReturnType<typeof make>): Promise<ChatResponse> =>
    provider.chat({ messages: 'x', output: { schema } })
  expect((await ask(make(1))).output).toEqual({ answer: 1 })
  expect((await ask(make(2))).output).toEqual({ answer: 2 })
})

it('law: serialized values come back unchanged, whatever their property names', () => {
  const leaf = fc.oneof(fc.jsonValue(), fc.uint8Array(), fc.float32Array({ noNaN: true }))
  const name = fc.constantFrom('$bytes', '$floats', '$object', 'a', 'b')
  const value = fc.letrec((tie) => ({
    any: fc.oneof(leaf, fc.dictionary(name, tie('any')), fc.array(tie('any'), { maxLength: 3 })),
  })).any
  fc.assert(
    fc.property(value, (one) => {
      const plain = JSON.stringify(one, (_, item) => (Object.is(item, -0) ? 0 : item))
      fc.pre(plain !== undefined)
      const back = deserialize(serialize(one))
      expect(serialize(back)).toBe(serialize(one))
      expect(JSON.stringify(back, (_, item) => (Object.is(item, -0) ? 0 : item))).toBe(plain)
    }),
  )
})
