// Placeholders of a batch and their values, kept from its submission until its results are read.
import { type BatchResult, type ChatResponse, type Clock, type JsonSchema, LlmError } from '@patchbay/core'
import { withinGracePeriod } from '../../middleware/accounting-warning.js'
import type { StateStore } from '../../state/state.js'
import { withPartial } from '../partial-response.js'
import { Placeholders } from './placeholders.js'
import { type AnswerFormat, Restorer } from './restore-stream.js'
import { hasNumbers } from './restore-types.js'

/** Placeholders and answer format of one request. */
export interface MaskedRequest extends AnswerFormat {
  placeholders: Placeholders
}

// Services keep results for about four weeks.
const ttlMs = 32 * 86_400_000

/** The stored form. */
interface StoredMasks {
  /** By the position of the request. Requests without placeholders are left out. */
  [index: number]: {
    pairs: [placeholder: string, value: string][]
    tools: [name: string, schema: JsonSchema][]
    json: boolean
    output?: JsonSchema
  }
}

/** @throws {LlmError} `network`, with the id of the batch, which is already submitted */
export async function saveBatchMasks(
  state: StateStore,
  id: string,
  requests: MaskedRequest[],
  clock: Clock,
): Promise<void> {
  const stored: StoredMasks = {}
  for (const [index, { placeholders, tools, json, output }] of requests.entries())
    if (!placeholders.empty) {
      // Only schemas with numbers change how a value is restored.
      const numbers = [...tools].filter(([, schema]) => hasNumbers(schema))
      const value = output !== undefined && hasNumbers(output) && { output }
      stored[index] = { pairs: placeholders.pairs, tools: numbers, json, ...value }
    }
  try {
    await withinGracePeriod(state.swap(stateKey(id), undefined, JSON.stringify(stored), ttlMs), clock)
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause)
    throw new LlmError(
      'network',
      `The batch ${id} was submitted, but the values of its placeholders could not be stored: ${why}. Cancel it, or read its results masked.`,
      { cause, retryable: false },
    )
  }
}

/**
 * A function that puts the values back into results.
 * @throws {LlmError} `unsupported` if the values are not in this state
 */
export async function batchRestorer(
  state: StateStore,
  id: string,
): Promise<(result: BatchResult) => BatchResult> {
  const text = await state.get(stateKey(id))
  if (text === undefined)
    throw new LlmError(
      'unsupported',
      `mask() has no values for the placeholders of the batch ${id}: they are in the state of the process that submitted it. Share a state, mask(provider, { state: fileState('./masked') }), or read the results masked, from the provider that mask() wraps.`,
    )
  const stored = JSON.parse(text) as StoredMasks
  return (result) => {
    const masked = stored[result.index]
    if (masked === undefined) return result
    const restorer = new Restorer(Placeholders.of(masked.pairs), { ...masked, tools: new Map(masked.tools) })
    const whole = (response: ChatResponse) => restorer.response(response)
    const { index, response, error } = result
    if (response !== undefined) return { index, response: whole(response) }
    return error.partial === undefined ? result : { index, error: withPartial(error, whole(error.partial)) }
  }
}

function stateKey(id: string): string {
  return `mask:batch:${id}`
}
