// Policies in any order give the same answer, the same error and the same close.
import { LlmError, type Provider } from '@patchbay/core'
import { mockProvider } from '@patchbay/testing'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { failureOf, read } from '../test/failure.js'
import { harmless } from '../test/policies.js'

// A cassette gives the same answers to whoever asks, in another order.
const { record: _, replay: __, ...policies } = harmless
const names = Object.keys(policies) as (keyof typeof policies)[]
const put = (provider: Provider, order: (keyof typeof policies)[]) =>
  order.reduce((inner, name) => policies[name](inner), provider)

it('law: any policies in any order keep the answer, the failure and the close', async () => {
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
