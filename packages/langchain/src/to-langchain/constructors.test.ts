// Constructor options of `chatModel` and `embeddings`, and their retries.
import { LlmError } from '@patchbay/core'
import { mockProvider } from '@patchbay/testing'
import { describe, expect, it } from 'vitest'
import { chatModel, embeddings, type PatchbayChatOptions } from '../index.js'

describe('the retries of a call', () => {
  const limited = () => new LlmError('overloaded', 'Later.', { retryable: true })
  const retrying = { retry: { retries: 1, baseDelay: 0 } }

  it.each<[what: string, params: object, options: PatchbayChatOptions, attempts: number]>([
    ['the provider says how often', {}, {}, 2],
    ['maxRetries of the constructor', { maxRetries: 0 }, {}, 1],
    ['maxRetries of the call', { maxRetries: 0 }, { maxRetries: 2 }, 3],
    ['retry of the call', { maxRetries: 2 }, { call: { retry: false } }, 1],
  ])('are few or many: %s', async (_, params, options, attempts) => {
    const inner = mockProvider({ ...retrying, answers: [limited(), limited(), limited(), limited()] })
    await expect(chatModel(inner, params).invoke('Hi', options)).rejects.toMatchObject({ code: 'overloaded' })
    expect(inner.requests).toHaveLength(attempts)
  })
})

describe('the constructors', () => {
  it('refuse what nobody would read', () => {
    const inner = mockProvider()
    for (const params of [
      { temperature: 0 },
      { maxConcurrency: 2 },
      { headers: {} },
      { stop: [] },
      { onFailedAttempt() {} },
    ])
      expect(() => chatModel(inner, params as never)).toThrow(Object.keys(params)[0])
    for (const params of [{ batchSize: 2 }, { dimensions: 2 }, { maxRetries: 1 }])
      expect(() => embeddings(inner, params as never)).toThrow(Object.keys(params)[0])
  })

  it("take all of LangChain's own", () => {
    const own = {
      cache: true,
      callbacks: [],
      tags: ['t'],
      metadata: {},
      verbose: false,
      disableStreaming: true,
    }
    expect(
      chatModel(mockProvider(), { ...own, outputVersion: 'v1', maxRetries: 1, cacheName: 'n' }).maxRetries,
    ).toBe(1)
  })
})

describe('the options of embeddings', () => {
  it('reach the provider, all of them', async () => {
    const asked: unknown[] = []
    const vectors = [Float32Array.of(1)]
    const provider = {
      async embed(...given: unknown[]) {
        asked.push(given)
        return { vectors, usage: {}, model: 'm', provider: 'p' }
      },
    }
    const { signal } = new AbortController()
    const request = { dimensions: 4, truncate: true, concurrency: 2, providerOptions: { p: { a: 1 } } }
    const call = { signal, timeout: 5, retry: false as const, headers: { a: 'b' }, metadata: { tenant: 't' } }
    const model = embeddings(provider as never, { ...call, request })
    await model.embedQuery('q')
    await model.embedDocuments(['d'])
    expect(asked).toEqual([
      [{ ...request, input: ['q'], inputType: 'query' }, call],
      [{ ...request, input: ['d'], inputType: 'document' }, call],
    ])
  })
})
