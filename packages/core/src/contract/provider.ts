// Provider: a model as apps use it.
import type { Batches } from './batches.js'
import type { CallOptions, TimeoutOptions } from './call-options.js'
import type { Capabilities, ModelInfo } from './capabilities.js'
import type { ChatStream } from './events.js'
import type {
  EmbedRequest,
  EmbedResponse,
  ImageRequest,
  ImageResponse,
  RerankRequest,
  RerankResponse,
  SpeakRequest,
  SpeechStream,
  TranscribeRequest,
  TranscribeResponse,
} from './operations.js'
import type { ChatInput, ChatRequest } from './request.js'
import type { ChatResponse } from './response.js'
import type { AnySchema, SchemaOutput } from './schema.js'
import type { Tool } from './tool.js'

/**
 * A model, the same for every service. All methods may be called at the same time, and every failure is an `LlmError`. Make one
 * with a factory such as `claude()`, `openai()`, `gemini()`, `ollama()` or `local()`.
 */
export interface Provider extends AsyncDisposable {
  /** The service: `'claude'`, `'openai'`, `'ollama'`, `'local'` … */
  readonly provider: string
  /** The model's name, as it was given to the factory. */
  readonly model: string
  /**
   * The server's address, if it is none of the services that the backend knows: for example a server of one's own, whose prices
   * no list has. Default: the model is at the service.
   */
  readonly address?: string | undefined
  /** Options for every request that does not set them itself. */
  readonly defaults?: Partial<ChatRequest>
  /** The time limits of calls that set none, in milliseconds. */
  readonly timeouts?: TimeoutOptions | undefined
  /** What the model can do. Takes at most one request; the answer is cached. */
  capabilities(options?: CallOptions): Promise<Capabilities>
  /** Never called: a class may implement `chat(request: ChatInput, options?: CallOptions)`, without type parameters. */
  chat(request: ChatInput, options: CallOptions | undefined, never: never): Promise<ChatResponse>
  /**
   * Sends a request and waits for the whole answer. With a schema as `output`, the response has the parsed value, typed by it.
   * @throws {LlmError} for every failure; `error.partial` is what had arrived
   * @example
   * const { text, usage } = await llm.chat('Why is the sky blue?')
   */
  chat<const Schema extends AnySchema = AnySchema, const Tools extends readonly Tool[] = readonly Tool[]>(
    request: ChatInput<Schema, Tools>,
    options?: CallOptions,
  ): Promise<ChatResponse<SchemaOutput<Schema>>>
  /** Never called: a class may implement `stream(request: ChatInput, options?: CallOptions)`, without type parameters. */
  stream(request: ChatInput, options: CallOptions | undefined, never: never): ChatStream
  /**
   * Sends a request and reads the answer while it is generated. Nothing is sent before the stream is read; leaving the loop
   * aborts the call. The loop, or `response()`, throws an `LlmError` for every failure.
   * @example
   * for await (const text of llm.stream('Tell me a story').text) process.stdout.write(text)
   */
  stream<const Schema extends AnySchema = AnySchema, const Tools extends readonly Tool[] = readonly Tool[]>(
    request: ChatInput<Schema, Tools>,
    options?: CallOptions,
  ): ChatStream<SchemaOutput<Schema>>
  /**
   * Turns texts into vectors.
   * @throws {LlmError} `unsupported` if the backend has no embeddings
   * @example
   * const { vectors } = await llm.embed(['a cat', 'a dog'])
   */
  embed(input: string | string[] | EmbedRequest, options?: CallOptions): Promise<EmbedResponse>
  /**
   * Scores documents by how well they answer a query.
   * @throws {LlmError} `unsupported` if the backend or its model cannot rerank
   */
  rerank(request: RerankRequest, options?: CallOptions): Promise<RerankResponse>
  /**
   * Turns speech into text.
   * @throws {LlmError} `unsupported` if the backend does not accept audio
   */
  transcribe(request: TranscribeRequest, options?: CallOptions): Promise<TranscribeResponse>
  /**
   * Makes images of a prompt, or edits images.
   * @throws {LlmError} `unsupported` if the backend or its model makes no images, or lacks an option of the request;
   *   `content-filtered` if the service withheld all of them
   * @example
   * const { images } = await openai('gpt-image-2').image({ prompt: 'A red bicycle', size: '1024x1024' })
   */
  image(request: string | ImageRequest, options?: CallOptions): Promise<ImageResponse>
  /**
   * Reads text aloud. Nothing is sent before the stream is read; leaving the loop aborts the call.
   * @throws {LlmError} on reading, for every failure: `unsupported` if the backend or its model does not speak, or lacks an option
   *   of the request
   * @example
   * for await (const bytes of llm.speak({ text: 'Hello', voice: 'coral' }).audio) play(bytes)
   */
  speak(request: string | SpeakRequest, options?: CallOptions): SpeechStream
  /**
   * Counts the input tokens of a request.
   * @throws {LlmError} `unsupported` if the backend cannot count
   */
  countTokens(request: ChatInput, options?: CallOptions): Promise<number>
  /** Many requests, answered within hours. */
  readonly batches: Batches
  /** The models this provider offers. */
  models(options?: CallOptions): Promise<ModelInfo[]>
  /** Waits for running calls, then frees connections and processes. Later calls reject with `closed`. May be called twice. */
  close(): Promise<void>
}
