// Streams: the events of an answer while it is generated, for apps and for backends.
import type { Citation, OpaqueState, Part } from './message.js'
import type { ChatResponse, TokenLogprob, Usage, Warning } from './response.js'

/** The first event of every stream. */
export interface StartEvent {
  type: 'start'
  provider: string
  model: string
  id?: string
  requestId?: string
  warnings: Warning[]
  /** Token counts that are known before the answer: Claude counts its input first. The `finish` event has all. */
  usage?: Usage
}
/** A tool call, whole and parsed. */
export interface ToolCallEvent {
  type: 'tool-call'
  id: string
  name: string
  input: unknown
}

interface Deltas {
  /** `logprobs`: of the tokens since the last event that had some, if the request asked for them. */
  text: { type: 'text'; text: string; logprobs?: TokenLogprob[] }
  reasoning: { type: 'reasoning'; text: string }
  toolCallStart: { type: 'tool-call-start'; id: string; name: string }
  toolCallDelta: { type: 'tool-call-delta'; id: string; json: string }
  /** Any other part of the message. */
  part: { type: 'part'; part: Part }
}

/**
 * One event of a stream. The first is `start`, the last is `finish`. `text` and `reasoning` are deltas and never empty. A tool call
 * comes as `tool-call-start`, then as pieces of JSON text (`tool-call-delta`), and then whole and parsed (`tool-call`).
 */
export type ChatEvent<Output = unknown> =
  | StartEvent
  | Deltas[keyof Deltas]
  | ToolCallEvent
  | { type: 'finish'; response: ChatResponse<Output> }

/**
 * An answer while it is generated. Read it once: as events, as `text`, or by `response()`; or by a loop and `response()`, which take
 * nothing from each other if the loop begins first or in the same turn. Nothing is sent before the first read. It
 * ends after its one `finish` event, or throws one `LlmError`. Leaving a loop over it aborts the call. While nobody reads, nothing
 * is buffered beyond a fixed limit, and the service waits.
 * @example
 * const stream = llm.stream('Tell me a story')
 * for await (const text of stream.text) process.stdout.write(text)
 * const { usage } = await stream.response()
 */
export interface ChatStream<Output = unknown> extends AsyncIterable<ChatEvent<Output>> {
  /** Only the text deltas. */
  readonly text: AsyncIterable<string>
  /**
   * Reads the rest of the stream and returns the response. May be called after reading, or instead of it.
   * @throws {LlmError} for every failure; `error.partial` is what had arrived
   */
  response(): Promise<ChatResponse<Output>>
  /** Ends the call: the current read, or the next one, rejects with `aborted`. `reason` becomes the `cause` of that error. */
  abort(reason?: unknown): void
}

/**
 * An event of a backend. Like `ChatEvent`, but core adds what a backend leaves out: `start`, `tool-call-start` and
 * `tool-call-delta`, and everything of the response that follows from the events.
 */
export type BackendEvent =
  /** `restart`: the service begins its message again. The response holds what follows alone: give a warning that says so. */
  | (Pick<StartEvent, 'type'> & Partial<StartEvent> & { restart?: true })
  | Deltas[keyof Deltas]
  | (ToolCallEvent & { opaque?: OpaqueState })
  /**
   * Token counts so far: the usage of an answer that is not completed. A later event, and `finish`, replace the counts that they
   * repeat; others stay.
   */
  | { type: 'usage'; usage: Usage }
  /** Ends the current text or reasoning part, and adds its citations or opaque state. */
  | { type: 'part-end'; opaque?: OpaqueState; citations?: Citation[] }
  | {
      type: 'finish'
      response: Partial<Omit<ChatResponse, 'timing'>> &
        Pick<ChatResponse, 'finishReason'> & { timing?: { queuedMs?: number } }
    }
