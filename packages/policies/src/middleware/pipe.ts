// `pipe`: policies put around a provider, one after the other.
import type { Provider } from '@patchbay/core'

/** A policy with its options filled in. */
export type Policy = (provider: Provider) => Provider

/**
 * Puts policies around a provider. The first one listed is next to the provider; the last one listed is outermost and sees
 * each call first.
 *
 * @example
 * const llm = pipe(claude('claude-sonnet-5'), limit({ concurrency: 8 }), cache())
 */
export function pipe(provider: Provider, ...policies: Policy[]): Provider {
  return policies.reduce((inner, policy) => policy(inner), provider)
}
