// What the app's process and the worker's process say to each other. Plain JSON, versioned, exhaustively switched.
import type { SamplingOptions } from '@patchbay/core'

/** Raised with every change of the messages below: a worker file of another version is refused by name. */
export const protocolVersion = 5

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
  /** Absent: as many as the GPU's memory holds. */
  gpuLayers?: number
  /** LoRA adapters. */
  adapters?: { path: string; scale?: number }[]
  /** Save what the sequences hold at an orderly end, and read it back. */
  keepPrefixes?: boolean
  /** The process ends itself above so many bytes. */
  memoryLimit?: number
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

/** Documents to be told apart by how well they answer a query. */
export interface RankJob {
  query: string
  documents: string[]
}

/** What a worker is asked for, one at a time for each of its sequences. */
export type JobRequest = ChatJob | EmbedJob | RankJob

/** What was loaded, and how. */
export interface ReadyInfo {
  /** Tokens a sequence holds, prompt and answer. */
  contextSize: number
  /** Sequences: calls worked on at once. */
  parallel: number
  threads: number
  /** Tokens evaluated in one go. */
  batchSize: number
  gpu: string | false
  /** Layers of the model in the GPU's memory. */
  gpuLayers: number
  /** Bytes of weights and of context, by the engine's estimate, and what was free before them. */
  memory: { weights: number; context: number; available: number }
  /** The model's chat template has a place for tools and for calls. */
  tools: boolean
  /** The model thinks before it answers. */
  thinks: boolean
  /** Sequences that got back what they held in an earlier process. */
  restored: number
  /** Why all this was chosen, in words, a line each. */
  why: string[]
  /** From the start of loading to ready, in milliseconds. */
  loadMs: number
}

/** How a generation ended. */
export interface ChatResult {
  finishReason: 'stop' | 'length'
  /** `eos`, `stop-string`, `json-complete`, `one-call`, `max-tokens` or `context-full`. */
  rawFinishReason: string
  /** The stop string that ended it. */
  stopSequence?: string
  inputTokens: number
  cachedInputTokens: number
  outputTokens: number
  /** The part of them that was thinking. */
  reasoningTokens?: number
  /** Keywords of the schema, or of the tools' schemas, that the grammar does not keep. */
  unkept?: string[]
  /** It ended inside a call, which is lost. */
  cutCall?: boolean
  /** Evaluating the prompt, up to the first token, in milliseconds. */
  promptMs: number
  /** From there to the end. */
  decodeMs: number
}

/** The vectors of texts, of unit length, as base64 of their 32-bit numbers in this machine's order. */
export interface EmbedResult {
  vectors: string[]
  inputTokens: number
  promptMs: number
}

/** A score for each document, from 0 to 1. */
export interface RankResult {
  scores: number[]
  inputTokens: number
  promptMs: number
}

export type JobResult = ChatResult | EmbedResult | RankResult

/** An error on its way between processes. */
export interface WireError {
  code: 'context-length' | 'inference' | 'invalid-request' | 'model-load' | 'unsupported'
  message: string
}

export type ToWorker =
  | { type: 'load'; settings: LoadSettings }
  /** There is memory for what was planned. */
  | { type: 'go-on' }
  | { type: 'run'; id: number; request: JobRequest }
  /** The reader has taken this many characters more. */
  | { type: 'credit'; id: number; characters: number }
  | { type: 'cancel'; id: number }
  | { type: 'count'; id: number; messages: TemplateMessage[]; tools?: TemplateTool[] }
  | { type: 'ping' }
  | { type: 'shutdown' }

/** What a worker says, one thing or, in one go, several: a message wakes the app's process, whatever is in it. */
export type Words = FromWorker | FromWorker[]

export type FromWorker =
  | { type: 'hello'; version: number }
  /** What the model will take; nothing is loaded before `go-on`. */
  | { type: 'planned'; bytes: number }
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
