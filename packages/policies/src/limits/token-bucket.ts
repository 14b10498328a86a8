// Token buckets of requests and tokens, and concurrency leases: pure functions of one state, shared by several processes.
import type { RateLimit } from '@patchbay/core'

/** A token bucket. It holds at most one minute's worth and refills continuously. A negative level is debt. */
export interface Bucket {
  /** The amount in it at the time `at`. */
  level: number
  /** Milliseconds. */
  at: number
  /** The rate a minute that the service's headers report, used where no option sets one. */
  reported?: number
}

/** A call in flight, and when it is no longer counted, in milliseconds. A list, which is cheaper to copy than a map. */
type Lease = readonly [id: string, until: number]

/** State of a limiter. */
export interface LimiterState {
  requests: Bucket
  tokens: Bucket
  /** End of a pause that the service asked for by `Retry-After`, in milliseconds. */
  pausedUntil: number
  /** Leases of calls in flight. */
  leases: readonly Lease[]
}

/** The limits set by options. */
export interface LimitRules {
  concurrency?: number | undefined
  /** A minute. */
  requests?: number | undefined
  /** A minute, input and output together. */
  tokens?: number | undefined
}

/** Permission for one call. */
export interface Permit {
  id: string
  /** The tokens taken for it, by estimate. */
  tokens: number
}

const minute = 60_000

export function unlimited(): LimiterState {
  const full = () => ({ level: Number.MAX_SAFE_INTEGER, at: 0 })
  return { requests: full(), tokens: full(), pausedUntil: 0, leases: [] }
}

function refilled(
  bucket: Bucket,
  rule: number | undefined,
  now: number,
): Bucket & { rate: number | undefined } {
  const rate = rule ?? bucket.reported
  if (rate === undefined) return { ...bucket, at: now, rate }
  const level = Math.min(rate, bucket.level + (Math.max(0, now - bucket.at) * rate) / minute)
  return { ...bucket, level, at: Math.max(now, bucket.at), rate }
}

/** Milliseconds until the bucket holds this amount. A larger amount than the bucket holds waits until it is full. */
function waitFor({ level, rate }: { level: number; rate: number | undefined }, amount: number): number {
  if (rate === undefined) return 0
  const missing = Math.min(amount, rate) - level
  // Tolerates rounding: a level is the sum of many small numbers.
  return missing <= 1e-6 ? 0 : (missing * minute) / rate
}

const withoutRate = ({ level, at, reported }: Bucket): Bucket => ({
  level,
  at,
  ...(reported !== undefined && { reported }),
})

/** The bucket after one request or these tokens. A bucket without a rate stays as it is. */
const reduced = (bucket: Bucket & { rate: number | undefined }, amount: number): Bucket =>
  withoutRate({ ...bucket, level: bucket.level - (bucket.rate === undefined ? 0 : amount) })

/** Changes of a limiter's state. Times are in milliseconds. */
export const tokenBucket = {
  /** Takes a lease, one request and these tokens; or returns how long to wait (`Infinity`: until a call ends). */
  acquire(
    state: LimiterState,
    rules: LimitRules,
    { id, tokens }: { id: string; tokens: number },
    now: number,
    leaseMs: number,
  ): { next: LimiterState; result: { permit: Permit } | { waitMs: number } } {
    const leases = state.leases.filter(([, until]) => until > now)
    const requests = refilled(state.requests, rules.requests, now)
    const bucket = refilled(state.tokens, rules.tokens, now)
    if (rules.concurrency !== undefined && leases.length >= rules.concurrency)
      return { next: { ...state, leases }, result: { waitMs: Number.POSITIVE_INFINITY } }
    const waitMs = Math.max(state.pausedUntil - now, waitFor(requests, 1), waitFor(bucket, tokens))
    if (waitMs > 0) return { next: { ...state, leases }, result: { waitMs } }
    return {
      next: {
        pausedUntil: state.pausedUntil,
        requests: reduced(requests, 1),
        tokens: reduced(bucket, tokens),
        leases: rules.concurrency === undefined ? [] : [...leases, [id, now + leaseMs]],
      },
      result: { permit: { id, tokens } },
    }
  },

  /** Returns the lease, and corrects the estimated tokens by those used. `used: undefined`: unknown, the estimate stays. */
  release(
    state: LimiterState,
    rules: LimitRules,
    { id, tokens }: Permit,
    used: number | undefined,
    now: number,
    pauseMs = 0,
  ): LimiterState {
    const leases = state.leases.filter(([held]) => held !== id)
    const bucket = refilled(state.tokens, rules.tokens, now)
    const refund = used === undefined || bucket.rate === undefined ? 0 : tokens - used
    const level = Math.min(bucket.rate ?? bucket.level, bucket.level + refund)
    return {
      ...state,
      leases,
      tokens: withoutRate({ ...bucket, level }),
      pausedUntil: Math.max(state.pausedUntil, pauseMs > 0 ? now + pauseMs : 0),
    }
  },

  /** Returns all that a call took which was never made. */
  cancel(state: LimiterState, rules: LimitRules, permit: Permit, now: number): LimiterState {
    const next = tokenBucket.release(state, rules, permit, 0, now)
    const { rate, ...requests } = refilled(next.requests, rules.requests, now)
    if (rate === undefined) return next
    return { ...next, requests: { ...requests, level: Math.min(rate, requests.level + 1) } }
  },

  /** Takes one more request, for a retry of a call. */
  countRetry(state: LimiterState, rules: LimitRules, now: number): LimiterState {
    return { ...state, requests: reduced(refilled(state.requests, rules.requests, now), 1) }
  },

  /** Extends the leases of these calls. They are in flight, so one that was lost (with its store, for example) is back. */
  renewLeases(state: LimiterState, ids: readonly string[], until: number): LimiterState {
    const others = state.leases.filter(([id]) => !ids.includes(id))
    return { ...state, leases: [...others, ...ids.map((id): Lease => [id, until])] }
  },

  /** Lowers the levels to what the service's headers report: it also counts requests that do not pass through here. */
  applyHeaders(
    state: LimiterState,
    rules: LimitRules,
    headers: { requests?: RateLimit | undefined; tokens?: RateLimit | undefined },
    now: number,
  ): LimiterState {
    const lowered = (before: Bucket, rule: number | undefined, header: RateLimit | undefined): Bucket => {
      if (header === undefined) return before
      const bucket = { ...before, ...(header.limit !== undefined && { reported: header.limit }) }
      const { level, rate } = refilled(bucket, rule, now)
      return withoutRate({
        level: rate === undefined ? level : Math.min(level, header.remaining ?? level),
        at: now,
        ...(bucket.reported !== undefined && { reported: bucket.reported }),
      })
    }
    return {
      ...state,
      requests: lowered(state.requests, rules.requests, headers.requests),
      tokens: lowered(state.tokens, rules.tokens, headers.tokens),
    }
  },
}
