// The atomic steps of a limiter: calls are admitted and come back, and the service's answers change the levels.
import type { RateLimit } from '@patchbay/core'
import type { AtomicSteps } from '../state/atomic-step.js'
import { type LimiterState, type LimitRules, type Permit, tokenBucket, unlimited } from './token-bucket.js'

export type LimiterStep =
  /** Admits calls in order, up to the first that must wait. `leaseMs`: how long a call counts without a renewal. */
  | { do: 'acquire'; calls: readonly Permit[]; leaseMs: number }
  /** A call has ended. `used`: its tokens, if known. `pauseMs`: the pause that the service asked for. */
  | { do: 'release'; permit: Permit; used?: number | undefined; pauseMs?: number | undefined }
  /** Admitted calls that were never made: all that they took is returned. */
  | { do: 'cancel'; calls: readonly Permit[] }
  /** The provider has sent a request again. */
  | { do: 'retry' }
  /** These calls are still in flight. */
  | { do: 'renew'; ids: readonly string[]; leaseMs: number }
  /** What the service's headers report. */
  | { do: 'headers'; requests?: RateLimit; tokens?: RateLimit }

/** How many calls were admitted, and how long the next one must wait in milliseconds; -1: until a call ends. */
export interface Admission {
  admitted: number
  waitMs: number
}

export type LimiterArgs = LimiterStep & { rules: LimitRules }

/** A lease that never ends, for a state that ends with its process. */
export const endlessMs = Number.MAX_SAFE_INTEGER

export const limiterSteps: AtomicSteps<LimiterState, LimiterArgs, Admission> = {
  name: 'limit',
  initial: unlimited,
  apply(stored, args, now) {
    // Versions up to 0.1 kept leases as a record. They last seconds; levels and pauses count for longer.
    const state = Array.isArray(stored.leases) ? stored : { ...stored, leases: [] }
    if (args.do === 'acquire') return acquire(state, args, now)
    return { next: changed(state, args, now), result: { admitted: 0, waitMs: 0 } }
  },
  undo: ({ rules, ...step }, { admitted }) => ({
    do: 'cancel',
    calls: step.do === 'acquire' ? step.calls.slice(0, admitted) : [],
    rules,
  }),
  common: ({ rules }) => rules,
  pack(args) {
    if (args.do === 'acquire')
      return ['acquire', args.leaseMs, ...args.calls.flatMap(({ id, tokens }) => [id, tokens])]
    if (args.do === 'release') {
      const { permit, used, pauseMs = 0 } = args
      return ['release', permit.id, permit.tokens, used ?? false, pauseMs]
    }
    const { rules: _, ...step } = args
    return [step.do, step]
  },
  lua: async () => (await import('./limiter-script.js')).limiterScript,
}

function acquire(
  state: LimiterState,
  { calls, leaseMs, rules }: Extract<LimiterArgs, { do: 'acquire' }>,
  now: number,
): { next: LimiterState; result: Admission } {
  let next = state
  for (const [admitted, call] of calls.entries()) {
    const outcome = tokenBucket.acquire(next, rules, call, now, leaseMs)
    next = outcome.next
    if ('waitMs' in outcome.result) {
      const { waitMs } = outcome.result
      return { next, result: { admitted, waitMs: Number.isFinite(waitMs) ? waitMs : -1 } }
    }
  }
  return { next, result: { admitted: calls.length, waitMs: 0 } }
}

function changed(
  state: LimiterState,
  args: Exclude<LimiterArgs, { do: 'acquire' }>,
  now: number,
): LimiterState {
  const { rules } = args
  switch (args.do) {
    case 'release':
      return tokenBucket.release(state, rules, args.permit, args.used, now, args.pauseMs)
    case 'cancel':
      return args.calls.reduce((next, call) => tokenBucket.cancel(next, rules, call, now), state)
    case 'retry':
      return tokenBucket.countRetry(state, rules, now)
    case 'renew':
      return tokenBucket.renewLeases(state, args.ids, now + args.leaseMs)
    case 'headers':
      return tokenBucket.applyHeaders(state, rules, args, now)
  }
}
