// What the app's process and the worker's process say to each other. Plain JSON, versioned, exhaustively switched.
import type { SamplingOptions } from '@patchbay/core'

/** Raised with every change of the messages below: a worker file of another version is refused by name. */
export const protocolVersion = 3

/** What the worker loads. */
export interface LoadSettings {
  modelPath: string
  /** Tokens per sequence; absent: as much as fits, up to 4,096. */
  context?: number
  parallel: number
  gpu: 'auto' | false | 'cuda' | 'vulkan' | 'metal'
  /** Absent: measured. */
  threads?: number
  /** Where measurements are kept; absent: nowhere. */
  cacheDir?: string
  /** Replaces the model's own chat template (Jinja). */
  chatTemplate?: string
}

/** A message as chat templates take it: the shape of OpenAI's Chat Completions, which they were written for. */
export interface TemplateMessage {
  role: 'system' | 'user' | 'assistant' | 'tool'
  content: string
  /** What the model thought; templates of reasoning models know what to do with it. */
  reasoning_content?: string
  tool_calls?: { type: 'function'; id: string; function: { name: string; arguments: unknown } }[]
  tool_call_id?: string
  name?: string
}

/** A tool as chat templates take it. */
export interface TemplateTool {
  type: 'function'
  function: { name: string; description?: string; parameters: unknown }
}

/** Texts to turn into vectors. */
export interface EmbedJob {
  texts: string[]
  /** Texts that are too long lose their end. */
  truncate: boolean
}

/** One generation. */
export interface ChatJob extends SamplingOptions {
  messages: TemplateMessage[]
  /** Never together with `json`. */
  tools?: TemplateTool[]
  /** The answer begins with a call, of this tool when it is named. */
  mustCall?: true | string
  /** The answer ends after its first call. */
  oneCall?: boolean
  maxOutputTokens?: number
  /** How much to think first, where the model thinks. Absent: as the model likes. */
  reasoning?: 'off' | 'minimal' | 'low' | 'medium' | 'high' | 'max'
  /** The answer is JSON; with a schema, JSON of that shape. */
  json?: { schema?: unknown }
}

/** What a worker is asked for, one at a time for each of its sequences. */
export type JobRequest = ChatJob | EmbedJob

/** What the worker found. */
export interface ReadyInfo {
  /** Tokens a sequence holds. */
  contextSize: number
  parallel: number
  threads: number
  gpu: string | false
  /** The model's chat template has a place for tools and for calls. */
  tools: boolean
  /** The model thinks before it answers. */
  thinks: boolean
  /** From the start of loading to ready. */
  loadMs: number
}

/** How a generation ended. */
export interface ChatResult {
  finishReason: 'stop' | 'length'
  /** `eos`, `stop-string`, `json-complete`, `one-call`, `max-tokens` or `context-full`. */
  rawFinishReason: string
  inputTokens: number
  cachedInputTokens: number
  outputTokens: number
  /** The part of them that was thinking. */
  reasoningTokens?: number
  /** It ended inside a call, which is lost. */
  cutCall?: boolean
}

/** The vectors of texts, of unit length, as base64 of their 32-bit numbers in this machine's order. */
export interface EmbedResult {
  vectors: string[]
  inputTokens: number
}

export type JobResult = ChatResult | EmbedResult

/** An error on its way between processes. */
export interface WireError {
  code: 'context-length' | 'inference' | 'invalid-request' | 'model-load' | 'unsupported'
  message: string
}

export type ToWorker =
  | { type: 'load'; settings: LoadSettings }
  | { type: 'run'; id: number; request: JobRequest }
  /** The reader has taken this many characters more. */
  | { type: 'credit'; id: number; characters: number }
  | { type: 'cancel'; id: number }
  | { type: 'count'; id: number; messages: TemplateMessage[]; tools?: TemplateTool[] }
  | { type: 'ping' }
  | { type: 'shutdown' }

export type FromWorker =
  | { type: 'hello'; version: number }
  | { type: 'loading'; progress: number }
  | { type: 'ready'; info: ReadyInfo }
  | { type: 'load-failed'; error: WireError }
  | { type: 'text' | 'reasoning'; id: number; text: string }
  | { type: 'call'; id: number; name: string; input: unknown }
  | { type: 'done'; id: number; result: JobResult }
  | { type: 'failed'; id: number; error: WireError }
  | { type: 'counted'; id: number; tokens: number }
  | { type: 'log'; level: string; message: string }
  | { type: 'pong' }

/** Text that may wait for a slow reader, in characters a call. Past it the call's generation waits. */
export const textWindow = 64 * 1024
