// What services say of their limits, in both forms of headers, and what is no such thing.
import { expect, it } from 'vitest'
import { rateLimits } from './rate-limits.js'

const now = Date.UTC(2026, 10, 25, 12)
const told = (headers: Record<string, string>) => rateLimits(new Headers(headers), now)

it('reads Anthropic’s', () => {
  expect(
    told({
      'anthropic-ratelimit-requests-limit': '50',
      'anthropic-ratelimit-requests-remaining': '49',
      'anthropic-ratelimit-requests-reset': '2026-11-25T12:00:30Z',
      'anthropic-ratelimit-tokens-remaining': '0',
    }),
  ).toEqual({ requests: { limit: 50, remaining: 49, resetMs: 30_000 }, tokens: { remaining: 0 } })
})

it.each([
  ['6m0s', 360_000],
  ['1h2m3.5s', 3_723_500],
  ['20ms', 20],
  ['1.5', 1500],
  ['2d', 172_800_000],
])('reads OpenAI’s, reset in %s', (reset, resetMs) => {
  expect(told({ 'x-ratelimit-limit-tokens': '1000', 'x-ratelimit-reset-tokens': reset })).toEqual({
    tokens: { limit: 1000, resetMs },
  })
})

it('tells nothing where nothing, or nonsense, is told', () => {
  expect(told({})).toBeUndefined()
  expect(told({ 'x-ratelimit-limit-requests': 'many', 'x-ratelimit-reset-requests': '5' })).toBeUndefined()
  expect(told({ 'x-ratelimit-remaining-requests': '-1' })).toBeUndefined()
  expect(told({ 'x-ratelimit-limit-requests': '5', 'x-ratelimit-reset-requests': 'soon' })).toEqual({
    requests: { limit: 5 },
  })
})
