// The types of a run of tools: its options, events and result, typed by the tools of its request.

import type { CallOptions } from '../contract/call-options.js'
import type { Clock } from '../contract/clock.js'
import type { ChatEvent } from '../contract/events.js'
import type { Message, Part } from '../contract/message.js'
import type { ChatResponse, ToolCall, Usage } from '../contract/response.js'
import type { Tool } from '../contract/tool.js'

/** Whether a tool may run. `deny` is the reason, for the model. `'later'` leaves the call open and ends the run. */
export type Approval = boolean | 'later' | { deny: string }

interface Outcome {
  call: ToolCall
  /** The result for the model. */
  output: string | Part[]
  /** How long the tool ran, in milliseconds. */
  ms: number
}

/** A tool call that failed: an error of the tool, an invalid input, an unknown tool, or a denied call. */
export interface FailedToolCall extends Outcome {
  /** The name that the model wrote. */
  name: string
  isError: true
  /** The error that the tool threw. */
  cause?: unknown
  input?: never
  value?: never
}

/** A tool call that succeeded. */
export interface SuccessfulToolCall<Input = unknown, Value = unknown, Name extends string = string>
  extends Outcome {
  /** The name of the tool. */
  name: Name
  isError: false
  /** The input that was checked, transforms of the schema included. */
  input: Input
  /** What `run` returned. */
  value: Value
  cause?: never
}

type SuccessOf<OneTool> =
  OneTool extends Tool<infer Input, infer Value, infer Name, infer _Context>
    ? SuccessfulToolCall<Input, Value, Name>
    : never

/** The outcome of a tool call. Compare `isError` and `name` to know the types of `input` and `value`. */
export type ToolOutcome<Tools extends readonly Tool[] = readonly Tool[]> =
  | FailedToolCall
  | SuccessOf<Tools[number]>

type CallOf<OneTool> =
  OneTool extends Tool<infer Input, infer _Value, infer Name, infer _Context>
    ? ToolCall & { name: Name; input: Input }
    : never

/** A call that needs approval, with the input that was checked, transforms of the schema included. Compare `name` to know its type. */
export type CallToApprove<Tools extends readonly Tool[] = readonly Tool[]> = CallOf<Tools[number]>

/** Options of the agent loop. */
export interface ToolLoopOptions<Tools extends readonly Tool[] = readonly Tool[]> {
  /** The most answers of the model. Default 10. */
  maxSteps?: number | undefined
  /** How many tools may run at the same time. Default 8. */
  concurrency?: number | undefined
  /** How long a tool may run, in milliseconds; a tool's own `timeout` wins. Default 60,000. */
  toolTimeout?: number | undefined
  /** The longest result of a tool, in characters; a longer one becomes an error for the model. Default 200,000. */
  maxResultLength?: number | undefined
  /** Called for tools that need approval. Default: `'later'`, which leaves the call open and ends the run. */
  approve?: ((call: CallToApprove<Tools>) => Approval | Promise<Approval>) | undefined
  /** `true` ends the run after this step; its calls stay open. Counts towards the time limit of that step's call. */
  stopWhen?: ((step: { step: number; response: ChatResponse }) => boolean | Promise<boolean>) | undefined
  /** A failing tool ends the run with `tool-failed` (`'throw'`), or the model gets the error (`'tell'`, the default). */
  onToolError?: 'tell' | 'throw' | undefined
  /** Passed to each tool as `context.context`: the user, a database, anything of the app. It is never sent to a service. */
  context?: unknown
  /** Default: the system's clock. */
  clock?: Clock | undefined
}

/** Options of `runTools`. Call options, such as `timeout`, apply to each call of the loop. */
export interface ToolRunOptions<Tools extends readonly Tool[] = readonly Tool[]>
  extends CallOptions,
    ToolLoopOptions<Tools> {}

type TakesContext<OneTool> =
  OneTool extends Tool<infer _Input, infer _Value, infer _Name, infer Context>
    ? (context: Context) => void
    : never

/** What all of the tools together expect as `context`. */
export type ContextOf<Tools extends readonly Tool[]> =
  TakesContext<Tools[number]> extends (context: infer All) => void ? All : unknown

/** The options of `runTools` for these tools: with a `context`, if a tool needs one. */
export type RunArguments<Tools extends readonly Tool[]> =
  unknown extends ContextOf<Tools>
    ? [options?: ToolRunOptions<Tools>]
    : [options: ToolRunOptions<Tools> & { context: ContextOf<Tools> }]

/** An event of `runTools`: those of all answers, with markers between them. */
export type ToolRunEvent<Tools extends readonly Tool[] = readonly Tool[], Output = unknown> =
  | ChatEvent<Output>
  /** Before an answer; `step` counts from 1. */
  | { type: 'step-start'; step: number }
  /** The outcome of a tool call. */
  | (ToolOutcome<Tools> & { type: 'tool-result'; step: number })
  /** After an answer and its tools. Another run can continue with `messages`. */
  | { type: 'step-end'; step: number; messages: Message[] }

/** The result of `runTools`. */
export interface ToolRunResult<Tools extends readonly Tool[] = readonly Tool[], Output = unknown> {
  /**
   * Why the run ended. `'answer'`: the model has answered. `'max-steps'`, `'stopped'`: by the options. `'pending'`: calls wait for an
   * approval, or for a result of the app. `'length'`: the last answer was cut off at its limit of tokens. `'refusal'`: the model
   * declined. `'content-filter'`: the service withheld the answer.
   */
  reason: 'answer' | 'max-steps' | 'stopped' | 'pending' | 'length' | 'refusal' | 'content-filter'
  /** The text of the last answer. */
  text: string
  /** The last answer; absent if there was none. */
  response?: ChatResponse<Output>
  /** The whole conversation, to continue with. */
  messages: Message[]
  /** Calls without a result. */
  pending: ToolCall[]
  /** The number of answers. */
  steps: number
  /** The outcomes of all tool calls, in their order. */
  toolResults: (ToolOutcome<Tools> & { step: number })[]
  /** Failed tool calls, in their order: errors of tools (`cause`), invalid inputs, unknown tools, denied calls. */
  failures: ToolFailure[]
  /** Of all answers together. */
  usage: Usage
  /** Of all answers together, in US dollars, if the price of each is known. */
  cost?: number
}

/** A failed tool call; `output` is the error that the model got. */
export type ToolFailure = FailedToolCall & { step: number }
