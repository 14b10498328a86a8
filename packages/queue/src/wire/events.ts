// Events of a chat on their way from the worker's provider to the caller's.
import type { BackendEvent, CallContext, ChatEvent, ChatResponse, Part } from '@patchbay/core'

/** What is sent of an answer: the events of the worker's provider, and the usage of one that failed. */
export type WireEvent = ChatEvent | Extract<BackendEvent, { type: 'usage' }>

/** The events of a part that was not streamed. */
function* eventsOf(part: Part): Generator<BackendEvent> {
  if (part.type === 'tool-call') yield part
  else if (part.type === 'text' || part.type === 'reasoning') {
    if (part.text !== '') yield { type: part.type, text: part.text }
    yield { type: 'part-end' }
  } else yield { type: 'part', part }
}

// What the caller's side makes of the message, and of its own. To its caller, the queue is the provider.
const madeByCaller = [
  'provider',
  'text',
  'reasoning',
  'toolCalls',
  'output',
  'attempts',
  'warnings',
  'timing',
] as const
type Made = (typeof madeByCaller)[number]

function finishOf(response: ChatResponse, queuedMs: number): BackendEvent {
  const kept = Object.entries(response).filter(([name]) => !madeByCaller.includes(name as Made))
  const timing = { queuedMs: queuedMs + (response.timing.queuedMs ?? 0) }
  return { type: 'finish', response: { ...(Object.fromEntries(kept) as Omit<ChatResponse, Made>), timing } }
}

/**
 * The event of the worker's provider as events of a backend. `complete`: nothing was streamed before the response.
 * Warnings are passed to `warn`.
 */
export function* toBackendEvents(
  event: WireEvent,
  { warn, queuedMs, complete }: { warn: CallContext['warn']; queuedMs: number; complete: boolean },
): Generator<BackendEvent> {
  if (event.type === 'start') {
    const { warnings, provider: _, ...start } = event
    for (const warning of warnings) warn(warning)
    yield start
  } else if (event.type === 'finish') {
    const { response } = event
    for (const warning of response.warnings) warn(warning)
    if (complete) for (const part of response.message.content) yield* eventsOf(part)
    yield finishOf(response, queuedMs)
  } else yield event
}
