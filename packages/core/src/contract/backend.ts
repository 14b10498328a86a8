// Backend: the part of a provider that is written for each service, and the prepared requests it gets.
import type { BatchStatus } from './batches.js'
import type { Capabilities, ModelInfo } from './capabilities.js'
import type { Clock } from './clock.js'
import type { LlmError } from './errors.js'
import type { BackendEvent } from './events.js'
import type { Message, Part, Role } from './message.js'
import type {
  EmbedRequest,
  EmbedResponse,
  ImageInput,
  ImageRequest,
  ImageResponse,
  RerankRequest,
  RerankResponse,
  SpeakRequest,
  TranscribeRequest,
  TranscribeResponse,
} from './operations.js'
import type { Reasoning, SamplingOptions } from './request.js'
import type { Usage, Warning } from './response.js'
import type { JsonSchema } from './schema.js'
import type { ServerToolDefinition } from './server-tool.js'
import type { StatusEvent } from './status.js'
import type { ToolChoice } from './tool.js'

/** Options that are absent where the caller's are undefined. */
type Defined<Options> = { [Name in keyof Options]: Exclude<Options[Name], undefined> }

/** A checked message: a list of parts, all of which the model may see. */
export interface PreparedMessage {
  role: Role
  content: Part[]
  cache?: NonNullable<Message['cache']>
}

/** A checked tool, with its JSON Schema. */
export interface PreparedTool {
  name: string
  description?: string
  schema: JsonSchema
}

/** A checked server tool. */
export interface PreparedServerTool {
  name: string
  server: ServerToolDefinition
}

/** A checked request in its one long form: defaults applied, calls and results paired, media checked. */
export interface PreparedChat extends Defined<SamplingOptions> {
  messages: PreparedMessage[]
  tools: PreparedTool[]
  /** Server tools: those that the model's capabilities list, and those of other makers that stand in for one of them. */
  serverTools?: PreparedServerTool[]
  toolChoice?: ToolChoice
  parallelToolCalls?: boolean
  /** Absent for plain text; without `schema`, any JSON. */
  output?: { schema?: JsonSchema; name?: string; strict?: boolean }
  maxOutputTokens?: number
  reasoning?: Reasoning
  /** Log-probabilities of the tokens, and of so many alternatives for each. */
  logprobs?: number
  /** Set up the service's prompt cache. The messages have no marks of their own. */
  cache?: 'auto'
  /** Only those of this provider. */
  providerOptions: Record<string, unknown>
  /** For what a backend itself finds the model does not take: `'warn'` leaves it out with a warning; else it is an error. */
  onUnsupported?: 'error' | 'warn'
}

/** A batch of texts to embed. */
export interface PreparedEmbed
  extends Defined<Omit<EmbedRequest, 'input' | 'concurrency' | 'providerOptions'>> {
  input: string[]
  /** Only those of this provider. */
  providerOptions: Record<string, unknown>
}

/** The limits of one `embed` of a backend. A text longer than `characters` is sent alone. */
export interface EmbedBatch {
  /** Texts in one batch. */
  texts?: number
  /** Characters in one batch. */
  characters?: number
  /** Batches at the same time, even if the caller asks for more. */
  atOnce?: number
}

/** Speech to transcribe. */
export interface PreparedTranscribe extends Defined<Omit<TranscribeRequest, 'providerOptions'>> {
  /** Only those of this provider. */
  providerOptions: Record<string, unknown>
}

/** Images to generate or to edit. */
export interface PreparedImage extends Defined<Omit<ImageRequest, 'images' | 'n' | 'providerOptions'>> {
  /** Empty if nothing is edited. */
  images: ImageInput[]
  n: number
  /** Only those of this provider. */
  providerOptions: Record<string, unknown>
}

/** Text to read aloud. */
export interface PreparedSpeak extends Defined<Omit<SpeakRequest, 'providerOptions'>> {
  /** Only those of this provider. */
  providerOptions: Record<string, unknown>
}

/** An event of the speech of a backend: `start` first, then the audio, and `finish` only if it is complete. */
export type BackendSpeechEvent =
  | { type: 'start'; mediaType: string; model?: string }
  | { type: 'audio'; audio: Uint8Array }
  | { type: 'finish'; usage?: Usage }

/** Documents to score. */
export interface PreparedRerank extends Omit<RerankRequest, 'providerOptions'> {
  /** Only those of this provider. */
  providerOptions: Record<string, unknown>
}

/** What one attempt of a call gets beside the request. */
export interface CallContext {
  /** Aborts when the attempt must end, for any reason. */
  readonly signal: AbortSignal
  /** When the call must have ended, in milliseconds of `clock`. */
  readonly deadline: number
  readonly clock: Clock
  /** Headers to send, of the provider and of the call; names in lower case. */
  readonly headers: Readonly<Record<string, string>>
  /** Passes an event to the caller's `onStatus`. */
  status(event: StatusEvent): void
  /** Adds a warning to the response. In a batch, `request` is the index of the request it is about. */
  warn(warning: Warning, request?: number): void
  /** Changes every failure of this attempt before it is reported: `exchange` uses it to redact failures that come later. */
  onFailure?(change: (failure: LlmError) => LlmError): void
}

/** What one attempt of a chat gets beside the request. */
export interface ChatContext extends CallContext {
  /**
   * Whether to ask the service for a stream. `false` if only the response is wanted and the answer is short: then the service may
   * send it in one piece, which costs less. A backend may stream in any case. Decided in `call/streaming.ts`.
   */
  readonly streaming: boolean
}

/** The events of one request of a batch, or the error. */
export type BatchOutcome =
  | { index: number; events: AsyncIterable<BackendEvent>; error?: never }
  | { index: number; error: unknown; events?: never }

/** The batches of a backend. */
export interface BackendBatch {
  /** Prepare all requests before sending anything: an `unsupported` warning with the index of its request throws. */
  submit(requests: PreparedChat[], context: CallContext): Promise<string>
  status(id: string, context: CallContext): Promise<BatchStatus>
  /** In any order. Only called once the batch has ended or was cancelled. */
  results(id: string, context: CallContext): AsyncIterable<BatchOutcome>
  cancel(id: string, context: CallContext): Promise<void>
}

/** What is different for each service. `defineProvider` makes a `Provider` of it. */
export interface Backend {
  readonly provider: string
  readonly model: string
  /** Called once, when a call needs it, and cached; a failure is not cached. */
  capabilities(context: CallContext): Capabilities | Promise<Capabilities>
  /** What is known without asking a server. Calls are checked against it while `capabilities` fails. Default: no check then. */
  readonly limits?: Capabilities
  /**
   * What the server itself reports of the model. Fetched once, when the app calls `capabilities()`, and merged over those of the
   * backend. Calls do not wait for it: a server that reports nothing may still accept the request.
   */
  reportedCapabilities?(context: CallContext): Promise<Partial<Capabilities>>
  /**
   * One attempt. It yields events and ends after `finish`. It throws an `LlmError` for every failure, and stops soon after
   * `context.signal` aborts. It never retries and has no timers of its own.
   */
  chat(request: PreparedChat, context: ChatContext): AsyncIterable<BackendEvent>
  /** The vectors of one batch, in its order. */
  embed?(request: PreparedEmbed, context: CallContext): Promise<Omit<EmbedResponse, 'provider'>>
  /** The limits of one `embed`. Default: all texts at once. */
  readonly embedBatch?: EmbedBatch
  /** A score for each document, in their order. */
  rerank?(request: PreparedRerank, context: CallContext): Promise<Omit<RerankResponse, 'provider'>>
  transcribe?(
    request: PreparedTranscribe,
    context: CallContext,
  ): Promise<Omit<TranscribeResponse, 'provider'>>
  /** As many images as the service gave; none is an error. */
  image?(request: PreparedImage, context: CallContext): Promise<Omit<ImageResponse, 'provider'>>
  /** One attempt, under the same rules as `chat`. */
  speak?(request: PreparedSpeak, context: CallContext): AsyncIterable<BackendSpeechEvent>
  /** The input tokens of a request. */
  countTokens?(request: PreparedChat, context: CallContext): Promise<number>
  models?(context: CallContext): Promise<ModelInfo[]>
  readonly batch?: BackendBatch
  /** Called once, after the last call has ended. */
  close?(): Promise<void>
}
