// Prefill: a last message of the assistant is the beginning of the answer, which the model continues.
import type { PromptRequest, TemplateMessage } from '../../supervisor/protocol.js'
import { endOfThought, type ThinkingFormat } from '../answer/thinking-format.js'
import { JobError } from '../failure.js'

/**
 * The messages of a prompt, and the beginning of the answer, if there is one.
 * @throws {JobError} `unsupported` for the beginning of JSON: the grammar of an answer begins with the answer
 */
export function splitPrefill({ messages, json }: PromptRequest): {
  history: TemplateMessage[]
  prefill?: TemplateMessage
} {
  const last = messages.at(-1)
  if (last?.role !== 'assistant' || last.tool_calls !== undefined || last.content === '')
    return { history: messages }
  if (json !== undefined)
    throw new JobError(
      'unsupported',
      'A local model cannot continue a message of the assistant as JSON. End the conversation with a message of the user.',
    )
  return { history: messages.slice(0, -1), prefill: last }
}

/** The thought of a prefilled answer, after a prompt that has begun the thought or not; `undefined` if it has none. */
export function prefilledThought(
  { reasoning_content: thought }: TemplateMessage,
  format: ThinkingFormat | undefined,
  started: boolean,
): string | undefined {
  if (thought === undefined || format === undefined) return undefined
  return `${started ? '' : format.open}\n${thought}${endOfThought(format)}`
}
