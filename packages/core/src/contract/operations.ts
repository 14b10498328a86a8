// Requests and responses of embed, rerank, transcribe, image and speak.
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

/** An image to change or to use as a model for a new one. */
export interface ImageInput {
  data: Bytes
  /** The media type of the image: `'image/png'`. */
  mediaType: string
}

/** Images to generate, or to edit. What a service or its model has no option for is refused with `unsupported`. */
export interface ImageRequest {
  /** What the images show; with `images`, what is changed in them. Not empty. */
  prompt: string
  /** Images to edit or to combine. Default: the images are made of the prompt alone. */
  images?: ImageInput[] | undefined
  /** An image as large as the first of `images`: only where it is transparent may that be changed. */
  mask?: ImageInput | undefined
  /** The number of images, from 1 to 100; services allow fewer. Default 1. */
  n?: number | undefined
  /** Width and height in pixels: `'1024x1024'`. Default: the service's. */
  size?: `${number}x${number}` | undefined
  /** Width to height: `'16:9'`. For services that choose the number of pixels themselves. */
  aspectRatio?: `${number}:${number}` | undefined
  /** How much work is put into the images. Default: the service's. */
  quality?: 'low' | 'medium' | 'high' | undefined
  /** Default: the model chooses. */
  background?: 'transparent' | 'opaque' | undefined
  /** Default: the service's. */
  format?: 'png' | 'jpeg' | 'webp' | undefined
  /** The same seed and request give the same image, as far as the service can. */
  seed?: number | undefined
  /** Fields merged into the body of the request last, by provider name. */
  providerOptions?: ProviderRequestOptions | undefined
}

/** An image that a model made. */
export interface GeneratedImage {
  data: Uint8Array
  /** The media type of the bytes: `'image/png'`. */
  mediaType: string
  /** The prompt that the service used in place of the request's, if it tells it. */
  revisedPrompt?: string
}

/** The images that a model made. */
export interface ImageResponse {
  /** At least one. There may be fewer than were asked for, where the service withheld some. */
  images: GeneratedImage[]
  /** In tokens. Services that count images report nothing. */
  usage: Usage
  model: string
  provider: string
}

/** The format of speech. `'pcm'`: 16-bit samples, little-endian, without a header; their rate is in the response's media type. */
export type SpeechFormat = 'mp3' | 'opus' | 'aac' | 'flac' | 'wav' | 'pcm'

/** Text to turn into speech. What a service or its model has no option for is refused with `unsupported`. */
export interface SpeakRequest {
  /** The text to read aloud. Not empty. */
  text: string
  /** The service's name of a voice. Default: one of the service's voices. */
  voice?: string | undefined
  /** Default: the service's. */
  format?: SpeechFormat | undefined
  /** 1 is normal; 2 is twice as fast. */
  speed?: number | undefined
  /** How to read it: `'cheerful, with pauses'`. */
  instructions?: string | undefined
  /** Fields merged into the body of the request last, by provider name. */
  providerOptions?: ProviderRequestOptions | undefined
}

/** Speech, whole. */
export interface SpeechResponse {
  audio: Uint8Array
  /** The media type of the audio: `'audio/mpeg'`, or `'audio/pcm;rate=24000'` for samples without a header. */
  mediaType: string
  /** In tokens. Services that count characters or seconds report nothing. */
  usage: Usage
  model: string
  provider: string
}

/** One event of speech. The first is `start`, the last is `finish`; pieces of audio between them are never empty. */
export type SpeechEvent =
  | { type: 'start'; provider: string; model: string; mediaType: string }
  | { type: 'audio'; audio: Uint8Array }
  | { type: 'finish'; response: SpeechResponse }

/**
 * Speech while it is generated. Read it once: as events, as `audio`, or by `response()`; or by a loop and `response()`, if the loop
 * begins first or in the same turn. Nothing is sent before the first read. It ends after its one `finish` event, or throws one
 * `LlmError`. Leaving a loop over it aborts the call.
 * @example
 * for await (const bytes of llm.speak('Hello').audio) file.write(bytes)
 * const { audio, mediaType } = await llm.speak({ text: 'Hello', format: 'mp3' }).response()
 */
export interface SpeechStream extends AsyncIterable<SpeechEvent> {
  /** Only the pieces of audio. They are kept for the response too, so a call holds all of its audio: at most 256 MiB. */
  readonly audio: AsyncIterable<Uint8Array>
  /**
   * Reads the rest of the stream and returns all of it.
   * @throws {LlmError} for every failure
   */
  response(): Promise<SpeechResponse>
  /** Ends the call: the current read, or the next one, rejects with `aborted`. `reason` becomes the `cause` of that error. */
  abort(reason?: unknown): void
}
