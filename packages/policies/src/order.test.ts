// Policies in any order: the answer, the failure and the end are the same.
import { LlmError, type Provider } from '@patchbay/core'
import { mockProvider } from '@patchbay/testing'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { failureOf, read } from '../test/failure.js'
import { lettersEmbedder } from '../test/letters.js'
import {
  batch,
  breaker,
  budget,
  cache,
  cascade,
  fallback,
  guard,
  hedge,
  learn,
  limit,
  loadBalance,
  log,
  mask,
  priced,
  route,
  semanticCache,
  trace,
} from './index.js'

const never = () => {
  throw new Error('nobody asked for this one')
}
const policies: Record<string, (provider: Provider) => Provider> = {
  batch: (provider) => batch(provider),
  breaker: (provider) => breaker(provider),
  budget: (provider) => budget(provider, { limits: [{ per: 'run', tokens: 1e9 }] }),
  cache: (provider) => cache(provider),
  cascade: (provider) => cascade([provider, never]),
  fallback: (provider) => fallback([provider, never]),
  guard: (provider) => guard(provider, { input: () => undefined, output: () => undefined, every: 1 }),
  hedge: (provider) => hedge([provider, never], { delay: 60_000 }),
  learn: (provider) => learn([provider], { seed: 1 }),
  limit: (provider) => limit(provider, { concurrency: 2 }),
  loadBalance: (provider) => loadBalance([provider]),
  log: (provider) => log(provider, { logger: { info() {}, warn() {}, error() {} } }),
  mask: (provider) => mask(provider),
  priced: (provider) => priced(provider),
  route: (provider) => route([provider]),
  semanticCache: (provider) => semanticCache(provider, { embedder: lettersEmbedder() }),
  trace: (provider) => trace(provider),
}
const names = Object.keys(policies)
const put = (provider: Provider, order: string[]) =>
  order.reduce((inner, name) => (policies[name] as (provider: Provider) => Provider)(inner), provider)

it('law: any of them, in any order, keep the answer, the failure and the close', async () => {
  await fc.assert(
    fc.asyncProperty(fc.shuffledSubarray(names, { minLength: 2 }), async (order) => {
      const inner = mockProvider({
        retry: false,
        answers: [
          {
            reasoning: 'Hm, well.',
            text: 'Write to [EMAIL_1] now.',
            usage: { inputTokens: 3, outputTokens: 4 },
          },
          new LlmError('invalid-request', 'No.', { status: 400 }),
        ],
      })
      const provider = put(inner, order)
      const stream = provider.stream('Whom do I ask? a@b.co')
      const masked = order.includes('mask')
      const text = masked ? 'Write to a@b.co now.' : 'Write to [EMAIL_1] now.'
      expect(await read(stream)).toBe(text)
      expect(await stream.response()).toMatchObject({
        text,
        reasoning: 'Hm, well.',
        provider: 'mock',
        model: 'mock-1',
        finishReason: 'stop',
        usage: { inputTokens: 3, outputTokens: 4 },
        warnings: [],
      })
      expect(await failureOf(provider.chat('Something else entirely'))).toMatchObject({
        code: 'invalid-request',
        status: 400,
        provider: 'mock',
      })
      const left = provider.stream('One more question')
      for await (const event of left) if (event.type === 'text') break
      expect(await failureOf(left.response())).toMatchObject({ code: 'aborted' })
      await provider.close()
      expect(inner.running).toBe(0)
      expect(await failureOf(inner.chat('x'))).toMatchObject({ code: 'closed' })
    }),
    { numRuns: 60 },
  )
}, 60_000)
