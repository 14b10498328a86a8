// Part metadata of the AI SDK as a carrier of data that it has no field for: it returns metadata as options of the part.
import type { JSONValue, SharedV3ProviderMetadata } from '@ai-sdk/provider'
import { LlmError, type Message, type Part } from '@patchbay/core'
import { isObject, toBase64 } from '@patchbay/core/wire'
import { extractHidden, type Hidden } from '@patchbay/core/wrap'

/** The name of our options and metadata in the AI SDK. */
export const ours = 'patchbay'

/** Metadata for the last part of an answer. */
export function metadataOf(content: readonly Part[]): { providerMetadata?: SharedV3ProviderMetadata } {
  const hidden = extractHidden(content, true, false)
  return hidden === undefined ? {} : { providerMetadata: { [ours]: { hidden: asJson(hidden) } } }
}

/** A part that is sent back: options in a prompt, metadata in a message of `useChat`. */
interface Returned {
  providerOptions?: unknown
  providerMetadata?: unknown
  callProviderMetadata?: unknown
}

/** Our metadata of a message, from all of its parts. */
export function carriedIn(parts: readonly Returned[]): Record<string, unknown> {
  const all = parts.map(({ providerOptions, providerMetadata, callProviderMetadata }) => {
    const found = providerOptions ?? providerMetadata ?? callProviderMetadata
    return isObject(found) && isObject(found[ours]) ? found[ours] : {}
  })
  return Object.assign({}, ...all)
}

/**
 * The hidden state of an answer, from any of its parts.
 * @throws {LlmError} `invalid-request` if it is none: a page may send anything
 */
export function hiddenIn(parts: readonly Returned[]): Hidden | undefined {
  const { hidden } = carriedIn(parts)
  if (hidden === undefined) return undefined
  if (!Array.isArray(hidden) || !hidden.every(isEntry))
    throw new LlmError('invalid-request', `The metadata ${ours}.hidden of an answer was changed.`)
  return hidden as Hidden
}

function isEntry(entry: unknown): boolean {
  if (!Array.isArray(entry)) return false
  const [type, visible, rest] = entry
  if (typeof type !== 'string' || !isObject(rest)) return false
  return visible === null ? rest.type === type : typeof visible === 'number' || typeof visible === 'string'
}

/** Marks of a message that a page may know, which come back from it. */
export function marksFrom(carried: unknown): Pick<Message, 'visibility' | 'cache'> {
  const { visibility, cache } = isObject(carried) ? carried : {}
  const ttl = isObject(cache) ? cache.ttl : undefined
  return {
    ...(visibility === 'user' && { visibility }),
    ...(cache === true ? { cache } : ttl === '5m' || ttl === '1h' ? { cache: { ttl } } : {}),
  }
}

/** A copy as JSON holds it; bytes become base64. */
export function asJson(value: unknown): JSONValue {
  return JSON.parse(
    JSON.stringify(value, function (this: Record<string, unknown>, key, json) {
      // A Buffer's own JSON is a list of numbers.
      const given = this[key]
      return given instanceof Uint8Array ? toBase64(given) : json
    }),
  )
}
