// The arithmetic of rate limits, as changes of one value: no clock, no waiting.
import type { RateLimit } from '@patchbay/core'

/** A minute's worth at most, filling as time goes by. Below zero it is in debt. */
export interface Bucket {
  /** How much is in it, */
  level: number
  /** at this moment. */
  at: number
  /** What the service says goes in, where nobody has said otherwise. */
  told?: number
}

/** What is known of a service's limits. */
export interface RateState {
  requests: Bucket
  tokens: Bucket
  /** Until when nobody asks, because the service said so. */
  pausedUntil: number
  /** Running calls, and until when each holds its place. */
  running: Record<string, number>
}

/** The limits somebody has set. */
export interface LimitRules {
  concurrency?: number
  requests?: number
  tokens?: number
}

/** Leave to go. */
export interface Permit {
  id: string
  /** What was taken for it, by estimate. */
  tokens: number
}

const minute = 60_000

export function unlimited(): RateState {
  const full = () => ({ level: Number.MAX_SAFE_INTEGER, at: 0 })
  return { requests: full(), tokens: full(), pausedUntil: 0, running: {} }
}

function filled(
  bucket: Bucket,
  rule: number | undefined,
  now: number,
): Bucket & { rate: number | undefined } {
  const rate = rule ?? bucket.told
  if (rate === undefined) return { ...bucket, at: now, rate }
  const level = Math.min(rate, bucket.level + (Math.max(0, now - bucket.at) * rate) / minute)
  return { ...bucket, level, at: Math.max(now, bucket.at), rate }
}

/** Milliseconds until there is this much in it. What is larger than the whole bucket goes when that is full. */
function wait({ level, rate }: { level: number; rate: number | undefined }, amount: number): number {
  if (rate === undefined) return 0
  const missing = Math.min(amount, rate) - level
  // A level is the sum of many small numbers.
  return missing <= 1e-6 ? 0 : (missing * minute) / rate
}

const plain = ({ level, at, told }: Bucket): Bucket => ({ level, at, ...(told !== undefined && { told }) })

export const permitted = {
  /** Takes a place, a request and these tokens; or says how long to wait (for ever: until somebody ends). */
  take(
    state: RateState,
    rules: LimitRules,
    { id, tokens }: { id: string; tokens: number },
    now: number,
    leaseMs: number,
  ): { next: RateState; result: { permit: Permit } | { waitMs: number } } {
    const running = Object.fromEntries(Object.entries(state.running).filter(([, until]) => until > now))
    const requests = filled(state.requests, rules.requests, now)
    const bucket = filled(state.tokens, rules.tokens, now)
    if (rules.concurrency !== undefined && Object.keys(running).length >= rules.concurrency)
      return { next: { ...state, running }, result: { waitMs: Number.POSITIVE_INFINITY } }
    const waitMs = Math.max(state.pausedUntil - now, wait(requests, 1), wait(bucket, tokens))
    if (waitMs > 0) return { next: { ...state, running }, result: { waitMs } }
    return {
      next: {
        pausedUntil: state.pausedUntil,
        requests: plain({ ...requests, level: requests.level - (requests.rate === undefined ? 0 : 1) }),
        tokens: plain({ ...bucket, level: bucket.level - (bucket.rate === undefined ? 0 : tokens) }),
        running: rules.concurrency === undefined ? {} : { ...running, [id]: now + leaseMs },
      },
      result: { permit: { id, tokens } },
    }
  },

  /** Gives the place back, and settles what was taken by what was used; `undefined`: nobody knows. */
  ended(
    state: RateState,
    rules: LimitRules,
    { id, tokens }: Permit,
    used: number | undefined,
    now: number,
    pauseMs = 0,
  ): RateState {
    const { [id]: _, ...running } = state.running
    const bucket = filled(state.tokens, rules.tokens, now)
    const back = used === undefined || bucket.rate === undefined ? 0 : tokens - used
    const level = Math.min(bucket.rate ?? bucket.level, bucket.level + back)
    return {
      ...state,
      running,
      tokens: plain({ ...bucket, level }),
      pausedUntil: Math.max(state.pausedUntil, pauseMs > 0 ? now + pauseMs : 0),
    }
  },

  /** One more request, for a call that is tried again. */
  again(state: RateState, rules: LimitRules, now: number): RateState {
    const requests = filled(state.requests, rules.requests, now)
    return {
      ...state,
      requests: plain({ ...requests, level: requests.level - (requests.rate === undefined ? 0 : 1) }),
    }
  },

  /** The places of these calls, kept longer. */
  renewed(state: RateState, ids: ReadonlySet<string>, until: number): RateState {
    return {
      ...state,
      running: Object.fromEntries(
        Object.entries(state.running).map(([id, at]) => [id, ids.has(id) ? until : at]),
      ),
    }
  },

  /** What the service says is left. It knows of those who ask without us. */
  told(
    state: RateState,
    rules: LimitRules,
    told: { requests?: RateLimit | undefined; tokens?: RateLimit | undefined },
    now: number,
  ): RateState {
    const heard = (bucket: Bucket, rule: number | undefined, said: RateLimit | undefined): Bucket => {
      if (said === undefined) return bucket
      const { level, rate } = filled(
        { ...bucket, ...(said.limit !== undefined && { told: said.limit }) },
        rule,
        now,
      )
      return plain({
        level: rate === undefined ? level : Math.min(level, said.remaining ?? level),
        at: now,
        ...(said.limit !== undefined
          ? { told: said.limit }
          : bucket.told !== undefined && { told: bucket.told }),
      })
    }
    return {
      ...state,
      requests: heard(state.requests, rules.requests, told.requests),
      tokens: heard(state.tokens, rules.tokens, told.tokens),
    }
  },
}
