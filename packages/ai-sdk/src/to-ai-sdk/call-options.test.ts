// Call options of the AI SDK reach the provider: those of the model, of the call, and the SDK's own.
import type { CallOptions, Provider } from '@patchbay/core'
import { mockProvider } from '@patchbay/testing'
import { embed, generateText, streamText } from 'ai'
import { expect, it } from 'vitest'
import { embeddingModel, languageModel } from '../index.js'

const json = { timeout: { total: 12_345 }, retry: { retries: 7 }, metadata: { tenant: 'alice' } }
/** JSON cannot hold a function, so `onStatus` is an option of the model. */
const ofModel: Required<Omit<CallOptions, 'signal'>> = {
  ...json,
  headers: { 'x-of-the-model': '1' },
  onStatus: () => {},
}

function watched(): { provider: Provider; asked: (CallOptions | undefined)[] } {
  const inner = mockProvider({ capabilities: { embed: true } })
  const asked: (CallOptions | undefined)[] = []
  const watch = (name: 'chat' | 'stream' | 'embed') => ({
    value: (input: string, options?: CallOptions) => {
      asked.push(options)
      if (name === 'embed')
        return Promise.resolve({ vectors: [Float32Array.of(1)], usage: {}, model: '', provider: '' })
      return name === 'chat' ? inner.chat(input, options) : inner.stream(input, options)
    },
  })
  const provider: Provider = Object.create(inner, {
    ...{ chat: watch('chat'), stream: watch('stream'), embed: watch('embed') },
    ...{ provider: { value: 'mock' }, model: { value: 'mock-1' }, defaults: { value: {} } },
  })
  return { provider, asked }
}

const calls: Record<
  string,
  (provider: Provider, model: typeof ofModel | object, more: object) => Promise<unknown>
> = {
  generateText: (provider, model, more) =>
    generateText({ model: languageModel(provider, model), prompt: 'Hi', maxRetries: 0, ...more }),
  streamText: async (provider, model, more) =>
    streamText({ model: languageModel(provider, model), prompt: 'Hi', maxRetries: 0, ...more }).text,
  embed: (provider, model, more) =>
    embed({ model: embeddingModel(provider, model), value: 'Hi', maxRetries: 0, ...more }),
}

it.each(Object.entries(calls))('%s hands on all of them', async (_, call) => {
  const { provider, asked } = watched()
  const { signal } = new AbortController()
  const own = { abortSignal: signal, headers: { 'x-of-the-call': '2' } }
  await call(provider, ofModel, own)
  expect(asked[0]).toMatchObject({ ...ofModel, headers: { 'x-of-the-model': '1', 'x-of-the-call': '2' } })
  expect(asked[0]?.signal).toBeInstanceOf(AbortSignal)

  await call(
    provider,
    {},
    { providerOptions: { patchbay: { call: { ...json, headers: { 'x-mine': '3' } } } } },
  )
  expect(asked[1]).toMatchObject({ ...json, headers: { 'x-mine': '3' } })

  await call(provider, {}, {})
  expect(asked[2]).toMatchObject({ retry: false })
})
