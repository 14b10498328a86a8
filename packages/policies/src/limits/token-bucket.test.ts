// Token bucket arithmetic: what may pass, how long the rest waits, and how usage, retries and headers change the levels.
import { describe, expect, it } from 'vitest'
import { type LimiterState, type LimitRules, tokenBucket, unlimited } from './token-bucket.js'

const minute = 60_000
const lease = 30_000

/** Acquires one call, and returns the state after it. */
function acquired(
  state: LimiterState,
  rules: LimitRules,
  tokens: number,
  now: number,
  id = 'a',
): LimiterState {
  const { next, result } = tokenBucket.acquire(state, rules, { id, tokens }, now, lease)
  expect(result).toEqual({ permit: { id, tokens } })
  return next
}

const waitOf = (state: LimiterState, rules: LimitRules, tokens: number, now: number) => {
  const { result } = tokenBucket.acquire(state, rules, { id: 'b', tokens }, now, lease)
  return 'waitMs' in result ? result.waitMs : 0
}

describe('tokens', () => {
  const rules = { tokens: 1000 }

  it('are taken by the estimate, and refill over a minute up to the limit', () => {
    const state = acquired(unlimited(), rules, 900, 0)
    expect(waitOf(state, rules, 100, 0)).toBe(0)
    // 800 are missing, 1000 flow in a minute.
    expect(waitOf(state, rules, 900, 0)).toBeCloseTo(0.8 * minute)
    expect(waitOf(state, rules, 900, 0.8 * minute)).toBe(0)
    // After an hour the bucket holds a minute's worth, not more.
    const later = acquired(state, rules, 1000, 60 * minute)
    expect(waitOf(later, rules, 1, 60 * minute)).toBeCloseTo(60)
  })

  it('that were not used are returned, and those used beyond the estimate are taken', () => {
    const state = acquired(unlimited(), rules, 900, 0)
    const permit = { id: 'a', tokens: 900 }
    const release = (used: number | undefined) => tokenBucket.release(state, rules, permit, used, 0)
    expect(release(100).tokens.level).toBe(900)
    expect(release(0).tokens.level).toBe(1000)
    expect(release(undefined).tokens.level).toBe(100)
    expect(release(1200).tokens.level).toBe(-200)
  })

  it('without a limit are not counted', () => {
    const state = acquired(unlimited(), { requests: 1 }, 1e9, 0)
    const released = tokenBucket.release(state, { requests: 1 }, { id: 'a', tokens: 1e9 }, 5, 0)
    expect(released.tokens.level).toBe(unlimited().tokens.level)
  })

  it('more than the bucket holds wait until it is full', () => {
    const empty = acquired(unlimited(), rules, 1000, 0)
    expect(waitOf(empty, rules, 5000, 0)).toBe(minute)
    expect(waitOf(empty, rules, 5000, minute)).toBe(0)
  })
})

describe('requests', () => {
  it('count one each, and one more for a retry', () => {
    const rules = { requests: 2 }
    const one = acquired(unlimited(), rules, 0, 0)
    expect(one.requests.level).toBe(1)
    expect(waitOf(one, rules, 0, 0)).toBe(0)
    const retried = tokenBucket.countRetry(one, rules, 0)
    expect(retried.requests.level).toBe(0)
    expect(waitOf(retried, rules, 0, 0)).toBe(minute / 2)
  })
})

describe('leases', () => {
  const rules = { concurrency: 1 }

  it('are held until they are released or expire', () => {
    const state = acquired(unlimited(), rules, 0, 0)
    expect(waitOf(state, rules, 0, lease - 1)).toBe(Number.POSITIVE_INFINITY)
    expect(waitOf(state, rules, 0, lease)).toBe(0)
    const released = tokenBucket.release(state, rules, { id: 'a', tokens: 0 }, 0, 1)
    expect(released.leases).toEqual([])
    expect(waitOf(released, rules, 0, 1)).toBe(0)
  })

  it('are extended for calls of this process only', () => {
    const two = { concurrency: 2 }
    const state = acquired(acquired(unlimited(), two, 0, 0, 'ours'), two, 0, 0, 'theirs')
    expect(tokenBucket.renewLeases(state, ['ours'], 99_000).leases).toEqual([
      ['theirs', lease],
      ['ours', 99_000],
    ])
  })

  it('are not kept without a limit of concurrency', () => {
    expect(acquired(unlimited(), { requests: 5 }, 0, 0).leases).toEqual([])
  })
})

describe('a pause that the service asked for', () => {
  it('holds all calls back, and is never shortened by a later one', () => {
    const state = acquired(unlimited(), {}, 0, 0)
    const permit = { id: 'a', tokens: 0 }
    const paused = tokenBucket.release(state, {}, permit, 0, 1000, 5000)
    expect(waitOf(paused, {}, 0, 1000)).toBe(5000)
    const again = tokenBucket.release(paused, {}, permit, 0, 1000, 100)
    expect(waitOf(again, {}, 0, 1000)).toBe(5000)
    expect(waitOf(tokenBucket.release(paused, {}, permit, 0, 1000), {}, 0, 6000)).toBe(0)
  })
})

describe('headers', () => {
  it('set a limit that no option sets, and lower the level to what is left', () => {
    const told = tokenBucket.applyHeaders(unlimited(), {}, { requests: { limit: 60, remaining: 2 } }, 0)
    expect(told.requests).toEqual({ level: 2, at: 0, reported: 60 })
    expect(told.tokens).toEqual(unlimited().tokens)
    // Two are left, then one a second.
    const spent = acquired(acquired(told, {}, 0, 0), {}, 0, 0)
    expect(waitOf(spent, {}, 0, 0)).toBe(1000)
    // The limit stays known when later headers name only what is left.
    const later = tokenBucket.applyHeaders(spent, {}, { requests: { remaining: 10 } }, 5000)
    expect(later.requests).toEqual({ level: 5, at: 5000, reported: 60 })
  })

  it('do not raise a level, and do not change a limit that an option sets', () => {
    const rules = { tokens: 100 }
    const state = acquired(unlimited(), rules, 90, 0)
    const told = tokenBucket.applyHeaders(state, rules, { tokens: { limit: 5000, remaining: 4000 } }, 0)
    expect(told.tokens.level).toBe(10)
    expect(waitOf(told, rules, 100, 0)).toBeCloseTo(0.9 * minute)
  })

  it('without numbers change nothing', () => {
    const state = acquired(unlimited(), { tokens: 100 }, 90, 0)
    expect(tokenBucket.applyHeaders(state, { tokens: 100 }, {}, 0)).toEqual(state)
  })
})
