// Our answer as one of an Ollama server: one line, or many. Source: ollama/ollama, docs/api.md and api/types.go,
// November 2026.
import type { ChatEvent, ChatResponse } from '@patchbay/core'
import type { Json } from '../../body/body.js'

/** How the text of a line is written: as a message of a chat, or as a response to a prompt. */
export type Form = 'chat' | 'generate'

/** The whole answer as one line. */
export function toLine(response: ChatResponse, form: Form): Json {
  const { text, reasoning, toolCalls } = response
  const calls = toolCalls.map(({ id, name, input }) => callOf(id, name, input))
  return { ...said(form, text, reasoning, calls), ...ended(response) }
}

/** The lines of one event. The text comes in pieces, a call whole. */
export function toLines(event: ChatEvent, form: Form, model: string): Json[] {
  const line = (text: string, thinking = '', calls: Json[] = []): Json[] => [
    { model, created_at: new Date().toISOString(), ...said(form, text, thinking, calls), done: false },
  ]
  switch (event.type) {
    case 'text':
      return line(event.text)
    case 'reasoning':
      return line('', event.text)
    case 'tool-call':
      return line('', '', [callOf(event.id, event.name, event.input)])
    case 'part':
      return event.part.type === 'refusal' ? line(event.part.text) : []
    case 'finish':
      return [{ ...said(form, '', '', []), ...ended(event.response) }]
    default:
      return []
  }
}

function said(form: Form, text: string, thinking: string, calls: Json[]): Json {
  const thought = thinking === '' ? {} : { thinking }
  if (form === 'generate') return { response: text, ...thought }
  return {
    message: { role: 'assistant', content: text, ...thought, ...(calls.length > 0 && { tool_calls: calls }) },
  }
}

function callOf(id: string, name: string, input: unknown): Json {
  return { id, function: { name, arguments: input } }
}

function ended({ model, finishReason, usage, timing }: ChatResponse): Json {
  const nanoseconds = (ms: number) => Math.round(ms * 1e6)
  return {
    model,
    created_at: new Date().toISOString(),
    done: true,
    done_reason: finishReason === 'length' ? 'length' : 'stop',
    total_duration: nanoseconds(timing.totalMs),
    load_duration: 0,
    prompt_eval_count: usage.inputTokens ?? 0,
    prompt_eval_duration: nanoseconds(timing.firstTokenMs),
    eval_count: usage.outputTokens ?? 0,
    eval_duration: nanoseconds(Math.max(0, timing.totalMs - timing.firstTokenMs)),
  }
}
