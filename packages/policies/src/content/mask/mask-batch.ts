// What the placeholders of a batch stand for, kept from its submission until its results are read.
import { type BatchResult, type ChatResponse, type Clock, type JsonSchema, LlmError } from '@patchbay/core'
import { soonEnough } from '../../middleware/accounting-warning.js'
import type { StateStore } from '../../state/state.js'
import { withPartial } from '../partial-response.js'
import { Placeholders } from './placeholders.js'
import { type Asked, Restored } from './restore-stream.js'
import { wantsNumbers } from './restore-types.js'

/** Of one request. */
export interface Note extends Asked {
  placeholders: Placeholders
}

// As long as services keep results, and a few days.
const keptMs = 32 * 86_400_000

interface Written {
  /** By the place of their request; those without placeholders are left out. */
  [index: number]: {
    pairs: [placeholder: string, value: string][]
    tools: [name: string, schema: JsonSchema][]
    json: boolean
    output?: JsonSchema
  }
}

/** @throws {LlmError} with the id of the batch, which is under way */
export async function keepNotes(state: StateStore, id: string, notes: Note[], clock: Clock): Promise<void> {
  const written: Written = {}
  for (const [index, { placeholders, tools, json, output }] of notes.entries())
    if (!placeholders.empty) {
      // Other schemas change nothing of how a value is written.
      const numbers = [...tools].filter(([, schema]) => wantsNumbers(schema))
      const value = output !== undefined && wantsNumbers(output) && { output }
      written[index] = { pairs: placeholders.pairs, tools: numbers, json, ...value }
    }
  try {
    await soonEnough(state.swap(keyOf(id), undefined, JSON.stringify(written), keptMs), clock)
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause)
    throw new LlmError(
      'network',
      `The batch ${id} was submitted, but what its placeholders stand for could not be kept: ${why}. Cancel it, or read its results masked.`,
      { cause, retryable: false },
    )
  }
}

/**
 * Puts the values back into results.
 * @throws {LlmError} `unsupported` where nobody knows them
 */
export async function restoring(
  state: StateStore,
  id: string,
): Promise<(result: BatchResult) => BatchResult> {
  const text = await state.get(keyOf(id))
  if (text === undefined)
    throw new LlmError(
      'unsupported',
      `mask() does not know what the placeholders of the batch ${id} stand for: whoever submitted it does. Share a state in code, mask(provider, { state: fileState('./masked') }), or read the results masked, from the provider that mask() is around.`,
    )
  const written = JSON.parse(text) as Written
  return (result) => {
    const note = written[result.index]
    if (note === undefined) return result
    const restored = new Restored(Placeholders.of(note.pairs), { ...note, tools: new Map(note.tools) })
    const whole = (response: ChatResponse) => restored.response(response)
    const { index, response, error } = result
    if (response !== undefined) return { index, response: whole(response) }
    return error.partial === undefined ? result : { index, error: withPartial(error, whole(error.partial)) }
  }
}

function keyOf(id: string): string {
  return `mask:batch:${id}`
}
