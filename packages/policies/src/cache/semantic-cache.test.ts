// Which questions mean the same, and which must not.
import { LlmError } from '@patchbay/core'
import { mockProvider } from '@patchbay/testing'
import { describe, expect, it } from 'vitest'
import { lettersEmbedder } from '../../test/letters.js'
import { semanticCache } from '../index.js'

const numbered = () =>
  mockProvider({ answers: Array.from({ length: 9 }, (_, index) => `answer ${index + 1}`) })
const make = (options = {}) => semanticCache(numbered(), { embedder: lettersEmbedder(), ...options })

it('answers a question that is near with the answer of the other, and says so', async () => {
  const provider = make()
  expect(await provider.chat('What is the capital of France?')).toMatchObject({
    text: 'answer 1',
    cached: false,
  })
  expect(await provider.chat('what is the capital of france')).toMatchObject({
    text: 'answer 1',
    cached: 'semantic',
  })
  expect(await provider.chat('How do I bake bread?')).toMatchObject({ text: 'answer 2', cached: false })
})

it('goes by its threshold', async () => {
  const strict = make({ threshold: 0.999 })
  await strict.chat('What is the capital of France?')
  expect((await strict.chat('What is the capital city of France?')).cached).toBe(false)
  const loose = make({ threshold: 0.7 })
  await loose.chat('What is the capital of France?')
  expect((await loose.chat('What is the capital city of France?')).cached).toBe('semantic')
})

it('takes no answer of another conversation, system, option or tenant', async () => {
  const provider = make()
  const question = 'And what is the weather like there?'
  const said = (city: string) => ({
    messages: [`I am in ${city}.`, { role: 'assistant' as const, content: 'Good.' }, question],
  })
  await provider.chat(said('Lima'))
  expect((await provider.chat(said('Lima'))).cached).toBe('semantic')
  expect((await provider.chat(said('Oslo'))).cached).toBe(false)
  expect((await provider.chat({ ...said('Lima'), system: 'Be brief.' })).cached).toBe(false)
  expect((await provider.chat({ ...said('Lima'), temperature: 1 })).cached).toBe(false)
  expect((await provider.chat(said('Lima'), { metadata: { tenant: 'acme' } })).cached).toBe(false)
})

it('lets the oldest go, and keeps only what ended by itself', async () => {
  const provider = make({ max: 1 })
  await provider.chat('What is the capital of France?')
  await provider.chat('How do I bake bread?')
  expect((await provider.chat('What is the capital of France?')).cached).toBe(false)
  const cut = semanticCache(mockProvider(), { embedder: lettersEmbedder() })
  await cut.chat({ messages: 'one two three', maxOutputTokens: 1 })
  expect((await cut.chat({ messages: 'one two three', maxOutputTokens: 1 })).cached).toBe(false)
})

it('does not look up images, and answers with a warning where its embedder fails', async () => {
  const asked: string[] = []
  const provider = semanticCache(numbered(), { embedder: lettersEmbedder(asked) })
  const data = new Uint8Array([1])
  await provider.chat([
    {
      role: 'user',
      content: [
        { type: 'text', text: 'What is it?' },
        { type: 'image', data, mediaType: 'image/png' },
      ],
    },
  ])
  expect(asked).toEqual([])
  const embedder = lettersEmbedder()
  embedder.embed = () => Promise.reject(new LlmError('network', 'Cut.'))
  expect(await semanticCache(numbered(), { embedder }).chat('x')).toMatchObject({
    text: 'answer 1',
    warnings: [{ feature: 'cache', message: expect.stringContaining('Cut.') }],
  })
})

it('holds no more vectors than its bound, also of what others have answered', async () => {
  const kept = new Map<string, string>()
  const options = { embedder: lettersEmbedder(), max: 20_000 }
  const written = {
    get: async (key: string) => kept.get(key),
    set: async (key: string, text: string) => kept.set(key, text),
  }
  const writer = make({ ...options, store: written })
  const chat = (system: string) => ({ system, messages: 'What is the capital of France?' })
  await writer.chat(chat('one'))
  await writer.chat(chat('other'))
  // Others have kept ten thousand more like it, in each conversation.
  const many = 10_500
  let reads = 0
  const store = {
    ...written,
    get: async (key: string) => {
      reads++
      const [conversation, place] = [key.slice(0, key.lastIndexOf(':')), key.slice(key.lastIndexOf(':') + 1)]
      if (place === 'count') return kept.get(key)?.replace('1', `${many}`)
      return kept.get(`${conversation}:1`)?.replace('"number":1', `"number":${place}`)
    },
  }
  const reader = make({ ...options, store })
  const readsOf = async (system: string) => {
    const before = reads
    expect((await reader.chat(chat(system))).cached).toBe('semantic')
    return reads - before
  }
  expect(await readsOf('one')).toBeGreaterThan(many)
  expect(await readsOf('one')).toBeLessThan(10)
  expect(await readsOf('other')).toBeGreaterThan(many)
  // There is no room for both: the first one was let go, and is read again.
  expect(await readsOf('one')).toBeGreaterThan(many)
}, 30_000)

describe('two processes with one store', () => {
  const france = 'What is the capital of France?'
  const bread = 'How do I bake bread?'
  function two() {
    const data = new Map<string, string>()
    const later = () => new Promise((resolve) => setImmediate(resolve))
    const store = {
      get: async (key: string) => {
        await later()
        return data.get(key)
      },
      set: async (key: string, value: string) => {
        await later()
        data.set(key, value)
      },
    }
    const make = (name: string) =>
      semanticCache(mockProvider({ answers: [`Of ${name}.`, `Of ${name} again.`] }), {
        embedder: lettersEmbedder(),
        store,
      })
    return { data, a: make('a'), b: make('b') }
  }

  it('that keep their answers at the same moment give none to the question of the other', async () => {
    const { a, b } = two()
    await Promise.all([a.chat(france), b.chat(bread)])
    const answers = [(await a.chat(france)).text, (await b.chat(bread)).text]
    expect(answers[0]).toMatch(/^Of a/)
    expect(answers[1]).toMatch(/^Of b/)
    // One of them is kept, for both.
    expect((await a.chat(bread)).text).toMatch(/^Of b/)
  })

  it('nor where the store was emptied, and the other one filled it', async () => {
    const { data, a, b } = two()
    await a.chat(france)
    data.clear()
    await b.chat(bread)
    expect(await a.chat(france)).toMatchObject({ text: 'Of a again.', cached: false })
    expect(await a.chat(bread)).toMatchObject({ text: 'Of b.', cached: 'semantic' })
  })
})
