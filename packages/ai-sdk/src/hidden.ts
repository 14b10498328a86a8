// Part metadata of the AI SDK as a carrier of data that it has no field for: it returns metadata as options of the part.
import type { JSONValue, SharedV3ProviderMetadata } from '@ai-sdk/provider'
import type { Part } from '@patchbay/core'
import { toBase64 } from '@patchbay/core/wire'
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

/** Our metadata of an answer, from any of its parts. */
export function hiddenIn(parts: readonly Returned[]): Hidden | undefined {
  for (const { providerOptions, providerMetadata, callProviderMetadata } of parts) {
    const found = providerOptions ?? providerMetadata ?? callProviderMetadata ?? {}
    const { hidden } = ((found as Record<string, unknown>)[ours] ?? {}) as { hidden?: Hidden }
    if (Array.isArray(hidden)) return hidden
  }
  return undefined
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
