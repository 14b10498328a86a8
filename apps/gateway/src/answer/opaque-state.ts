// Opaque state of an answer (signatures, encrypted reasoning) as one text, which clients send back unchanged.
import type { Part } from '@patchbay/core'
import { extractHidden, type Hidden, restoreHidden } from '@patchbay/core/wrap'
import type { NestedJson } from '../body/json.js'
import { requestError } from './http-status.js'

const prefix = 'patchbay:'

/** The opaque state of an answer as text; undefined if there is none. */
export function stateOf(content: readonly Part[]): string | undefined {
  const hidden = extractHidden(content)
  return hidden && prefix + Buffer.from(JSON.stringify(hidden)).toString('base64')
}

/** Whether a text is such a state. */
export function isState(text: unknown): text is string {
  return typeof text === 'string' && text.startsWith(prefix)
}

/**
 * The parts of an answer with their opaque state again. Parts that the client has changed stay as the client sent them.
 * @throws {LlmError} `invalid-request` for a state that was changed
 */
export function withState(
  parts: readonly Part[],
  state: string | undefined,
  where: string,
  nested: NestedJson,
): readonly Part[] {
  if (state === undefined) return parts
  try {
    const text = Buffer.from(state.slice(prefix.length), 'base64').toString()
    return restoreHidden(parts, nested.parse(text, where) as Hidden)
  } catch {
    throw requestError(
      `${where}: its state (redacted_thinking, encrypted_content) was changed. Send it back as the gateway sent it.`,
    )
  }
}
