// Streams of answers that already exist, with events, deadline, abort and `partial`.

import { defineProvider } from '../call/define-provider.js'
import type { Backend } from '../contract/backend.js'
import type { CallOptions } from '../contract/call-options.js'
import type { Capabilities } from '../contract/capabilities.js'
import type { Clock } from '../contract/clock.js'
import type { BackendEvent, ChatStream } from '../contract/events.js'
import type { Part } from '../contract/message.js'
import type { ChatResponse } from '../contract/response.js'
import { PendingLogprobs } from '../wire/logprobs.js'

const unknown: Capabilities = {
  tools: 'unknown',
  vision: 'unknown',
  files: 'unknown',
  audio: 'unknown',
  json: 'unknown',
  reasoning: 'unknown',
  embed: 'unknown',
}

type Names = { provider: string; model: string }

/** A stream over existing events. Status events are passed to the caller. */
export function streamOfEvents(
  events: Backend['chat'],
  { provider, model }: Names,
  options: CallOptions,
  clock?: Clock,
): ChatStream {
  const backend = { provider, model, capabilities: () => unknown, chat: events }
  return defineProvider(backend, clock && { clock }).stream('-', { ...options, retry: false })
}

/** The stream of a response, its text word by word. `timing` is that of the replay. */
export function replayStream(
  response: ChatResponse,
  names: Names,
  options: CallOptions,
  clock?: Clock,
): ChatStream {
  const events = async function* (): AsyncGenerator<BackendEvent> {
    const { id, requestId, model, warnings } = response
    yield { type: 'start', model, warnings, ...(id && { id }), ...(requestId && { requestId }) }
    // All log-probabilities come with the first text.
    const logprobs = new PendingLogprobs()
    logprobs.add(response.logprobs ?? [])
    for (const part of response.message.content)
      for (const event of eventsOf(part)) yield event.type === 'text' ? logprobs.text(event.text) : event
    const { timing: _, attempts: __, text: ___, reasoning: ____, ...final } = response
    yield { type: 'finish', response: final }
  }
  return streamOfEvents(events, names, options, clock)
}

function* eventsOf(part: Part): Generator<BackendEvent> {
  if (part.type === 'tool-call') return yield { ...part }
  if (part.type !== 'text' && part.type !== 'reasoning') return yield { type: 'part', part }
  for (const [text] of part.text.matchAll(/\s*\S+|\s+$/g)) yield { type: part.type, text }
  const { opaque } = part
  const citations = part.type === 'text' ? part.citations : undefined
  yield { type: 'part-end', ...(opaque && { opaque }), ...(citations && { citations }) }
}
