// The interface that Responses and Chat Completions share in this package. Each API is loaded when it is first used.
import type { BackendEvent, PreparedChat, Warning } from '@patchbay/core'
import type { RawRequest } from '@patchbay/core/wire'
import type { Preset } from './presets.js'
import type { Origin } from './state.js'

/** The model and server of a request. */
export interface Target extends Origin {
  /** The server's name, for error messages: `OpenAI`. */
  who: string
  preset: Preset
}

/** The origin of an answer. */
export interface Source extends Origin {
  /** The server's name, for error messages: `OpenAI`. */
  who: string
  /** The request id of the response's headers. */
  requestId: string | undefined
  /** The limit of a request to a server that may not say that it has cut an answer. */
  limit?: unknown
}

/** One of OpenAI's chat APIs. */
export interface Api {
  /** The path that requests are posted to. */
  path: string
  /** Whether it takes the address of such a part; otherwise it takes only its bytes. */
  takesAddress(part: { type: 'image' | 'file'; mediaType?: string }, preset: Preset): boolean
  /**
   * The wire body of a request.
   * @throws {LlmError} `unsupported` for what the model or the API does not take
   */
  toBody(
    target: Target,
    chat: PreparedChat,
    streaming: boolean,
    warn: (warning: Warning) => void,
  ): Record<string, unknown> | Promise<Record<string, unknown>>
  /** The body of a raw request. `added` is the body of what defaults add to it. */
  rawBody(
    added: Record<string, unknown>,
    raw: RawRequest,
    target: Target,
    warn: (warning: Warning) => void,
  ): Record<string, unknown>
  /** Whether it is the last event of a stream that does not end with `[DONE]`. */
  isLast?(event: unknown): boolean
  /** The events of a streamed answer. */
  fromStream(events: AsyncIterable<unknown>, from: Source): AsyncIterable<BackendEvent>
  /** The same events of an answer that came in one piece. */
  fromWhole(body: unknown, from: Source): AsyncIterable<BackendEvent>
}
