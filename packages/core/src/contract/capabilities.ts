// Capabilities of a model, and the models a provider offers.
import type { WireProtocol } from './raw-request.js'
import type { SamplingOptions } from './request.js'
import type { ServerToolName } from './server-tool.js'

/** Whether a model has a capability. Only `false` refuses a call; with `'unknown'` the request is sent. */
export type Capability = boolean | 'unknown'

/** Options of a request that some models refuse. */
export type OptionName =
  | keyof SamplingOptions
  | 'maxOutputTokens'
  /** `parallelToolCalls: false`: at most one tool call per turn. */
  | 'parallelToolCalls'
  /** `toolChoice` as `'required'` or a named tool. */
  | 'toolChoice'
  /** `reasoning` as a number of tokens. */
  | 'reasoningBudget'
  | 'logprobs'

/** What a model can do. */
export interface Capabilities {
  tools: Capability
  /** Images as input. */
  vision: Capability
  /** Documents as input. */
  files: Capability
  /** Audio as input. */
  audio: Capability
  /** Answers constrained to JSON or to a schema. */
  json: Capability
  reasoning: Capability
  embed: Capability
  /** Whether it makes images (`image`). Absent: unknown. */
  image?: Capability
  /** Whether it reads text aloud (`speak`). Absent: unknown. */
  speech?: Capability
  /** Whether a last message of the assistant is continued by the answer, which then has the new text alone. Absent: unknown. */
  prefill?: Capability
  /** Whether it fills in the middle: `providerOptions.local.infill`, and `complete` of `local()`. Absent: it has no way to. */
  infill?: Capability
  /**
   * The server tools that it has, by maker and kind: `'claude.webSearch'`. Others are refused. Absent: none. A tool that a provider
   * lists may still be refused by its service for a model that nobody has listed.
   */
  serverTools?: readonly ServerToolName[]
  /** Options the model refuses, as `false`. */
  options?: Partial<Record<OptionName, Capability>>
  /** Tokens of input and output together. */
  contextWindow?: number
  /** The most tokens of one answer. */
  maxOutput?: number
  /** The protocol whose requests it can send on as they are (`RawRequest` of `@patchbay/core/wire`): `'anthropic-messages'`. */
  protocol?: WireProtocol
  /** The day the service stops serving the model, as `YYYY-MM-DD`, once that is announced. */
  endOfLife?: string
}

/** A model that a provider offers. */
export interface ModelInfo {
  /** The name to pass as `model`. */
  id: string
  /** A name for people. */
  name?: string
  /** Tokens of input and output together. */
  contextWindow?: number
  /** The most tokens of one answer. */
  maxOutput?: number
  /** The hash of its files, as hexadecimal digits, if the service tells it. */
  digest?: string
  /** The size of its files, in bytes. */
  sizeBytes?: number
  /** Capabilities, as the service reports them. */
  capabilities?: Partial<Capabilities>
  /** The day the service stops serving it, as `YYYY-MM-DD`, once that is announced. */
  endOfLife?: string
}
