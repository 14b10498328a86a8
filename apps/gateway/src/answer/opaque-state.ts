// What a protocol has no place for, as one text that its clients give back as they got it.
import type { Part } from '@patchbay/core'
import { type Hidden, hiddenOf, withHidden } from '@patchbay/core/wrap'
import type { NestedJson } from '../body/json.js'
import { refused } from './http-status.js'

const ours = 'patchbay:'

/** What clients do not see of an answer; nothing where they see all. */
export function stateOf(content: readonly Part[]): string | undefined {
  const hidden = hiddenOf(content)
  return hidden && ours + Buffer.from(JSON.stringify(hidden)).toString('base64')
}

/** Is it one of these? */
export function isState(text: unknown): text is string {
  return typeof text === 'string' && text.startsWith(ours)
}

/**
 * The parts of an answer, as they were before a client saw them; as the client gives them where it has changed them.
 * @throws {LlmError} `invalid-request` for a state that is not as it was given
 */
export function withState(
  parts: readonly Part[],
  state: string | undefined,
  where: string,
  nested: NestedJson,
): readonly Part[] {
  if (state === undefined) return parts
  try {
    const text = Buffer.from(state.slice(ours.length), 'base64').toString()
    return withHidden(parts, nested.parsed(text, where) as Hidden)
  } catch {
    throw refused(`${where}: its state (redacted_thinking, encrypted_content) is not as the gateway gave it.`)
  }
}
