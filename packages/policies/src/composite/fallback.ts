// `fallback`: tries the next provider when one fails.
import type { Provider } from '@patchbay/core'
import { checkOptions, type OptionNames } from '../middleware/policy-arguments.js'
import { coverage } from '../middleware/policy-coverage.js'
import { type Candidate, Candidates } from './candidates.js'
import { type CompositeOptions, CompositeProvider } from './composite.js'

/** Options of `fallback`. */
export type FallbackOptions = CompositeOptions

/**
 * Calls the first provider; if it fails before its first event (unavailable, overloaded, rate-limited, timed out, unsupported
 * …), the next one, and so on. A request that is too long goes only to a provider known to have a larger context window. The
 * response's `provider` and `model` tell which one answered, its `warnings` why, and its `usage` includes the failed attempts.
 * Images and speech fall back too, speech until its first audio; `embed`, `countTokens`, `models` and the rest call the first provider.
 * @throws {LlmError} `config` for an empty list; a call fails with the error of the last provider that was called
 *
 * @example
 * const llm = fallback([claude('claude-opus-5'), openai('gpt-5.6-sol')])
 */
export function fallback(
  candidates: readonly [Provider, ...Candidate[]],
  options: FallbackOptions = {},
): Provider {
  checkOptions('fallback', options, fallbackOptionNames)
  return new Fallback(new Candidates('fallback', candidates), options)
}

const fallbackOptionNames: OptionNames<FallbackOptions> = { when: true, clock: true }

class Fallback extends CompositeProvider {
  protected override readonly coverage = coverage.fallback
  protected order(): number[] {
    return Array.from({ length: this.candidates.size }, (_, at) => at)
  }
}
