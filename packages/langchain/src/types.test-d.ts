// Type tests: options that would be ignored do not compile.
import { mockProvider } from '@patchbay/testing'
import { describe, expectTypeOf, it } from 'vitest'
import { chatModel, embeddings } from './index.js'

const provider = mockProvider()

describe('the constructors', () => {
  it("take LangChain's own options", () => {
    expectTypeOf(chatModel).toBeCallableWith(provider, { maxRetries: 0, cache: true, tags: ['t'] })
  })

  it('take no options that they refuse', () => {
    // @ts-expect-error it would be ignored
    chatModel(provider, { maxConcurrency: 2 })
    // @ts-expect-error it would be ignored
    chatModel(provider, { onFailedAttempt() {} })
    // @ts-expect-error it would be ignored
    embeddings(provider, { maxConcurrency: 2 })
  })
})
