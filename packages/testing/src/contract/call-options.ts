// The options of a call hold for every operation; odd metadata gives an answer or one typed error.
import { type CallOptions, isLlmError, type Provider } from '@patchbay/core'
import { describe, expect, it } from 'vitest'
import type { Subject } from './subject.js'

export function callOptions(subject: Subject): void {
  const { short } = subject
  const operations: [name: string, ask: (provider: Provider, options: CallOptions) => Promise<unknown>][] = [
    ['chat', (provider, options) => provider.chat(short, options)],
    ['stream', (provider, options) => provider.stream(short, options)[Symbol.asyncIterator]().next()],
    ['embed', (provider, options) => provider.embed('text', options)],
    ['rerank', (provider, options) => provider.rerank({ query: 'q', documents: ['d'] }, options)],
    [
      'transcribe',
      (provider, options) =>
        provider.transcribe({ audio: Uint8Array.of(1), mediaType: 'audio/wav' }, options),
    ],
    ['countTokens', (provider, options) => provider.countTokens(short, options)],
    ['batches.submit', (provider, options) => provider.batches.submit([short], options)],
  ]

  describe('the options of a call', () => {
    it.each(operations)('hold for it: %s', async (_, ask) => {
      const reason = new Error('enough')
      for (const [code, options] of [
        ['aborted', { signal: AbortSignal.abort(reason) }],
        ['timeout', { timeout: Number.MIN_VALUE, retry: false }],
      ] as const) {
        const error = await subject.failure(ask(subject.provider, options))
        // Where there is no such thing, that may be said first.
        expect([code, 'unsupported']).toContain(error.code)
        if (error.code === 'aborted') expect(error.cause).toBe(reason)
      }
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
    it.each(odd)('give an answer or one typed error for odd metadata: %s', async (_, options) => {
      const outcome: unknown = await subject.provider.chat(short, options).catch((error: unknown) => error)
      if (!(outcome instanceof Error)) return
      if (!isLlmError(outcome)) expect.fail(`expected an LlmError, got ${String(outcome)}`)
      expect(outcome.message).not.toMatch(/report this/)
    })
  })
}
