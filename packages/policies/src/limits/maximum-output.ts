// The most tokens a provider's model writes, as its capabilities say: asked for once a second at most, not at every call.
import type { CallOptions, Provider } from '@patchbay/core'

const validMs = 1000
const known = new WeakMap<Provider, { maxOutput: number | undefined; until: number }>()

/** The most tokens of one answer; `undefined` if it is unknown or cannot be asked for now. At once if it is known. */
export function maximumOutput(
  provider: Provider,
  options: CallOptions,
): number | undefined | Promise<number | undefined> {
  const last = known.get(provider)
  if (last !== undefined && performance.now() < last.until) return last.maxOutput
  return provider.capabilities(options).then(
    ({ maxOutput }) => {
      known.set(provider, { maxOutput, until: performance.now() + validMs })
      return maxOutput
    },
    () => undefined,
  )
}
