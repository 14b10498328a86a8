// Contract tests of call options: signal and timeout hold for every operation, and odd metadata harms no call.
import type { CallOptions, ErrorCode, Provider } from '@patchbay/core'
import { describe, expect, it } from 'vitest'
import type { Subject } from './subject.js'

export function callOptions(subject: Subject): void {
  const { short } = subject
  const operations: [name: string, call: (provider: Provider, options: CallOptions) => Promise<unknown>][] = [
    ['chat', (provider, options) => provider.chat(short, options)],
    ['stream', (provider, options) => provider.stream(short, options)[Symbol.asyncIterator]().next()],
    ['embed', (provider, options) => provider.embed('text', options)],
    ['rerank', (provider, options) => provider.rerank({ query: 'q', documents: ['d'] }, options)],
    [
      'transcribe',
      (provider, options) =>
        provider.transcribe({ audio: Uint8Array.of(1), mediaType: 'audio/wav' }, options),
    ],
    ['image', (provider, options) => provider.image('A cat', options)],
    ['speak', (provider, options) => provider.speak('Hello', options).response()],
    ['countTokens', (provider, options) => provider.countTokens(short, options)],
    ['batches.submit', (provider, options) => provider.batches.submit([short], options)],
  ]

  describe('the options of a call', () => {
    it.each(operations)('hold for %s', async (name, call) => {
      const reason = new Error('enough')
      const aborted = await subject.failure(call(subject.provider, { signal: AbortSignal.abort(reason) }))
      const late = await subject.failure(call(subject.provider, { timeout: Number.MIN_VALUE, retry: false }))
      // A provider that lacks the operation may say so first, both times.
      const lacking = aborted.code === 'unsupported' && !['chat', 'stream'].includes(name)
      const expected: ErrorCode[] = lacking ? ['unsupported', 'unsupported'] : ['aborted', 'timeout']
      expect([aborted.code, late.code]).toEqual(expected)
      expect(aborted.cause).toBe(lacking ? undefined : reason)
    })

    const trap = new Proxy(
      {},
      {
        get: () => {
          throw new Error('trap')
        },
      },
    )
    const odd: [what: string, options: object][] = [
      ['without a string form', { metadata: { a: { toString: 1, valueOf: 1 } } }],
      ['that throws', { metadata: { a: trap } }],
      ['of other kinds', { metadata: { key: 1, tenant: null, a: Symbol('a'), b: () => {} } }],
    ]
    it.each(odd)('harm no call where metadata is odd: %s', async (_, options) => {
      const response = await subject.answerOr(['invalid-request'], subject.provider.chat(short, options))
      expect(response?.text).not.toBe('')
    })
  })
}
