// Types of a policy call and of what a policy does with it.
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
  ImageRequest,
  ImageResponse,
  LlmError,
  ModelInfo,
  RerankRequest,
  RerankResponse,
  SpeakRequest,
  SpeechEvent,
  SpeechResponse,
  TranscribeRequest,
  TranscribeResponse,
  Usage,
} from '@patchbay/core'
import type { CallDeadline } from './call-deadline.js'

/** Request and response types by kind of call. */
export interface Calls {
  chat: [request: ChatInput, response: ChatResponse]
  embed: [request: string | string[] | EmbedRequest, response: EmbedResponse]
  rerank: [request: RerankRequest, response: RerankResponse]
  transcribe: [request: TranscribeRequest, response: TranscribeResponse]
  image: [request: string | ImageRequest, response: ImageResponse]
  speak: [request: string | SpeakRequest, response: SpeechResponse]
  countTokens: [request: ChatInput, response: number]
  models: [request: undefined, response: ModelInfo[]]
  capabilities: [request: undefined, response: Capabilities]
  'batches.submit': [requests: readonly ChatInput[], id: string]
  'batches.status': [id: string, status: BatchStatus]
  'batches.results': [id: string, totals: BatchTotals]
  'batches.cancel': [id: string, done: undefined]
}

/** The kind of a call: `chat` (streams included), `embed`, … `batches.cancel`. */
export type CallKind = keyof Calls

/** Totals of a batch whose results have been read. */
export interface BatchTotals {
  /** Requests with a response. */
  answered: number
  /** Requests with an error. */
  failed: number
  /** Sum over all results. */
  usage: Usage
}

/** A call as a policy receives it: a union, discriminated by `kind`. */
export type PolicyCall = {
  [K in CallKind]: {
    kind: K
    request: Calls[K][0]
    /** The caller's options. `null` values are removed. */
    options: CallOptions
    /** Does the caller read events as they arrive? False for `chat()` and for every other kind. */
    streamed: boolean
    /** The time and the abort signal of this call, for policies that wait. */
    deadline: CallDeadline
  }
}[CallKind]

/** The request of a call of any kind. */
export type CallRequest = Calls[CallKind][0]

/** The response of a call of any kind. Of `batches.results` it is the totals, after the last result was read. */
export type CallResponse = Calls[CallKind][1]

/** A chat as a policy receives it. */
export type ChatCall = Extract<PolicyCall, { kind: 'chat' }>

/** What a policy does with one call. Every field is optional; `{}` passes the call on unchanged. */
export interface Interception {
  /** Sent to the provider instead of the caller's request, which must stay as it is. */
  request?: CallRequest
  /** Passed to the provider instead of the caller's options. */
  options?: CallOptions
  /** Answers a chat with this stream; the provider is not called. */
  stream?(options: CallOptions): ChatStream
  /** Answers a call of any other kind; the provider is not called. */
  answer?(options: CallOptions): Promise<CallResponse>
  /** Gives the events of speech; the provider is not called. With `answer` instead, they are made of the whole speech. */
  speech?(options: CallOptions): AsyncIterable<SpeechEvent>
  /** Gives the results of a batch; the provider is not called. */
  results?(options: CallOptions): AsyncIterable<BatchResult>
  /** Replaces one event of a stream (not `finish`) by any number of events; an empty list holds it back. */
  event?(event: ChatEvent): ChatEvent[] | Promise<ChatEvent[]>
  /** Replaces one result of a batch. */
  result?(result: BatchResult): BatchResult | Promise<BatchResult>
  /** Events that were held back, sent to the caller before `finish`. Called after `done`, for streams only. */
  flush?(): ChatEvent[]
  /** Called once when the call succeeded. It may replace the response; if it throws, the call fails. */
  done?(response: CallResponse): CallResponse | Promise<CallResponse>
  /** Called once instead of `done` when the call failed, or its caller left before the end. */
  failed?(error: LlmError): Promise<void> | void
  /** Replaces the error the caller gets. */
  error?(error: LlmError): LlmError
  /** Runs each step of the call inside a context of the policy's, such as an active tracing span. */
  within?<T>(step: () => T): T
}
