// Type tests: invalid programs do not compile.
import type { Provider } from '@patchbay/core'
import { mockProvider } from '@patchbay/testing'
import { describe, expectTypeOf, it } from 'vitest'
import {
  type BudgetProvider,
  budget,
  cache,
  fallback,
  guard,
  learn,
  limit,
  mask,
  type Policy,
  pipe,
  replay,
  semanticCache,
} from './index.js'

const provider = mockProvider()

describe('a policy', () => {
  it('takes a provider and returns one', () => {
    expectTypeOf(pipe(provider, cache, (inner) => limit(inner, { concurrency: 1 }))).toEqualTypeOf<Provider>()
    expectTypeOf(budget(provider, { limits: [{ per: 'day', usd: 1 }] })).toEqualTypeOf<BudgetProvider>()
    // @ts-expect-error it needs options
    pipe(provider, budget)
    // @ts-expect-error a name is no provider
    cache('claude')
  })

  it('takes its options alone, for pipe', () => {
    expectTypeOf(pipe(provider, limit({ concurrency: 1 }), cache(), mask())).toEqualTypeOf<Provider>()
    expectTypeOf(limit({ concurrency: 1 })).toEqualTypeOf<Policy>()
    expectTypeOf(budget({ limits: [{ per: 'day', usd: 1 }] })(provider)).toEqualTypeOf<BudgetProvider>()
    // @ts-expect-error a typo
    limit({ concurency: 1 })
    // @ts-expect-error it needs options
    budget()
  })

  it('made of several needs a first provider', () => {
    fallback([provider, () => provider, async () => provider])
    // @ts-expect-error nobody
    fallback([])
    // @ts-expect-error the first is asked what it is before any call
    learn([() => provider])
  })

  it('takes no unknown option', () => {
    // @ts-expect-error a typo
    limit(provider, { concurency: 1 })
    // @ts-expect-error no such period
    budget(provider, { limits: [{ per: 'week', usd: 1 }] })
    // @ts-expect-error no such way
    learn([provider], { by: 'magic' })
    // @ts-expect-error no such kind
    mask(provider, { find: ['nickname'] })
    // @ts-expect-error it must be said who makes vectors
    semanticCache(provider, {})
    // @ts-expect-error it must be said which cassette
    replay(provider, {})
    // @ts-expect-error a check gives a reason, not a verdict
    guard(provider, { input: () => true })
  })
})
