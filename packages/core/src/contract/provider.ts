// The two sides of a model: Provider, which apps use, and Backend, which those who add a model write.
import type { Clock } from './clock.js'
import type { LlmError } from './errors.js'
import type { BackendEvent, ChatStream, StatusEvent } from './events.js'
import type { Message, Part, Role } from './message.js'
import type {
  CallOptions,
  ChatInput,
  ChatRequest,
  EmbedRequest,
  JsonSchema,
  Reasoning,
  RerankRequest,
  SamplingOptions,
  TimeoutOptions,
  ToolChoice,
  TranscribeRequest,
} from './request.js'
import type { ChatResponse, EmbedResponse, RerankResponse, TranscribeResponse, Warning } from './response.js'

/** Can it? Only `false` refuses a call. */
export type Capability = boolean | 'unknown'

/** Options of a request that some models refuse. */
export type OptionName =
  | keyof SamplingOptions
  | 'maxOutputTokens'
  /** One call a turn at most, when asked for. */
  | 'parallelToolCalls'
  /** `'required'`, or a certain tool. */
  | 'toolChoice'
  /** `reasoning` as a number of tokens. */
  | 'reasoningBudget'

/** What a model can do. */
export interface Capabilities {
  tools: Capability
  /** Images in. */
  vision: Capability
  /** Documents in. */
  files: Capability
  /** Sound in. */
  audio: Capability
  /** Answers constrained to JSON, or to a schema. */
  json: Capability
  reasoning: Capability
  embed: Capability
  /** Options it refuses, named with `false`. */
  options?: Partial<Record<OptionName, Capability>>
  /** Tokens of input and output together. */
  contextWindow?: number
  /** Tokens of one answer. */
  maxOutput?: number
}

/** A model a provider offers. */
export interface ModelInfo {
  id: string
  name?: string
  /** Tokens of input and output together. */
  contextWindow?: number
  /** Tokens of one answer. */
  maxOutput?: number
  /** What the service says the model can do. */
  capabilities?: Partial<Capabilities>
}

/** How a batch stands. */
export interface BatchStatus {
  /** `cancelled`: what was not answered before never will be. */
  state: 'running' | 'ended' | 'cancelled'
  total: number
  answered: number
  failed: number
}

/** What came of one request of a batch; its timing says nothing. */
export type BatchResult =
  | { index: number; response: ChatResponse; error?: never }
  | { index: number; error: LlmError; response?: never }

/**
 * Many requests, answered within hours, at a lower price where the service has one. An id is all that is needed to go on
 * in another process. Values of a schema are in the texts; nobody has checked them.
 */
export interface Batches {
  /** `false` if batches are not supported: `submit` then fails with `unsupported` and sends nothing. */
  readonly available?: boolean | undefined
  /**
   * Submits requests and returns the id of the batch. There are no warnings, so anything the model or its service does not
   * support is refused; with `onUnsupported: 'warn'`, options the service has no field for are silently left out.
   * @throws {LlmError} for the first invalid request; `unsupported` without batches
   */
  submit(requests: readonly ChatInput[], options?: CallOptions): Promise<string>
  status(id: string, options?: CallOptions): Promise<BatchStatus>
  /**
   * One result for each request, in their order.
   * @throws {LlmError} `invalid-request` while it is running
   */
  results(id: string, options?: CallOptions): AsyncIterable<BatchResult>
  cancel(id: string, options?: CallOptions): Promise<void>
}

/** A model, whoever serves it. All of it is safe to call at the same time. */
export interface Provider extends AsyncDisposable {
  /** Who serves it: `'claude'`, `'openai'`, `'ollama'`, `'local'` … */
  readonly provider: string
  readonly model: string
  /** What it adds to every request that does not say otherwise. */
  readonly defaults?: Partial<ChatRequest>
  /** The time limits of calls that set none. Default: those of `timeout`. */
  readonly timeouts?: TimeoutOptions | undefined
  /** What the model can do. At most one request, then remembered. */
  capabilities(options?: CallOptions): Promise<Capabilities>
  /**
   * Asks and waits for the whole answer.
   * @throws {LlmError} for every failure
   */
  chat(request: ChatInput, options?: CallOptions): Promise<ChatResponse>
  /** Asks and gives the answer as it is made. Nothing is sent before the stream is read. */
  stream(request: ChatInput, options?: CallOptions): ChatStream
  /**
   * Turns texts into vectors.
   * @throws {LlmError} `unsupported` where the backend has no embeddings
   */
  embed(input: string | string[] | EmbedRequest, options?: CallOptions): Promise<EmbedResponse>
  /**
   * Scores documents by how well they answer a query.
   * @throws {LlmError} `unsupported` where the backend or its model cannot
   */
  rerank(request: RerankRequest, options?: CallOptions): Promise<RerankResponse>
  /**
   * Turns speech into text.
   * @throws {LlmError} `unsupported` where the backend has no ears
   */
  transcribe(request: TranscribeRequest, options?: CallOptions): Promise<TranscribeResponse>
  /**
   * Counts the input tokens a request would use.
   * @throws {LlmError} `unsupported` where the backend cannot count
   */
  countTokens(request: ChatInput, options?: CallOptions): Promise<number>
  readonly batches: Batches
  /** The models this provider offers. */
  models(options?: CallOptions): Promise<ModelInfo[]>
  /** Waits for running calls, then lets go. Later calls reject with `closed`. Idempotent. */
  close(): Promise<void>
}

/** A message ready for the wire: parts only, and only what a model may see. */
export interface PreparedMessage {
  role: Role
  content: Part[]
  cache?: NonNullable<Message['cache']>
}

/** A tool ready for the wire. */
export interface PreparedTool {
  name: string
  description?: string
  schema: JsonSchema
}

/** What a backend gets: a request without sugar, checked, complete. */
export interface PreparedChat extends SamplingOptions {
  messages: PreparedMessage[]
  tools: PreparedTool[]
  toolChoice?: ToolChoice
  parallelToolCalls?: boolean
  /** Absent for plain text. */
  output?: { schema?: JsonSchema; name?: string; strict?: boolean }
  maxOutputTokens?: number
  reasoning?: Reasoning
  /** Only this provider's own. */
  providerOptions: Record<string, unknown>
}

/** A batch of texts for a backend. */
export interface PreparedEmbed extends Omit<EmbedRequest, 'input' | 'concurrency' | 'providerOptions'> {
  input: string[]
  /** Only this provider's own. */
  providerOptions: Record<string, unknown>
}

/** The most a backend's `embed` takes. A longer text than `characters` still goes, alone. */
export interface EmbedBatch {
  texts?: number
  characters?: number
  /** Batches at the same time, whatever the caller wishes. */
  atOnce?: number
}

/** Speech for a backend. */
export interface PreparedTranscribe extends Omit<TranscribeRequest, 'providerOptions'> {
  /** Only this provider's own. */
  providerOptions: Record<string, unknown>
}

/** Documents for a backend to score. */
export interface PreparedRerank extends Omit<RerankRequest, 'providerOptions'> {
  /** Only this provider's own. */
  providerOptions: Record<string, unknown>
}

/** What a backend gets beside the request. */
export interface CallContext {
  /** Aborts when the attempt must end, whatever the reason. */
  readonly signal: AbortSignal
  /** When the call must have ended, by `clock`. */
  readonly deadline: number
  readonly clock: Clock
  readonly headers: Readonly<Record<string, string>>
  /** Tells the caller what is going on. */
  status(event: StatusEvent): void
  /** Adds a warning to the response. In a batch, `request` is the index of the request it is about. */
  warn(warning: Warning, request?: number): void
  /** Changes every failure of this attempt before it is reported: `exchange` uses it to redact failures that come later. */
  onFailure?(change: (failure: LlmError) => LlmError): void
}

/** What a chat gets beside the request. */
export interface ChatContext extends CallContext {
  /**
   * Should the answer come as it is made? Not when only the response is wanted and `maxOutputTokens` keeps it short:
   * then a service may send it in one piece, which costs it and us less. A backend need not care.
   */
  readonly streaming: boolean
}

/** What came of one request of a batch: its events, or why there are none. */
export type BatchOutcome =
  | { index: number; events: AsyncIterable<BackendEvent>; error?: never }
  | { index: number; error: unknown; events?: never }

/** The batches of a backend. */
export interface BackendBatch {
  /** An `unsupported` warning with the index of its request throws: prepare all requests before sending anything. */
  submit(requests: PreparedChat[], context: CallContext): Promise<string>
  status(id: string, context: CallContext): Promise<BatchStatus>
  /** In any order. Only asked when it runs no more. */
  results(id: string, context: CallContext): AsyncIterable<BatchOutcome>
  cancel(id: string, context: CallContext): Promise<void>
}

/** The small inside of a provider. `defineProvider` makes the rest. */
export interface Backend {
  readonly provider: string
  readonly model: string
  /** Asked once, when a call needs it; a failed answer is not remembered. */
  capabilities(context: CallContext): Capabilities | Promise<Capabilities>
  /**
   * One attempt. It yields events and ends after its `finish`; it throws an `LlmError` for every failure, and
   * stops soon after `context.signal` aborts. It never retries and keeps no time of its own.
   */
  chat(request: PreparedChat, context: ChatContext): AsyncIterable<BackendEvent>
  /** The vectors of one batch, in its order. */
  embed?(request: PreparedEmbed, context: CallContext): Promise<Omit<EmbedResponse, 'provider'>>
  /** How much `embed` takes. Default: everything at once. */
  readonly embedBatch?: EmbedBatch
  /** A score for each document, in their order. */
  rerank?(request: PreparedRerank, context: CallContext): Promise<Omit<RerankResponse, 'provider'>>
  transcribe?(
    request: PreparedTranscribe,
    context: CallContext,
  ): Promise<Omit<TranscribeResponse, 'provider'>>
  countTokens?(request: PreparedChat, context: CallContext): Promise<number>
  models?(context: CallContext): Promise<ModelInfo[]>
  readonly batch?: BackendBatch
  close?(): Promise<void>
}
