// What happens on the way: a stream and its events, and the status of a call.
import type { Citation, OpaqueState, Part } from './message.js'
import type { ChatResponse, Usage, Warning } from './response.js'

/** The first event of every stream. */
export interface StartEvent {
  type: 'start'
  provider: string
  model: string
  id?: string
  requestId?: string
  warnings: Warning[]
}
/** A tool call, whole and parsed. */
export interface ToolCallEvent {
  type: 'tool-call'
  id: string
  name: string
  input: unknown
}

interface Deltas {
  text: { type: 'text'; text: string }
  reasoning: { type: 'reasoning'; text: string }
  toolCallStart: { type: 'tool-call-start'; id: string; name: string }
  toolCallDelta: { type: 'tool-call-delta'; id: string; json: string }
  /** Anything else that belongs in the message. */
  part: { type: 'part'; part: Part }
}

/**
 * One event of a stream: first `start`, last `finish`. `text` and `reasoning` are deltas and never empty.
 * A tool call is announced, streamed as JSON text, and then given whole.
 */
export type ChatEvent =
  | StartEvent
  | Deltas[keyof Deltas]
  | ToolCallEvent
  | { type: 'finish'; response: ChatResponse }

/**
 * An answer as it is made. It is read once: as events, as `text`, or by `response()`. Nothing is sent before the
 * first read. It ends after its one `finish` event, or throws one `LlmError`. Breaking out of a loop over it
 * aborts the call. While nobody reads, nothing is buffered beyond a fixed bound.
 */
export interface ChatStream extends AsyncIterable<ChatEvent> {
  /** Only the text deltas. */
  readonly text: AsyncIterable<string>
  /**
   * Reads what is left, then gives the final response. May be called after reading, or instead of it.
   * @throws {LlmError} what broke the call, with `partial`
   */
  response(): Promise<ChatResponse>
  /** Ends the call: the running read, or the next one, rejects with `aborted`. */
  abort(reason?: unknown): void
}

/**
 * What a backend yields. Like `ChatEvent`, but it may leave out whatever the life of a call adds:
 * `start`, the announcement of a tool call, and all of the response that can be collected from the events.
 */
export type BackendEvent =
  | (Pick<StartEvent, 'type'> & Partial<StartEvent>)
  | Deltas[keyof Deltas]
  | (ToolCallEvent & { opaque?: OpaqueState })
  /**
   * Token counts so far: the usage of an answer that breaks off or is abandoned. A later event, and `finish`, replace the
   * counts they repeat; others stay.
   */
  | { type: 'usage'; usage: Usage }
  /** Ends the text or reasoning part being streamed, with what else belongs to it. */
  | { type: 'part-end'; opaque?: OpaqueState; citations?: Citation[] }
  | {
      type: 'finish'
      response: Partial<Omit<ChatResponse, 'timing'>> &
        Pick<ChatResponse, 'finishReason'> & { timing?: { queuedMs?: number } }
    }

/** One rate limit of a service, as far as it tells. */
export interface RateLimit {
  limit?: number
  remaining?: number
  /** Milliseconds until it is whole again. */
  resetMs?: number
}

/** News of a call that is no part of its answer. */
export type StatusEvent =
  /** An attempt failed before its first event and will be tried again. */
  | { type: 'retrying'; attempt: number; delayMs: number; reason: string }
  /** A provider failed before its first event; another one is asked. */
  | { type: 'fallback'; from: string; to: string; reason: string }
  /** Waiting for a turn; `position` counts from 1. */
  | { type: 'queued'; position: number }
  /** The process that runs a model has died; a new one starts after the delay. What waited goes on waiting. */
  | { type: 'restarting'; delayMs: number; reason: string }
  /** What the service says is left of its rate limits, by its own headers. */
  | { type: 'rate-limit'; requests?: RateLimit; tokens?: RateLimit }
  /** A model is being loaded; `progress` from 0 to 1 where it is known. */
  | { type: 'loading'; model: string; progress?: number }
