// Chat requests: the conversation, its tools, the form of the answer, and sampling options.
import type { MessageInput } from './message.js'
import type { ProviderRequestOptions } from './provider-options.js'
import type { AnySchema } from './schema.js'
import type { Tool, ToolChoice } from './tool.js'

/**
 * The form of the answer: free text, any JSON value, or a value of a schema. The parsed value is `output` of the response. `name`
 * is a name for the schema, which some services show to the model. `strict: false` turns off a service's strict mode, where it
 * has one.
 */
export type OutputSpec<Schema extends AnySchema = AnySchema> =
  | 'text'
  | 'json'
  | { schema: Schema; name?: string | undefined; strict?: boolean | undefined }

/** How much a model reasons before it answers: a level, or the most tokens of reasoning. */
export type Reasoning = 'off' | 'minimal' | 'low' | 'medium' | 'high' | 'max' | { budgetTokens: number }

/** Options of how the next token is chosen. Default for all: the provider's. */
export interface SamplingOptions {
  /** Randomness, from 0; 0 always takes the most likely token. */
  temperature?: number | undefined
  /** Sample only from the smallest set of tokens whose probabilities add up to this, 0 to 1. */
  topP?: number | undefined
  /** Sample only from this many of the most likely tokens. */
  topK?: number | undefined
  /** Leave out tokens less likely than this share of the most likely one's probability, 0 to 1. */
  minP?: number | undefined
  /** The same seed and request give the same answer, as far as the provider can promise it. */
  seed?: number | undefined
  /** The answer ends before the first of these strings; it is not part of the answer. */
  stop?: string[] | undefined
  /** Makes tokens less likely the more often they occurred, -2 to 2. */
  frequencyPenalty?: number | undefined
  /** Makes tokens that occurred less likely, -2 to 2. */
  presencePenalty?: number | undefined
}

/**
 * A chat request. Only `messages` is required.
 * @example
 * await llm.chat({ system: 'Answer in one word.', messages: 'Capital of Peru?', temperature: 0, maxOutputTokens: 10 })
 */
export interface ChatRequest<
  Schema extends AnySchema = AnySchema,
  Tools extends readonly Tool[] = readonly Tool[],
> extends SamplingOptions {
  /** The conversation; a string is one user message. */
  messages: string | MessageInput[]
  /** Instructions; sent before the messages as a system message. */
  system?: string | undefined
  /** Tools the model may call. `chat` and `stream` return the calls; `runTools` also runs them. */
  tools?: Tools | undefined
  /** Default `'auto'`. */
  toolChoice?: ToolChoice<NoInfer<Tools[number]['name']>> | undefined
  /** Whether the model may call several tools in one turn. Default: the provider's. */
  parallelToolCalls?: boolean | undefined
  /** The form of the answer. Default `'text'`. */
  output?: OutputSpec<Schema> | undefined
  /** The most tokens of the answer, reasoning included. Default: the provider's. */
  maxOutputTokens?: number | undefined
  /** How much to reason. Default: the provider's. */
  reasoning?: Reasoning | undefined
  /**
   * Log-probabilities of the tokens of the text, as `logprobs` of the response: `true` for those of the tokens alone, a number
   * from 0 to 20 for so many of the most likely tokens of each place too. Default: none.
   */
  logprobs?: boolean | number | undefined
  /**
   * `'auto'` sets up the prompt cache of the service for a conversation that goes on: breakpoints after the tools, the system text and
   * the last two turns on Anthropic, a key for the conversation on OpenAI. Services that cache by themselves need nothing. Marks on
   * messages (`cache: true`) win over it. Default `'off'`: marks on messages only.
   */
  cache?: 'auto' | 'off' | undefined
  /** Fields merged into the body of the request last, by provider name: `{ claude: { … } }`. */
  providerOptions?: ProviderRequestOptions | undefined
  /**
   * What happens to options and parts that the model or its service does not support: an `unsupported` error before anything is
   * sent, or the request without them and a warning in the response. Default `'error'`.
   */
  onUnsupported?: 'error' | 'warn' | undefined
}

/** A question, a conversation, or a whole request. */
export type ChatInput<Schema extends AnySchema = AnySchema, Tools extends readonly Tool[] = readonly Tool[]> =
  | string
  | MessageInput[]
  | ChatRequest<Schema, Tools>
