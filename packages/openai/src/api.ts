// What the two APIs have in common: one way to ask, two forms of an answer. Each is loaded when it is first used.
import type { BackendEvent, PreparedChat, Warning } from '@patchbay/core'
import type { Preset } from './presets.js'

/** Where an answer comes from. */
export interface Source {
  /** For messages. */
  who: string
  requestId: string | undefined
}

/** One of OpenAI's APIs. */
export interface Api {
  /** Where the body goes to. */
  path: string
  /** Can it be told where an image or file is, or does it take the bytes? */
  takesAddress(part: { type: 'image' | 'file' }): boolean
  toBody(
    model: string,
    chat: PreparedChat,
    preset: Preset,
    streaming: boolean,
    warn: (warning: Warning) => void,
  ): Record<string, unknown>
  /** Is it the last event of a stream that does not say `[DONE]`? */
  isLast?(event: unknown): boolean
  fromStream(events: AsyncIterable<unknown>, from: Source): AsyncIterable<BackendEvent>
  fromWhole(body: unknown, from: Source): AsyncIterable<BackendEvent>
}
