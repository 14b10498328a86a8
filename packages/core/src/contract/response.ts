// What comes back: the response, its usage and its timing.
import type { AssistantMessage, ToolCallPart } from './message.js'

/** Why the model stopped. `'pause'`: send the turn back to go on. */
export type FinishReason = 'stop' | 'length' | 'tool-calls' | 'content-filter' | 'refusal' | 'pause' | 'other'

/** Tokens. `undefined` means that the provider did not say; nothing here is a guess. */
export interface Usage {
  /** All input tokens, cached ones included, on every provider. */
  inputTokens?: number
  /** All output tokens, reasoning included. */
  outputTokens?: number
  /** The part of `inputTokens` that was read from a cache. */
  cachedInputTokens?: number
  /** The part of `inputTokens` that was written to a cache. */
  cacheWriteTokens?: number
  /** The part of `outputTokens` that was reasoning. */
  reasoningTokens?: number
}

/** Milliseconds from the start of the call. */
export interface Timing {
  /** Spent in a queue before the work began, where there is one. */
  queuedMs?: number
  /** To the first piece of content. */
  firstTokenMs: number
  /** To the end. */
  totalMs: number
}

/** Something the caller should know that did not stop the call. */
export interface Warning {
  code: 'unsupported' | 'repaired' | 'other'
  /** The option or capability it is about. */
  feature?: string
  message: string
}

/** A tool call of an answer. */
export type ToolCall = Omit<ToolCallPart, 'type' | 'opaque'>

/** A whole answer. */
export interface ChatResponse {
  /** As the model said it; append it to the conversation to go on. */
  message: AssistantMessage
  /** All text parts, put together. */
  text: string
  /** All reasoning, put together. */
  reasoning: string
  toolCalls: ToolCall[]
  /** The parsed and validated value, where the request had an `output` other than text. */
  output?: unknown
  finishReason: FinishReason
  /** The provider's own word for it. */
  rawFinishReason?: string
  /** The one of `stop` that ended it, where the provider says which. */
  stopSequence?: string
  /** Usage of all attempts together. */
  usage: Usage
  /** US dollars, where the price is known: `priced` of `@patchbay/policies` puts it here. */
  cost?: number
  /**
   * Where it came from, where a cache stands between: `false` from the model, `'exact'` or `'semantic'` from what was
   * kept, `'shared'` from a call for the same that was under way.
   */
  cached?: false | 'exact' | 'semantic' | 'shared'
  timing: Timing
  /** How many attempts it took; 1 when nothing was tried again. */
  attempts: number
  provider: string
  /** The model that answered, as the provider named it. */
  model: string
  id?: string
  requestId?: string
  warnings: Warning[]
}

/** Vectors, in the order of the input. */
export interface EmbedResponse {
  vectors: Float32Array[]
  usage: Usage
  model: string
  provider: string
}

/** How well documents answer a query. */
export interface RerankResponse {
  /** One for each document, in their order; higher is better. Scores of different models do not compare. */
  scores: number[]
  usage: Usage
  model: string
  provider: string
}

/** What was said. */
export interface TranscribeResponse {
  text: string
  /** As the service names it: a code or a word. */
  language?: string
  /** The length of the sound, in seconds. */
  duration?: number
  /** The pieces of the text with their times in seconds, where the service gives them. */
  segments: { start: number; end: number; text: string }[]
  usage: Usage
  model: string
  provider: string
}
