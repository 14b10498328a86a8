// Retry-After in its three forms, and the rules of waiting.
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { LlmError } from '../contract/errors.js'
import { defaultRetry, nextDelay, parseRetryAfter } from './retry.js'

const headers = (values: Record<string, string>) => new Headers(values)
const now = Date.UTC(2026, 0, 1)

describe('parseRetryAfter', () => {
  it('law: reads seconds, milliseconds and dates', () =>
    fc.assert(
      fc.property(fc.nat(100_000), (seconds) => {
        expect(parseRetryAfter(headers({ 'retry-after': String(seconds) }), now)).toBe(seconds * 1000)
        expect(parseRetryAfter(headers({ 'retry-after-ms': String(seconds) }), now)).toBe(seconds)
        expect(
          parseRetryAfter(headers({ 'retry-after': new Date(now + seconds * 1000).toUTCString() }), now),
        ).toBe(seconds * 1000)
      }),
    ))

  it('prefers milliseconds, takes fractions, and never goes back in time', () => {
    expect(parseRetryAfter(headers({ 'retry-after': '9', 'retry-after-ms': '250.5' }), now)).toBe(250.5)
    expect(parseRetryAfter(headers({ 'retry-after': '1.5' }), now)).toBe(1500)
    expect(parseRetryAfter(headers({ 'retry-after': 'Wed, 21 Oct 2015 07:28:00 GMT' }), now)).toBe(0)
  })

  it.each(['', 'soon', '-5', 'NaN', '1e3x'])('says nothing for %j', (value) => {
    expect(parseRetryAfter(headers({ 'retry-after': value }), now)).toBeUndefined()
  })

  it('a wait without an end is a number, and longer than anybody waits', () => {
    for (const name of ['retry-after', 'retry-after-ms']) {
      const wait = parseRetryAfter(headers({ [name]: '9'.repeat(400) }), now) ?? 0
      expect(Number.isFinite(wait)).toBe(true)
      expect(wait).toBeGreaterThan(defaultRetry.maxRetryAfter)
    }
  })

  it('says nothing without a header', () => expect(parseRetryAfter(headers({}), now)).toBeUndefined())
})

describe('nextDelay', () => {
  it('law: stays under the cap and the deadline, and ends after the allowed attempts', () =>
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 20 }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        fc.nat(20_000),
        (attempt, luck, left) => {
          const delay = nextDelay(
            new LlmError('overloaded', 'Busy.'),
            { attempt, now, deadline: now + left, random: () => luck },
            { ...defaultRetry, retries: 10 },
          )
          if (attempt > 10) expect(delay).toBeUndefined()
          if (delay === undefined) return
          expect(delay).toBeGreaterThanOrEqual(0)
          expect(delay).toBeLessThanOrEqual(Math.min(8000, 500 * 2 ** (attempt - 1)))
          expect(delay).toBeLessThan(left)
        },
      ),
    ))
})
