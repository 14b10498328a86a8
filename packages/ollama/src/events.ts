// Decoder of /api/chat: lines of JSON to events. Source: ollama/ollama, api/types.go, August 2026.
import { type BackendEvent, type ChatResponse, LlmError } from '@patchbay/core'
import {
  CallIds,
  callField,
  logprobsOf,
  objectsIn,
  PendingLogprobs,
  parseInput,
  TruncatedCallGuard,
  wordsOf,
} from '@patchbay/core/wire'
import { fromWords, notAnAnswer } from './errors.js'

interface WireLine {
  error?: unknown
  model?: string
  message?: { content?: string; thinking?: string; tool_calls?: WireCall[] }
  logprobs?: unknown
  done?: boolean
  done_reason?: string
  prompt_eval_count?: number
  eval_count?: number
}

interface WireCall {
  id?: string
  function?: { name?: string; arguments?: unknown }
}

/** Whether this line is the last of an answer. */
export function isLast(line: unknown): boolean {
  return (line as { done?: unknown } | null)?.done === true
}

/**
 * The events of an answer, up to its `done` line; later lines are not read.
 * @throws {LlmError} for an error line, or a line of another service
 */
export async function* toEvents(lines: AsyncIterable<unknown>, model: string): AsyncGenerator<BackendEvent> {
  let started = false
  let empty = true
  const ids = new CallIds()
  const logprobs = new PendingLogprobs()
  const lastCall = new TruncatedCallGuard()
  for await (const value of lines) {
    const line = asLine(value, model)
    if (line.error !== undefined) throw fromWords(wordsOf(line.error), model, 'server-error')
    if (!started) yield { type: 'start', ...(line.model && { model: line.model }) }
    started = true
    const { content, thinking, tool_calls: calls } = line.message ?? {}
    if (thinking || content) yield* lastCall.whole()
    if (thinking) yield { type: 'reasoning', text: thinking }
    // A line of thinking or of a call has the log-probabilities of that; a whole answer has all in one line.
    if (line.logprobs && (line.done || !(thinking || calls?.length))) logprobs.add(logprobsOf(line.logprobs))
    if (content) yield logprobs.text(content)
    for (const call of objectsIn(calls)) yield* lastCall.take(toToolCall(call, ids), false)
    empty &&= !content && !thinking && !calls?.length
    if (!line.done) continue
    // `load` and `unload` answer a request without messages, and ours always has some.
    if (empty && (line.done_reason === 'load' || line.done_reason === 'unload'))
      throw new LlmError(
        'empty-response',
        `Ollama only ${line.done_reason}ed ${model} and gave no answer. Try again.`,
        { retryable: true },
      )
    yield logprobs.text('')
    const response = toFinish(line)
    yield* lastCall.end(response.finishReason)
    return yield { type: 'finish', response }
  }
}

function asLine(value: unknown, model: string): WireLine {
  if (
    typeof value === 'object' &&
    value !== null &&
    ('message' in value || 'done' in value || 'error' in value)
  )
    return value as WireLine
  throw notAnAnswer(value, model)
}

function toToolCall({ id, function: called }: WireCall, ids: CallIds): BackendEvent & { type: 'tool-call' } {
  const { name, arguments: input } = called ?? {}
  // Older servers give no id; ours must be unique across turns.
  return {
    type: 'tool-call',
    id: ids.unique(id ? String(id) : `call_${crypto.randomUUID()}`),
    name: callField('name', name),
    input: typeof input === 'string' ? parseInput(input) : (input ?? {}),
  }
}

function toFinish({
  done_reason: raw,
  prompt_eval_count: inputTokens,
  eval_count: outputTokens,
}: WireLine): Pick<ChatResponse, 'finishReason' | 'usage'> & { rawFinishReason?: string } {
  return {
    finishReason: raw === 'length' ? 'length' : raw === 'stop' || raw === undefined ? 'stop' : 'other',
    ...(raw !== undefined && { rawFinishReason: raw }),
    usage: {
      ...(inputTokens !== undefined && { inputTokens }),
      ...(outputTokens !== undefined && { outputTokens }),
    },
  }
}
