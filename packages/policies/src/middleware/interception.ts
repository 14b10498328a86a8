// A call that comes to a policy, and what the policy has to do with it.
import type {
  BatchResult,
  BatchStatus,
  CallOptions,
  Capabilities,
  ChatEvent,
  ChatInput,
  ChatResponse,
  ChatStream,
  EmbedRequest,
  EmbedResponse,
  LlmError,
  ModelInfo,
  RerankRequest,
  RerankResponse,
  TranscribeRequest,
  TranscribeResponse,
  Usage,
} from '@patchbay/core'
import type { Patience } from './call-deadline.js'

/** The kinds of calls, by what is asked and what is answered. */
export interface Calls {
  chat: [request: ChatInput, response: ChatResponse]
  embed: [request: string | string[] | EmbedRequest, response: EmbedResponse]
  rerank: [request: RerankRequest, response: RerankResponse]
  transcribe: [request: TranscribeRequest, response: TranscribeResponse]
  countTokens: [request: ChatInput, response: number]
  models: [request: undefined, response: ModelInfo[]]
  capabilities: [request: undefined, response: Capabilities]
  'batches.submit': [requests: readonly ChatInput[], id: string]
  'batches.status': [id: string, status: BatchStatus]
  'batches.results': [id: string, read: BatchRead]
  'batches.cancel': [id: string, done: undefined]
}
export type Kind = keyof Calls

/** What a batch gave, once its results have been read. */
export interface BatchRead {
  answered: number
  failed: number
  /** Of all that was answered. */
  usage: Usage
}

/** A call that comes to a policy. Told apart by `kind`. */
export type Incoming = {
  [K in Kind]: {
    kind: K
    request: Calls[K][0]
    options: CallOptions
    /** Will the caller see the answer as it is made? Or only the whole of it. */
    streamed: boolean
    patience: Patience
  }
}[Kind]

export type Asked = Calls[Kind][0]
export type Answer = Calls[Kind][1]

/** A chat that comes to a policy. */
export type Chat = Extract<Incoming, { kind: 'chat' }>

/** What a policy has to do with one call. Nothing of it is needed. */
export interface Passing {
  /** Handed on instead of what came. */
  request?: Asked
  /** Handed on instead of what came. */
  options?: CallOptions
  /** A chat is answered by this stream, and the provider is not asked. */
  stream?(options: CallOptions): ChatStream
  /** A call of another kind is answered by this. */
  answer?(options: CallOptions): Promise<Answer>
  /** The results of a batch come from here, and the provider is not asked. */
  results?(options: CallOptions): AsyncIterable<BatchResult>
  /** What the caller gets for one event of a stream (the finish aside); nothing holds it back. */
  event?(event: ChatEvent): ChatEvent[] | Promise<ChatEvent[]>
  /** What the caller gets for one result of a batch. */
  result?(result: BatchResult): BatchResult | Promise<BatchResult>
  /** Events that were held back and come before the finish. */
  rest?(): ChatEvent[]
  /** Once, when the call has ended well. The response may become another one; a throw fails the call. */
  done?(response: Answer): Answer | Promise<Answer>
  /** Once instead, when it has not: also when its caller left, and nobody reads on. */
  failed?(error: LlmError): Promise<void> | void
  /** The error as the caller gets it. */
  error?(error: LlmError): LlmError
  /** Runs every step of the call inside of it, for what follows a call by its context. */
  within?<T>(step: () => T): T
}
