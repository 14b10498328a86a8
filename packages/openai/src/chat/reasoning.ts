// Reasoning in chat completions: its text in any dialect, and the state that goes back with it. Sources: openrouter.ai/docs,
// reasoning tokens; agno-agi/agno#5802 (July 2026): pieces of one detail share an index, and a signature comes last.
import type { Part } from '@patchbay/core'
import { objectsIn } from '@patchbay/core/wire'
import type { Dialect } from '../dialect.js'
import { type Origin, ownState } from '../state.js'

type Json = Record<string, unknown>

// DeepSeek, xAI, Qwen, vLLM; OpenRouter, Groq; GitHub Copilot.
const textFields = ['reasoning_content', 'reasoning', 'reasoning_text']

/** Collects the reasoning of a message. */
export class ReasoningReader {
  #state: { field?: string; reasoning_details?: Json[]; reasoning_opaque?: string } = {}

  /**
   * The text in a delta; its state is kept.
   * @param isPiece whether it is a piece of a message, or all of it
   */
  read(delta: Json, isPiece: boolean): string {
    const field = textFieldOf(delta)
    if (field !== undefined) this.#state.field = field
    if (delta.reasoning_details === undefined && delta.reasoning_opaque === undefined)
      return field === undefined ? '' : String(delta[field])
    const details = objectsIn(delta.reasoning_details)
    for (const detail of details) addDetail((this.#state.reasoning_details ??= []), detail, isPiece)
    const { reasoning_opaque: opaque } = delta
    if (typeof opaque === 'string' && opaque !== '') this.#state.reasoning_opaque = opaque
    if (field !== undefined) return String(delta[field])
    return details.map(({ text, summary }) => text ?? summary ?? '').join('')
  }

  /** The state since the last call, if there is any. */
  take(): { data: Json; bound: boolean } | undefined {
    const data = this.#state
    this.#state = {}
    if (Object.keys(data).length === 0) return undefined
    // What these hold is encrypted or signed by the vendor of the model.
    return { data, bound: data.reasoning_details !== undefined || data.reasoning_opaque !== undefined }
  }
}

/** The field with the text of a delta, if it has any. A loop: nearly every delta has none. */
function textFieldOf(delta: Json): string | undefined {
  for (const name of textFields) if (typeof delta[name] === 'string' && delta[name] !== '') return name
  return undefined
}

/** Adds a detail, or joins it to the one it is a piece of: one with the same type and index. */
function addDetail(details: Json[], detail: Json, isPiece: boolean): void {
  const { type, index, data } = detail
  const known =
    typeof index === 'number'
      ? details.findLast((one) => one.type === type && one.index === index)
      : isPiece
        ? details.at(-1)
        : undefined
  if (known === undefined || known.type !== type || known.index !== index || (data && known.data)) {
    details.push({ ...detail })
    return
  }
  for (const [name, value] of Object.entries(detail))
    if (name === 'text' || name === 'summary') known[name] = `${known[name] ?? ''}${value ?? ''}`
    else if (value !== null && value !== undefined) known[name] = value
}

/**
 * The fields that give the reasoning of a turn back to its server.
 * @param isSent whether this turn is one whose reasoning the server takes
 * @returns `complete`: whether they have all reasoning of the turn
 */
export function reasoningFields(
  content: Part[],
  { reasoningField: only, reasoningPlaceholder: placeholder }: Dialect,
  origin: Origin,
  isSent: boolean,
): { fields: Json; complete: boolean } {
  const fields: Json = {}
  const details: Json[] = []
  let complete = true
  for (const part of content) {
    if (part.type !== 'reasoning') continue
    const state = isSent ? ownState(part, origin) : undefined
    const { field, reasoning_details, reasoning_opaque } = state ?? {}
    for (const detail of objectsIn(reasoning_details)) addDetail(details, detail, false)
    if (reasoning_opaque !== undefined) fields.reasoning_opaque = reasoning_opaque
    const name = field === undefined ? undefined : (only ?? String(field))
    // The details repeat the text of `reasoning`.
    const isRepeated = field === 'reasoning' && details.length > 0
    if (name !== undefined && !isRepeated) fields[name] = `${fields[name] ?? ''}${part.text}`
    else if (details.length === 0 && part.text !== '') complete = false
  }
  if (details.length > 0) fields.reasoning_details = details
  if (isSent && only !== undefined && placeholder !== undefined && !fields[only]) fields[only] = placeholder
  return { fields, complete }
}
