// Requests and responses of embed, rerank and transcribe.
import type { Bytes } from './message.js'
import type { ProviderRequestOptions } from './provider-options.js'
import type { Usage } from './response.js'

/** Texts to turn into vectors. */
export interface EmbedRequest {
  /** Any number of texts, none of them empty; they are sent in batches as large as the service accepts. */
  input: string | string[]
  /** The length of the vectors, if the model offers several. Default: the model's. */
  dimensions?: number | undefined
  /**
   * Whether the texts are search queries or the documents that are searched. Models trained with the difference give better
   * results with it; others ignore it.
   */
  inputType?: 'query' | 'document' | undefined
  /** For a text too long for the model: `true` cuts off its end; `false` (the default) is an error. */
  truncate?: boolean | undefined
  /** How many batches are sent at the same time. Default 4; 1 for a local model. */
  concurrency?: number | undefined
  /** Fields merged into the body of the request last, by provider name. */
  providerOptions?: ProviderRequestOptions | undefined
}

/** Vectors, in the order of the input. */
export interface EmbedResponse {
  vectors: Float32Array[]
  usage: Usage
  model: string
  provider: string
}

/** A query, and documents to score by how well they answer it. */
export interface RerankRequest {
  query: string
  documents: string[]
  /** Fields merged into the body of the request last, by provider name. */
  providerOptions?: ProviderRequestOptions | undefined
}

/** The scores of documents for a query. */
export interface RerankResponse {
  /** One for each document, in their order; higher is better. Scores of different models cannot be compared. */
  scores: number[]
  usage: Usage
  model: string
  provider: string
}

/** Speech to turn into text. */
export interface TranscribeRequest {
  audio: Bytes
  /** The media type of the audio: `'audio/wav'`. */
  mediaType: string
  /** The spoken language as an ISO 639-1 code: `'de'`. Default: the model detects it. */
  language?: string | undefined
  /** Names and words that may occur, or the text before this audio. */
  prompt?: string | undefined
  /** Randomness, from 0. Default: the provider's. */
  temperature?: number | undefined
  /** Fields merged into the body of the request last, by provider name. */
  providerOptions?: ProviderRequestOptions | undefined
}

/** The text of speech. */
export interface TranscribeResponse {
  text: string
  /** The language as the service names it: a code or a word. */
  language?: string
  /** The length of the audio, in seconds. */
  duration?: number
  /** Pieces of the text with their times in seconds; empty if the service gives none. */
  segments: { start: number; end: number; text: string }[]
  usage: Usage
  model: string
  provider: string
}
