import { isLlmError, type Provider } from '@patchbay/core'
import { mockProvider } from '@patchbay/testing'
import { describe, expect, it } from 'vitest'
import { around, expectReleased, type Fault, half, several, stream, withServer } from '../test/faults.js'

describe('an abort in the middle', () => {
  const answering: Fault = { serve: () => ({ ...stream, stallAt: half }), codes: ['aborted', 'aborted'] }
  const all: [string, (provider: Provider) => Provider][] = [
    ...Object.entries(around),
    // What a cascade would show is not there yet.
    ...Object.entries(several)
      .filter(([name]) => name !== 'cascade')
      .map(([name, put]): [string, (provider: Provider) => Provider] => [
        name,
        (provider) => put(provider, mockProvider()),
      ]),
  ]
  it.each(all)('through %s: one error, and the connection is released', (_, put) =>
    withServer(answering, true, async (faulty, server) => {
      const provider = put(faulty)
      const call = provider.stream('Count.', { timeout: { idle: 60_000, first: 60_000 } })
      let seen = ''
      const error: unknown = await (async () => {
        for await (const text of call.text) {
          seen += text
          if (seen === 'one two ') call.abort()
        }
      })().catch((thrown) => thrown)
      expect(isLlmError(error, 'aborted') && error.partial?.text).toBe('one two ')
      await expectReleased(server)
      await provider.close()
    }))
})

describe('a stream that ends without its terminator', () => {
  // No provider of core's making does; one of an app's own may.
  const faulty = (): Provider => {
    const base = mockProvider({ provider: 'openai', model: 'm' })
    const { stream } = base
    base.stream = (...asked: Parameters<Provider['stream']>) => {
      const whole = stream.apply(base, asked)
      const cut = async function* () {
        for await (const event of whole) {
          if (event.type === 'finish') return
          yield event
        }
      }
      return Object.assign(Object.create(whole), { [Symbol.asyncIterator]: cut })
    }
    return base
  }
  const all: [string, (provider: Provider) => Provider][] = [
    ...Object.entries(around).filter(([name]) => name !== 'nothing'),
    ...Object.entries(several).map(([name, put]): [string, (provider: Provider) => Provider] => [
      name,
      (provider) => put(provider, faulty()),
    ]),
  ]
  it.each(all)('through %s: is not a complete answer', async (_, put) => {
    const provider = put(faulty())
    const reading = async () => {
      for await (const _ of provider.stream('Count.', { retry: false }));
    }
    const error: unknown = await reading().catch((thrown) => thrown)
    expect(error).toMatchObject({ code: 'bad-response', retryable: true })
    expect(String(error)).toContain('ended without saying that it was complete')
    await provider.close()
  })
})
