// Where the AI SDK keeps what it has no word for: metadata of a part, which it gives back as its options.
import type { SharedV3ProviderMetadata } from '@ai-sdk/provider'
import type { Part } from '@patchbay/core'
import { type Hidden, hiddenOf } from '@patchbay/core/wrap'

const ours = 'patchbay'

/** Goes with the last part of an answer. */
export function metadataOf(content: readonly Part[]): { providerMetadata?: SharedV3ProviderMetadata } {
  const hidden = hiddenOf(content)
  return hidden === undefined
    ? {}
    : { providerMetadata: { [ours]: { hidden: JSON.parse(JSON.stringify(hidden)) } } }
}

/** What an answer went out with, found in any of its parts. */
export function hiddenIn(
  parts: readonly { providerOptions?: Record<string, unknown> }[],
): Hidden | undefined {
  for (const { providerOptions } of parts) {
    const { hidden } = (providerOptions?.[ours] ?? {}) as { hidden?: Hidden }
    if (Array.isArray(hidden)) return hidden
  }
  return undefined
}
