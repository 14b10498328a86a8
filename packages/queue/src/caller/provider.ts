// The provider of a queue: like any other, and it takes along what only its worker can use.
import type {
  Batches,
  CallOptions,
  ChatInput,
  ChatResponse,
  ChatStream,
  EmbedRequest,
  EmbedResponse,
  ImageRequest,
  ImageResponse,
  ProviderOptions,
  RerankRequest,
  RerankResponse,
  SpeakRequest,
  SpeechStream,
  TranscribeRequest,
  TranscribeResponse,
} from '@patchbay/core'
import { DefinedProvider, isObject } from '@patchbay/core/wire'
import { requestWithDefaults } from '@patchbay/core/wrap'
import type { QueueSettings } from '../options.js'
import type { ForWorker } from '../wire/job.js'
import { QueueBackend } from './backend.js'

export class QueueProvider extends DefinedProvider {
  constructor(settings: QueueSettings, options: ProviderOptions) {
    super(new QueueBackend(settings), options)
  }

  override chat(request: ChatInput, options?: CallOptions): Promise<ChatResponse> {
    return this.stream(request, options).response()
  }

  override stream(request: ChatInput, options?: CallOptions): ChatStream {
    return super.stream(this.#chat(request, options), options)
  }

  override countTokens(request: ChatInput, options?: CallOptions): Promise<number> {
    return super.countTokens(this.#chat(request, options), options)
  }

  override embed(input: string | string[] | EmbedRequest, options?: CallOptions): Promise<EmbedResponse> {
    const request = typeof input === 'string' || Array.isArray(input) ? { input } : input
    return super.embed(withForWorker(request, options), options)
  }

  override rerank(request: RerankRequest, options?: CallOptions): Promise<RerankResponse> {
    return super.rerank(withForWorker(request, options), options)
  }

  override transcribe(request: TranscribeRequest, options?: CallOptions): Promise<TranscribeResponse> {
    return super.transcribe(withForWorker(request, options), options)
  }

  override image(input: string | ImageRequest, options?: CallOptions): Promise<ImageResponse> {
    return super.image(withForWorker(typeof input === 'string' ? { prompt: input } : input, options), options)
  }

  override speak(input: string | SpeakRequest, options?: CallOptions): SpeechStream {
    return super.speak(withForWorker(typeof input === 'string' ? { text: input } : input, options), options)
  }

  override get batches(): Batches {
    const batches = super.batches
    const submit: Batches['submit'] = (requests, options) =>
      batches.submit(
        Array.isArray(requests) ? requests.map((request) => this.#chat(request, options)) : requests,
        options,
      )
    return { ...batches, submit }
  }

  #chat(request: ChatInput, options: CallOptions | undefined): ChatInput {
    try {
      return withForWorker(requestWithDefaults(request, this), options)
    } catch {
      // Core says what is wrong with it.
      return request
    }
  }
}

/** A request whose options for other providers, and the labels of its call, go along with those for the queue. */
function withForWorker<Request extends { providerOptions?: unknown }>(
  request: Request,
  options: CallOptions | undefined,
): Request {
  try {
    const { providerOptions } = request
    if (providerOptions !== undefined && !isObject(providerOptions)) return request
    const { queue, ...others } = providerOptions ?? {}
    if (queue !== undefined && !isObject(queue)) return request
    // What the caller gives under this name is not for him to set: `turnOf` refuses it.
    if (queue !== undefined && Object.hasOwn(queue, 'forWorker'))
      return { ...request, providerOptions: { queue: { ...queue, forWorker: null } } }
    const forWorker: ForWorker = {}
    if (Object.keys(others).length > 0)
      forWorker.providerOptions = others as NonNullable<ForWorker['providerOptions']>
    const labels = Object.entries(options?.metadata ?? {}).filter(([, value]) => typeof value === 'string')
    if (labels.length > 0) forWorker.metadata = Object.fromEntries(labels)
    return Object.keys(forWorker).length === 0
      ? request
      : { ...request, providerOptions: { queue: { ...queue, forWorker } } }
  } catch {
    // Core says what is wrong with it.
    return request
  }
}
