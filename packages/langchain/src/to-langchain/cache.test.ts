// LangChain's cache with our models: no answer is shared between providers, tenants, options, schemas or images, and a call's
// options reach the provider.
import { InMemoryCache } from '@langchain/core/caches'
import { HumanMessage } from '@langchain/core/messages'
import type { CallOptions, Provider } from '@patchbay/core'
import { mockProvider } from '@patchbay/testing'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { chatModel, embeddings, type PatchbayChatOptions } from '../index.js'

/** Answers with how often it was asked. */
const counting = (name = 'mock') => {
  let asked = 0
  const next = () => ({ text: `${name} ${++asked}` })
  return mockProvider({ answers: Array.from({ length: 20 }, () => next) })
}
const image = (data: string) =>
  new HumanMessage({
    contentBlocks: [
      { type: 'image', data, mimeType: 'image/png' },
      { type: 'text', text: 'What is it?' },
    ],
  })

describe("LangChain's cache", () => {
  it('gives the same question to the same provider its answer', async () => {
    const model = chatModel(counting(), { cache: new InMemoryCache() })
    const options: PatchbayChatOptions = {
      request: { temperature: 0 },
      call: { metadata: { tenant: 'alice' } },
    }
    const answers = [await model.invoke('Hi', options), await model.invoke('Hi', structuredClone(options))]
    expect(answers.map(({ text }) => text)).toEqual(['mock 1', 'mock 1'])
  })

  it.each([
    true,
    new InMemoryCache(),
  ])('does not give it to another provider, even one of the same names', async (cache) => {
    const [one, other] = [chatModel(counting('one'), { cache }), chatModel(counting('other'), { cache })]
    expect((await one.invoke('Whose?')).text).toBe('one 1')
    expect((await other.invoke('Whose?')).text).toBe('other 1')
    // Unless they are said to be the same.
    const [a, b] = [counting('a'), counting('b')].map((provider) =>
      chatModel(provider, { cache, cacheName: 'both' }),
    )
    expect((await a?.invoke('Whose?'))?.text).toBe('a 1')
    expect((await b?.invoke('Whose?'))?.text).toBe('a 1')
  })

  const schema = (name: string) => ({ schema: z.object({ [name]: z.string() }) })
  it.each<[what: string, one: PatchbayChatOptions, other: PatchbayChatOptions]>([
    ['tenant', { call: { metadata: { tenant: 'alice' } } }, { call: { metadata: { tenant: 'bob' } } }],
    ['header', { call: { headers: { authorization: 'a' } } }, { call: { headers: { authorization: 'b' } } }],
    ['option', { request: { temperature: 0 } }, { request: { temperature: 1 } }],
    ['stop', { stop: ['a'] }, { stop: ['b'] }],
    [
      'option of a provider',
      { request: { providerOptions: { mock: { a: 1 } } } },
      { request: { providerOptions: { mock: { a: 2 } } } },
    ],
    ['choice', { tool_choice: 'none' }, { tool_choice: 'auto' }],
    [
      'tool',
      { tools: [{ name: 'a', description: '', schema: z.object({ x: z.string() }) }] as never },
      { tools: [{ name: 'a', description: '', schema: z.object({ y: z.string() }) }] as never },
    ],
    ['schema', { request: { output: schema('a') } }, { request: { output: schema('b') } }],
  ])('does not give it to another %s', async (_, one, other) => {
    const output = one.request?.output !== undefined
    const provider = output ? mockProvider({ answers: ['{"a":"1"}', '{"b":"2"}'] }) : counting()
    const model = chatModel(provider, { cache: new InMemoryCache() })
    const answers = [
      await model.invoke('Hi', one),
      await model.invoke('Hi', other),
      await model.invoke('Hi', one),
    ]
    expect(answers.map(({ text }) => text)).toEqual(
      output ? ['{"a":"1"}', '{"b":"2"}', '{"a":"1"}'] : ['mock 1', 'mock 2', 'mock 1'],
    )
  })

  it('does not give it to another picture', async () => {
    const model = chatModel(counting(), { cache: new InMemoryCache() })
    const answers = []
    for (const data of ['iVBORw0KGgo=', 'iVBORw0KGgoA', 'iVBORw0KGgo='])
      answers.push((await model.invoke([image(data)])).text)
    expect(answers).toEqual(['mock 1', 'mock 2', 'mock 1'])
  })

  it('has no secret in its keys', async () => {
    const keys: string[] = []
    const cache = new InMemoryCache()
    const { lookup } = cache
    cache.lookup = (prompt, key) => {
      keys.push(key)
      return lookup.call(cache, prompt, key)
    }
    await chatModel(counting(), { cache }).invoke('Hi', {
      call: { headers: { authorization: 'Bearer secret' } },
    })
    expect(keys).toHaveLength(1)
    expect(keys.join()).not.toContain('secret')
  })
})

describe('the options of a call in LangChain', () => {
  const call: Required<Omit<CallOptions, 'signal'>> = {
    timeout: { total: 12_345 },
    retry: { retries: 7 },
    headers: { 'x-of-the-call': '1' },
    onStatus: () => {},
    metadata: { tenant: 'alice' },
  }

  it('reach the provider, all of them and with the signal', async () => {
    const inner = mockProvider()
    const asked: (CallOptions | undefined)[] = []
    const watch = <Name extends 'chat' | 'stream' | 'embed'>(name: Name) => ({
      value: (...given: Parameters<Provider[Name]>) => {
        asked.push(given[1])
        return (inner[name] as (...given: unknown[]) => unknown)(...given)
      },
    })
    const provider: Provider = Object.create(inner, {
      ...{ chat: watch('chat'), stream: watch('stream'), embed: watch('embed') },
      ...{ provider: { value: 'mock' }, model: { value: 'mock-1' }, defaults: { value: {} } },
    })
    const { signal } = new AbortController()
    const model = chatModel(provider)
    await model.invoke('Hi', { call, signal })
    for await (const _ of await model.stream('Hi', { call, signal }));
    await model.withConfig({ call }).invoke('Hi', { signal })
    expect(asked).toHaveLength(3)
    for (const options of asked) {
      expect(options).toMatchObject(call)
      expect(options?.signal).toBeInstanceOf(AbortSignal)
    }
    await embeddings(provider, call)
      .embedQuery('x')
      .catch(() => {})
    await embeddings(provider, call)
      .embedDocuments(['x'])
      .catch(() => {})
    for (const options of asked.slice(3)) expect(options).toEqual(call)
    expect(asked).toHaveLength(5)
  })
})
