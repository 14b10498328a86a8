// The response to a chat request, with its usage, timing and warnings.
import type { AssistantMessage, ToolCallPart } from './message.js'

/**
 * Why the answer ended. `'stop'`: it is complete. `'length'`: the limit of tokens. `'tool-calls'`: the model calls tools.
 * `'content-filter'`: the service withheld it. `'refusal'`: the model declined. `'pause'`: append the message and send the
 * conversation again to continue. `'other'`: see `rawFinishReason`.
 */
export type FinishReason = 'stop' | 'length' | 'tool-calls' | 'content-filter' | 'refusal' | 'pause' | 'other'

/** Token counts. `undefined` means that the provider reported none; nothing here is estimated. */
export interface Usage {
  /** All input tokens, cached ones included, on every provider. */
  inputTokens?: number
  /** All output tokens, reasoning included. */
  outputTokens?: number
  /** The part of `inputTokens` that was read from a cache. */
  cachedInputTokens?: number
  /** The part of `inputTokens` that was written to a cache. */
  cacheWriteTokens?: number
  /** The part of `cacheWriteTokens` that stays for an hour, which has a price of its own. */
  cacheWriteHourTokens?: number
  /** The part of `outputTokens` that was reasoning. */
  reasoningTokens?: number
  /** Web searches that the service made, which it bills beside the tokens. */
  webSearches?: number
  /** Pages that the service fetched. */
  webFetches?: number
}

/** Milliseconds from the start of the call. */
export interface Timing {
  /** Time in a queue before generation began, if there is a queue. */
  queuedMs?: number
  /** Until the first event with content. */
  firstTokenMs: number
  /** Until the end. */
  totalMs: number
}

/**
 * A problem that did not stop the call. `'unsupported'`: something was left out; `'repaired'`: the request was changed; `'other'`.
 */
export interface Warning {
  code: 'unsupported' | 'repaired' | 'other'
  /** The option or capability concerned. */
  feature?: string
  message: string
}

/** A tool call: its `id`, the `name` of the tool, and the parsed `input`. */
export type ToolCall = Omit<ToolCallPart, 'type' | 'opaque'>

/** A token that could have stood in a place, and the natural logarithm of its probability there. */
export interface TopLogprob {
  /** The text of the token; of a part of a character, what its service writes for it. */
  token: string
  /** At most 0, and finite, so that JSON holds it: what is impossible has a very low number, such as -9999. */
  logprob: number
  /** The bytes of the token in UTF-8, if the service tells them: a character can be spread over tokens. */
  bytes?: number[]
}

/** A token of the text, with its log-probability. */
export interface TokenLogprob extends TopLogprob {
  /** The most likely tokens of its place, likeliest first, as many as `logprobs` asked for. The token itself may not be among them. */
  top: TopLogprob[]
}

/** The response to a chat request. */
export interface ChatResponse<Output = unknown> {
  /** The model's message. Append it to the conversation to continue. */
  message: AssistantMessage
  /** All text parts, joined. */
  text: string
  /** All reasoning parts, joined. */
  reasoning: string
  /** The tool calls, in their order. */
  toolCalls: ToolCall[]
  /** The parsed and validated value, if the request had an `output` other than text. */
  output?: Output
  finishReason: FinishReason
  /** The provider's own value. */
  rawFinishReason?: string
  /** Which of `stop` ended the answer, if the provider reports it. */
  stopSequence?: string
  /** The tokens of the text with their log-probabilities, if the request asked for `logprobs`. */
  logprobs?: TokenLogprob[]
  /** Of all attempts together. */
  usage: Usage
  /** The price in US dollars; set by `priced` of `@patchbay/policies` if the price is known. */
  cost?: number
  /**
   * Set by a cache. `false`: from the model. `'exact'`, `'semantic'`: from the cache, for the same or a similar request.
   * `'shared'`: from a call for the same request that was in flight.
   */
  cached?: false | 'exact' | 'semantic' | 'shared'
  timing: Timing
  /** The number of attempts; 1 without a retry. */
  attempts: number
  provider: string
  /** The model that answered, as the provider named it. */
  model: string
  /** The service's id of the answer. */
  id?: string
  /** The service's id of the request: name it when you ask its support. */
  requestId?: string
  warnings: Warning[]
}
