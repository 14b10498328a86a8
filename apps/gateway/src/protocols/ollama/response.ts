// Writes an answer as one line of Ollama's API, or as the lines of a stream.
// Source: ollama/ollama, docs/api.md and api/types.go, November 2026.
import type { ChatEvent, ChatResponse, FinishReason, TokenLogprob } from '@patchbay/core'
import { logprobsToWire } from '@patchbay/core/wire'
import { refusalIn } from '../../answer/refusal-text.js'
import type { Json } from '../../body/body.js'
import type { StreamedLogprobs } from '../../body/logprobs.js'

/** The form of a line: a message of a chat, or a response to a prompt. */
export type Form = 'chat' | 'generate'

/** The whole answer as one line. */
export function toLine(response: ChatResponse, form: Form): Json {
  const { text, reasoning, toolCalls } = response
  const calls = toolCalls.map(({ id, name, input }) => toCall(id, name, input))
  return {
    ...contentFields(form, text, reasoning, calls),
    ...logprobFields(response.logprobs),
    ...finishFields(response),
  }
}

/** The line of a model that was loaded or unloaded. */
export function toLoaded(model: string, form: Form): Json {
  return { model, created_at: new Date().toISOString(), ...contentFields(form, '', '', []), done: true }
}

/** The lines of one event. Text comes in pieces, a tool call whole. */
export function toLines(event: ChatEvent, form: Form, model: string, streamed: StreamedLogprobs): Json[] {
  const line = (text: string, thinking = '', calls: Json[] = []): Json[] => [
    {
      model,
      created_at: new Date().toISOString(),
      ...contentFields(form, text, thinking, calls),
      done: false,
    },
  ]
  switch (event.type) {
    case 'text':
      return line(event.text).map((one) => ({ ...one, ...logprobFields(streamed.of(event)) }))
    case 'reasoning':
      return line('', event.text)
    case 'tool-call':
      return line('', '', [toCall(event.id, event.name, event.input)])
    case 'part':
      return refusalIn(event.part).flatMap((text) => line(text))
    case 'finish':
      return [
        {
          ...contentFields(form, '', '', []),
          ...logprobFields(streamed.of(event)),
          ...finishFields(event.response),
        },
      ]
    default:
      return []
  }
}

function logprobFields(logprobs: readonly TokenLogprob[] = []): Json {
  return logprobs.length > 0 ? { logprobs: logprobsToWire(logprobs) } : {}
}

function contentFields(form: Form, text: string, thinking: string, calls: Json[]): Json {
  const thought = thinking === '' ? {} : { thinking }
  if (form === 'generate') return { response: text, ...thought }
  return {
    message: { role: 'assistant', content: text, ...thought, ...(calls.length > 0 && { tool_calls: calls }) },
  }
}

function toCall(id: string, name: string, input: unknown): Json {
  return { id, function: { name, arguments: input } }
}

const doneReasons: Record<FinishReason, 'stop' | 'length'> = {
  stop: 'stop',
  length: 'length',
  'tool-calls': 'stop',
  'content-filter': 'stop',
  refusal: 'stop',
  pause: 'stop',
  other: 'stop',
}

function finishFields({ model, finishReason, usage, timing }: ChatResponse): Json {
  const nanoseconds = (ms: number) => Math.round(ms * 1e6)
  return {
    model,
    created_at: new Date().toISOString(),
    done: true,
    done_reason: doneReasons[finishReason],
    total_duration: nanoseconds(timing.totalMs),
    load_duration: 0,
    prompt_eval_count: usage.inputTokens ?? 0,
    prompt_eval_duration: nanoseconds(timing.firstTokenMs),
    eval_count: usage.outputTokens ?? 0,
    eval_duration: nanoseconds(Math.max(0, timing.totalMs - timing.firstTokenMs)),
  }
}
