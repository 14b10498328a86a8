// Writes an answer as a text completion, or as the chunks of a stream.
// Source: platform.openai.com/docs/api-reference/completions/object, November 2026.
import type { ChatEvent, ChatResponse, FinishReason } from '@patchbay/core'
import type { Json } from '../../body/body.js'
import { toUsage } from '../openai/response.js'

const reasons: Partial<Record<FinishReason, string>> = {
  length: 'length',
  'content-filter': 'content_filter',
}

/** What all chunks of an answer share. */
export interface CompletionHead {
  id: string
  created: number
  model: string
}

/** The whole answer. */
export function toTextCompletion(
  { text, finishReason, usage, model }: ChatResponse,
  head: CompletionHead,
): Json {
  return { ...toChunk({ ...head, model }, text, finishReason), usage: toUsage(usage) }
}

/** The text of an event in a stream of server-sent events; empty for what a completion does not have. */
export function writeChunk(event: ChatEvent, head: CompletionHead, withUsage: boolean): string {
  if (event.type === 'text') return toSse(toChunk(head, event.text))
  if (event.type !== 'finish') return ''
  const { finishReason, usage } = event.response
  const last = toSse(toChunk(head, '', finishReason))
  const used = withUsage ? toSse({ ...toChunk(head, ''), choices: [], usage: toUsage(usage) }) : ''
  return `${last}${used}data: [DONE]\n\n`
}

function toChunk(head: CompletionHead, text: string, reason?: FinishReason): Json {
  const finish_reason = reason === undefined ? null : (reasons[reason] ?? 'stop')
  return { ...head, object: 'text_completion', choices: [{ text, index: 0, logprobs: null, finish_reason }] }
}

function toSse(data: Json): string {
  return `data: ${JSON.stringify(data)}\n\n`
}
