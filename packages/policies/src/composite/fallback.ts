// Another provider where one cannot: `fallback`.
import type { Provider } from '@patchbay/core'
import { doors } from '../middleware/policy-coverage.js'
import { type Candidate, Candidates } from './candidates.js'
import { Several, type SeveralOptions } from './composite.js'

/** Options of `fallback`. */
export type FallbackOptions = SeveralOptions

/**
 * Asks the first; where it cannot (unavailable, overloaded, rate-limited, timed out, unsupported) before its first
 * event, the next, and so on. A request that is too long goes on only to a provider known to have a larger window. The
 * response says who answered, and its warnings say why; its `usage` holds that of the failed ones too. Vectors of different models do not compare, so `embed` asks
 * the first alone, as do `countTokens` and `models`.
 * @throws {LlmError} `config` for an empty list; a call fails with the failure of the last that was asked
 */
export function fallback(
  candidates: readonly [Provider, ...Candidate[]],
  options: FallbackOptions = {},
): Provider {
  return new Fallback(new Candidates('fallback', candidates), options)
}

class Fallback extends Several {
  protected override readonly doors = doors.fallback
  protected order(): number[] {
    return Array.from({ length: this.candidates.size }, (_, at) => at)
  }
}
