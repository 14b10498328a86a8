// Policies put around each other: `pipe`.
import type { Provider } from '@patchbay/core'

/** A policy with its options filled in. */
export type Policy = (provider: Provider) => Provider

/** The provider with policies around it; the first stands next to it, the last is the one that is called. */
export function pipe(provider: Provider, ...policies: Policy[]): Provider {
  return policies.reduce((inner, policy) => policy(inner), provider)
}
