// Cache keys for LangChain's caches. LangChain's own key has neither the provider nor the descriptions of a schema, and leaves
// out images: two different requests would share one answer.
import { sha256 } from '@langchain/core/utils/hash'
import type { Provider } from '@patchbay/core'

const names = new WeakMap<Provider, string>()

/** A name for this very object: two providers of one model may ask different servers, with different policies. */
export function nameOf(provider: Provider): string {
  const name = names.get(provider) ?? crypto.randomUUID()
  names.set(provider, name)
  return name
}

/** A hash as the key: headers may contain secrets, and some caches store keys as they are. */
export function keyOf(...parts: unknown[]): string {
  try {
    return sha256(JSON.stringify(parts, sortKeys))
  } catch {
    // A value that JSON cannot represent has no key: no hit is better than a wrong one.
    return crypto.randomUUID()
  }
}

function sortKeys(_: string, value: unknown): unknown {
  // Two values may differ only in a function.
  if (typeof value === 'function') throw new TypeError('A function has no JSON.')
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)))
}
