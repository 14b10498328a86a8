// What is asked: the request, its tools and the options of one call.
import type { StandardSchemaV1 } from '@standard-schema/spec'
import type { StatusEvent } from './events.js'
import type { Bytes, Message, MessageInput } from './message.js'

/** A JSON Schema object (draft 2020-12). */
export type JsonSchema = { readonly [keyword: string]: unknown }

/** Any schema of the Standard Schema family: zod, valibot, arktype … */
export type StandardSchema<Input = unknown, Output = Input> = StandardSchemaV1<Input, Output>

/** What a schema gives once it has checked a value; `unknown` for plain JSON Schema. */
export type SchemaOutput<Schema> =
  Schema extends StandardSchemaV1<infer _Input, infer Output> ? Output : unknown

/** What a tool's `run` gets beside its input. */
export interface ToolContext {
  /** Aborts when the run of the loop ends, or the tool's time is up. */
  signal: AbortSignal
  /** The id of the tool call. */
  id: string
  /** The conversation, up to the message with the call. */
  messages: readonly Message[]
  /** Reports progress, which restarts the tool's time limit, up to ten times the limit in total. */
  progress?: () => void
}

/** Something a model may ask for. */
export interface Tool<Input = unknown> {
  /** 1 to 64 letters, digits, `_` or `-`; unique within a request. */
  name: string
  /** When and what for: the model reads it. */
  description?: string
  /** The shape of its input. A Standard Schema must be able to give its JSON Schema (zod 4 can). */
  input: StandardSchema<unknown, Input> | JsonSchema
  /**
   * Does the work. `chat` and `stream` never call it; `runTools` does. What it gives goes to the model: a string or a
   * list of parts as it is, anything else as JSON.
   */
  run?(input: Input, context: ToolContext): unknown
  /** Must somebody agree before it runs? Asked with the checked input. */
  needsApproval?(input: Input, context: ToolContext): boolean | Promise<boolean>
  /** The most time a run may take, in milliseconds. Default: the loop's `toolTimeout`. */
  timeout?: number
}

/** A tool whose `run` knows its input from the schema. */
export function tool<const Schema extends StandardSchema | JsonSchema>(
  definition: Omit<Tool<SchemaOutput<Schema>>, 'input'> & { input: Schema },
): Tool<SchemaOutput<Schema>> {
  return definition as Tool<SchemaOutput<Schema>>
}

/** Which tool the model may, must or must not call. */
export type ToolChoice = 'auto' | 'none' | 'required' | { name: string }

/** What the answer must be. */
export type OutputSpec =
  | 'text'
  | 'json'
  | { schema: StandardSchema | JsonSchema; name?: string; strict?: boolean }

/** How much a model may think before it answers. */
export type Reasoning = 'off' | 'minimal' | 'low' | 'medium' | 'high' | 'max' | { budgetTokens: number }

/** The options that steer how the next token is chosen. */
export interface SamplingOptions {
  /** 0 is greedy. Default: the provider's. */
  temperature?: number
  /** Keep the smallest set of tokens whose probabilities add up to this, 0 to 1. */
  topP?: number
  /** Keep this many of the likeliest tokens. */
  topK?: number
  /** Drop tokens less likely than this share of the likeliest, 0 to 1. */
  minP?: number
  /** The same seed and request give the same answer, where the provider can promise it. */
  seed?: number
  /** The answer ends before the first of these; they are not part of it. */
  stop?: string[]
  /** -2 to 2. */
  frequencyPenalty?: number
  /** -2 to 2. */
  presencePenalty?: number
}

/** A whole request. Only `messages` is needed. */
export interface ChatRequest extends SamplingOptions {
  messages: string | MessageInput[]
  /** Put before the messages as a system message. */
  system?: string
  tools?: Tool[]
  /** Default `'auto'`. */
  toolChoice?: ToolChoice
  /** May the model ask for several tools in one turn? Default: the provider's. */
  parallelToolCalls?: boolean
  /** Default `'text'`. */
  output?: OutputSpec
  /** The most tokens the answer may have, reasoning included. Default: the provider's. */
  maxOutputTokens?: number
  reasoning?: Reasoning
  /** Merged into the wire body last, by provider name: `{ claude: { … } }`. */
  providerOptions?: Record<string, Record<string, unknown>>
  /** What a backend cannot honour is an `unsupported` error, or a warning on the response. Default `'error'`. */
  onUnsupported?: 'error' | 'warn'
}

/** A question, a conversation, or a whole request. */
export type ChatInput = string | MessageInput[] | ChatRequest

/** Time limits in milliseconds; a number is the total. */
export interface TimeoutOptions {
  /** For the whole call, waiting and retries included. Default 600,000. */
  total?: number
  /** From the start of an attempt to its first event with content. Default 300,000. */
  first?: number
  /** Between two such events, while the reader waits for the next. Default 120,000. */
  idle?: number
}

/** How failures before the first event are tried again. */
export interface RetryOptions {
  /** How many times more. Default 2. */
  retries?: number
  /** The first back-off in milliseconds; it doubles, with full jitter. Default 500. */
  baseDelay?: number
  /** The longest back-off. Default 8,000. */
  maxDelay?: number
  /** A server's `Retry-After` is obeyed up to this; a longer one fails at once. Default 60,000. */
  maxRetryAfter?: number
}

/** Options of one call that are not part of the question. */
export interface CallOptions {
  signal?: AbortSignal
  timeout?: number | TimeoutOptions
  retry?: false | RetryOptions
  /** Sent with the request, where there is one. */
  headers?: Record<string, string>
  /** Hears of retries, queue positions and loading. */
  onStatus?: (status: StatusEvent) => void
  /**
   * What policies know the call by, never sent to anybody: `key` (whose budget it is), `tenant` (whose cache), and
   * whatever else `log` and `trace` should say.
   */
  metadata?: Record<string, string>
}

/** Texts to turn into vectors. */
export interface EmbedRequest {
  /** Any number of texts: they go in batches, as large as the service takes them. */
  input: string | string[]
  /** The wanted length of the vectors, where the model can choose. */
  dimensions?: number
  /**
   * What the texts are: what is searched for, or what is searched in. Models that were trained to tell them apart find
   * more when they are told; others take no notice.
   */
  inputType?: 'query' | 'document'
  /** A text too long for the model: `true` cuts off its end, `false` (the default) is an error. */
  truncate?: boolean
  /** How many batches at the same time. Default 4; a local model takes one. */
  concurrency?: number
  /** Merged into the wire body last, by provider name. */
  providerOptions?: Record<string, Record<string, unknown>>
}

/** A query, and the documents that may answer it. */
export interface RerankRequest {
  query: string
  documents: string[]
  /** Added to the wire form last, by provider name. */
  providerOptions?: Record<string, Record<string, unknown>>
}

/** Speech to turn into text. */
export interface TranscribeRequest {
  audio: Bytes
  /** For example `'audio/wav'`. */
  mediaType: string
  /** What is spoken, as ISO 639-1 names it: `'de'`. Default: the model finds out. */
  language?: string
  /** Names and words that may come up, or the text before. */
  prompt?: string
  /** 0 is greedy. Default: the provider's. */
  temperature?: number
  /** Added to the wire form last, by provider name. */
  providerOptions?: Record<string, Record<string, unknown>>
}
