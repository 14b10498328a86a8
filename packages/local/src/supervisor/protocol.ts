// Protocol between the app's process and the worker's process: JSON messages with a version.
import type { SamplingOptions, TokenLogprob } from '@patchbay/core'
import type { SamplerOptions } from '../options/sampler-options.js'

/** Increased with every change of the messages: a worker file of another version is refused. */
export const protocolVersion = 9

/** What the worker loads, and how. */
export interface LoadSettings {
  modelPath: string
  /** Tokens per sequence. Absent: as many as fit, up to 4,096. */
  context?: number
  /** Number of sequences. */
  parallel: number
  /** Keys and values at 8 bits. Absent: 16. */
  kvCache?: 'q8_0'
  gpu: 'auto' | false | 'cuda' | 'vulkan' | 'metal'
  /** Absent: measured. */
  threads?: number
  /** Folder for measurements and prefixes. Absent: none are stored. */
  cacheDir?: string
  /** Replaces the model's own chat template (Jinja). */
  chatTemplate?: string
  /** Layers of the model on the GPU. Absent: as many as its memory holds. */
  gpuLayers?: number
  /** LoRA adapters. */
  adapters?: { path: string; scale?: number }[]
  /** Save the sequences' states when the process ends normally, and load them at the next start. */
  keepPrefixes?: boolean
  /** Bytes of memory above which the process ends itself. Absent: no limit. */
  memoryLimit?: number
  /** Absent: node-llama-cpp, in the worker's own process. */
  engine?: 'llama-server'
  /** The program of llama-server. Absent: `PATCHBAY_LLAMA_SERVER`, or the one that the system finds. */
  server?: string
  /** More arguments for llama-server. */
  serverArgs?: string[]
  /** The projector for images and sound (llama-server only). */
  mmproj?: string
}

/** A message as chat templates expect it, in the format of OpenAI's Chat Completions. */
export interface TemplateMessage {
  role: 'system' | 'user' | 'assistant' | 'tool'
  content: string
  /** The model's thinking, for the templates of reasoning models. */
  reasoning_content?: string
  tool_calls?: { type: 'function'; id: string; function: { name: string; arguments: unknown } }[]
  tool_call_id?: string
  name?: string
}

/** A tool as chat templates expect it. */
export interface TemplateTool {
  type: 'function'
  function: { name: string; description?: string; parameters: unknown }
}

/** Texts to embed. */
export interface EmbedJob {
  texts: string[]
  /** Cut texts that are too long at their end. */
  truncate: boolean
}

/** A text with a gap in the middle. */
export interface InfillText {
  prefix: string
  suffix: string
}

/** Images and sound of a conversation. */
export interface ChatMedia {
  /** A text that stands in the messages in place of each of them, and nowhere else. */
  mark: string
  /** Their bytes as base64, in the order of the messages. */
  data: { type: 'image' | 'audio'; base64: string }[]
}

/** A chat answer to generate. */
export interface ChatJob extends SamplingOptions {
  messages: TemplateMessage[]
  media?: ChatMedia
  /** Never together with `json`. */
  tools?: TemplateTool[]
  /** The answer begins with a tool call: of any tool, or of the named one. */
  forcedCall?: true | string
  /** The answer ends after its first tool call. */
  singleCall?: boolean
  maxOutputTokens?: number
  /** A text with a gap to fill, in place of the messages. Never together with tools or `json`. */
  infill?: InfillText
  /** Biases and penalties that only this engine has. */
  sampler?: SamplerOptions
  /** Log-probabilities of the tokens of the text, with so many alternatives for each. */
  logprobs?: number
  /** How much a reasoning model thinks first. Absent: the model decides. */
  reasoning?: 'off' | 'minimal' | 'low' | 'medium' | 'high' | 'max'
  /** The most tokens of a thought: then it is closed, and the answer begins. */
  thinkingBudget?: number
  /** The answer is JSON that matches the schema, if there is one. */
  json?: { schema?: unknown }
}

/** The part of a chat that its prompt depends on. */
export type PromptRequest = Pick<
  ChatJob,
  'messages' | 'media' | 'tools' | 'forcedCall' | 'json' | 'reasoning' | 'thinkingBudget'
>

/** Documents to score by their relevance to a query. */
export interface RankJob {
  query: string
  documents: string[]
}

/** A job of the worker, which runs at most one for each of its sequences. */
export type JobRequest = ChatJob | EmbedJob | RankJob

/** Facts of a loaded model. */
export interface ReadyInfo {
  /** Tokens of a sequence, prompt and answer together. */
  contextSize: number
  /** Number of sequences: calls that can run at once. */
  parallel: number
  /** Threads of the engine. */
  threads: number
  /** Most tokens that are evaluated in one step. */
  batchSize: number
  /** The GPU backend in use, or `false` for the CPU. */
  gpu: string | false
  /** Layers of the model on the GPU. */
  gpuLayers: number
  /** Bytes of weights and of context, by the engine's estimate, and bytes that were available before loading. */
  memory: { weights: number; context: number; available: number }
  /** The model's chat template supports tools and tool calls. */
  tools: boolean
  /** The model has tokens to fill in the middle. */
  infills: boolean
  /** The model is a reasoning model: it thinks before it answers. */
  thinks: boolean
  /** The model's projector reads images. */
  vision: boolean
  /** The model's projector reads sound. */
  audio: boolean
  /** Sequences whose states were loaded from an earlier process (`keepPrefixes`). */
  restored: number
  /** The reasons for these choices, one sentence each. */
  why: string[]
  /** How long loading took, in milliseconds. */
  loadMs: number
}

/** End and usage of a generated answer. */
export interface ChatResult {
  finishReason: 'stop' | 'length'
  /** `eos`, `stop-string`, `json-complete`, `one-call`, `max-tokens`, `context-full` or `cancelled`. */
  rawFinishReason: string
  /** The stop string that ended the answer. */
  stopSequence?: string
  inputTokens: number
  cachedInputTokens: number
  outputTokens: number
  /** How many of the output tokens were thinking. */
  reasoningTokens?: number
  /** Keywords of the JSON schema, or of the tools' schemas, that the grammar does not enforce. */
  unenforced?: string[]
  /** The answer ended inside a tool call, which is left out if the answer was cut, and text otherwise. */
  unfinishedCall?: boolean
  /** Something in the answer began like a tool call, and was not one: it is text. */
  invalidCall?: boolean
  /** Time up to the first token, in milliseconds. */
  promptMs: number
  /** Time from the first token to the end, in milliseconds, without pauses for a slow reader. */
  decodeMs: number
}

/** Vectors of unit length: base64 of 32-bit floats in this machine's byte order. */
export interface EmbedResult {
  vectors: string[]
  inputTokens: number
  promptMs: number
}

/** Relevance of each document, from 0 to 1. */
export interface RankResult {
  scores: number[]
  inputTokens: number
  promptMs: number
}

export type JobResult = ChatResult | EmbedResult | RankResult

/** An error as it is sent to the app. */
export interface WireError {
  code: 'context-length' | 'inference' | 'invalid-request' | 'model-load' | 'unsupported'
  message: string
}

export type ToWorker =
  | { type: 'load'; settings: LoadSettings }
  /** The worker may take the memory that it has planned. */
  | { type: 'memory-granted' }
  | { type: 'run'; id: number; request: JobRequest }
  /** The reader has read this many more characters. */
  | { type: 'credit'; id: number; characters: number }
  | { type: 'cancel'; id: number }
  | ({ type: 'count'; id: number } & PromptRequest)
  | { type: 'ping' }
  | { type: 'shutdown' }

/** One message of the worker, or several in a batch: each delivery wakes the app's process. */
export type WorkerMessages = FromWorker | FromWorker[]

export type FromWorker =
  | { type: 'hello'; version: number }
  /** Memory that the model needs; it is loaded after `memory-granted`. */
  | { type: 'memory-planned'; bytes: number }
  /** Share of the model that is loaded, from 0 to 1. */
  | { type: 'loading'; progress: number }
  | { type: 'ready'; info: ReadyInfo }
  | { type: 'load-failed'; error: WireError }
  | { type: 'text' | 'reasoning'; id: number; text: string; logprobs?: TokenLogprob[] }
  | { type: 'call'; id: number; name: string; input: unknown }
  | { type: 'done'; id: number; result: JobResult }
  | { type: 'failed'; id: number; error: WireError }
  | { type: 'counted'; id: number; tokens: number }
  | { type: 'log'; level: string; message: string }
  /** The engine is far slower than it was measured: a new process would measure again. */
  | { type: 'slowed-down' }
  | { type: 'pong' }

/** Unread characters of a call above which its generation waits for the reader. */
export const textWindow = 64 * 1024
