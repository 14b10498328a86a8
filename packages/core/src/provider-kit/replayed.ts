// An answer that is there already, given once more as a stream with all its manners: events, deadline, abort, `partial`.

import { defineProvider } from '../call/define-provider.js'
import type { Clock } from '../contract/clock.js'
import type { BackendEvent, ChatStream } from '../contract/events.js'
import type { Part } from '../contract/message.js'
import type { Backend, Capabilities } from '../contract/provider.js'
import type { CallOptions } from '../contract/request.js'
import type { ChatResponse } from '../contract/response.js'

const unknown: Capabilities = {
  tools: 'unknown',
  vision: 'unknown',
  files: 'unknown',
  audio: 'unknown',
  json: 'unknown',
  reasoning: 'unknown',
  embed: 'unknown',
}

type Who = { provider: string; model: string }

/** A stream with deadline, abort and `partial` over events from elsewhere. Status events are passed to the caller. */
export function retold(
  events: Backend['chat'],
  { provider, model }: Who,
  options: CallOptions,
  clock?: Clock,
): ChatStream {
  const backend = { provider, model, capabilities: () => unknown, chat: events }
  return defineProvider(backend, clock && { clock }).stream('-', { ...options, retry: false })
}

/** The stream of a response, its text word by word. Its timing is that of the replay. */
export function replayed(response: ChatResponse, who: Who, options: CallOptions, clock?: Clock): ChatStream {
  const events = async function* (): AsyncGenerator<BackendEvent> {
    const { id, requestId, model, warnings } = response
    yield { type: 'start', model, warnings, ...(id && { id }), ...(requestId && { requestId }) }
    for (const part of response.message.content) yield* eventsOf(part)
    const { timing: _, attempts: __, text: ___, reasoning: ____, ...given } = response
    yield { type: 'finish', response: given }
  }
  return retold(events, who, options, clock)
}

function* eventsOf(part: Part): Generator<BackendEvent> {
  if (part.type === 'tool-call') return yield { ...part }
  if (part.type !== 'text' && part.type !== 'reasoning') return yield { type: 'part', part }
  for (const [text] of part.text.matchAll(/\s*\S+|\s+$/g)) yield { type: part.type, text }
  const { opaque } = part
  const citations = part.type === 'text' ? part.citations : undefined
  yield { type: 'part-end', ...(opaque && { opaque }), ...(citations && { citations }) }
}
