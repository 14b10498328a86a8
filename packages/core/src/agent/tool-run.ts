// Types of a tool run: the options of `runTools`, its events and its result.

import type { CallOptions } from '../contract/call-options.js'
import type { Clock } from '../contract/clock.js'
import type { ChatEvent } from '../contract/events.js'
import type { Message, Part } from '../contract/message.js'
import type { ChatResponse, ToolCall, Usage } from '../contract/response.js'

/** Whether a tool may run. `deny` is the reason, for the model. `'later'` leaves the call open and ends the run. */
export type Approval = boolean | 'later' | { deny: string }

/** Options of the agent loop. */
export interface ToolLoopOptions {
  /** The most answers of the model. Default 10. */
  maxSteps?: number
  /** How many tools may run at the same time. Default 8. */
  concurrency?: number
  /** How long a tool may run, in milliseconds; a tool's own `timeout` wins. Default 60,000. */
  toolTimeout?: number
  /** The longest result of a tool, in characters; a longer one becomes an error for the model. Default 200,000. */
  maxResultLength?: number
  /** Called for tools that need approval. Default: `'later'`, which leaves the call open and ends the run. */
  approve?: (call: ToolCall) => Approval | Promise<Approval>
  /** `true` ends the run after this step; its calls stay open. Counts towards the time limit of that step's call. */
  stopWhen?: (step: { step: number; response: ChatResponse }) => boolean | Promise<boolean>
  /** A failing tool ends the run with `tool-failed` (`'throw'`), or the model gets the error (`'tell'`, the default). */
  onToolError?: 'tell' | 'throw'
  /** Default: the system's clock. */
  clock?: Clock
}

/** Options of `runTools`. Call options, such as `timeout`, apply to each call of the loop. */
export interface ToolRunOptions extends CallOptions, ToolLoopOptions {}

/** An event of `runTools`: those of all answers, with markers between them. */
export type ToolRunEvent =
  | ChatEvent
  /** Before an answer; `step` counts from 1. */
  | { type: 'step-start'; step: number }
  /** The outcome of a tool call. */
  | (ToolOutcome & { type: 'tool-result'; step: number })
  /** After an answer and its tools. Another run can continue with `messages`. */
  | { type: 'step-end'; step: number; messages: Message[] }

/** The result of `runTools`. */
export interface ToolRunResult {
  /**
   * Why the run ended. `'answer'`: the model has answered. `'max-steps'`, `'stopped'`: by the options. `'pending'`: calls wait for an
   * approval, or for a result of the app. `'length'`: the last answer was cut off at its limit of tokens. `'refusal'`: the model
   * declined. `'content-filter'`: the service withheld the answer.
   */
  reason: 'answer' | 'max-steps' | 'stopped' | 'pending' | 'length' | 'refusal' | 'content-filter'
  /** The text of the last answer. */
  text: string
  /** The last answer; absent if there was none. */
  response?: ChatResponse
  /** The whole conversation, to continue with. */
  messages: Message[]
  /** Calls without a result. */
  pending: ToolCall[]
  /** The number of answers. */
  steps: number
  /** Failed tool calls, in their order: errors of tools (`cause`), invalid inputs, unknown tools, denied calls. */
  failures: ToolFailure[]
  /** Of all answers together. */
  usage: Usage
  /** Of all answers together, in US dollars, if the price of each is known. */
  cost?: number
}

/** A failed tool call; `output` is the error that the model got. */
export type ToolFailure = ToolOutcome & { step: number }

/** The outcome of a tool call. */
export interface ToolOutcome {
  call: ToolCall
  /** The result for the model. */
  output: string | Part[]
  isError: boolean
  /** The error that the tool threw. */
  cause?: unknown
  /** How long the tool ran, in milliseconds. */
  ms: number
}
