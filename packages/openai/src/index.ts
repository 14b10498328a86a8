// The factory `openai()`: a model of OpenAI, or of any compatible server, as a provider.
import {
  type Backend,
  type BackendBatch,
  type BackendEvent,
  type BackendSpeechEvent,
  type CallContext,
  type Capabilities,
  type ChatContext,
  type EmbedResponse,
  type ImageResponse,
  isLlmError,
  LlmError,
  type ModelInfo,
  type PreparedChat,
  type PreparedEmbed,
  type PreparedImage,
  type PreparedSpeak,
  type PreparedTranscribe,
  type Provider,
  type ProviderOptions,
  type TranscribeResponse,
} from '@patchbay/core'
import {
  besideRaw,
  DefinedProvider,
  factoryOptions,
  isStream,
  jsonEvents,
  lazyIterable,
  markLarge,
  type ServerAddress,
  serverAddress,
  serverToolSecrets,
  splitRaw,
  tapEvents,
  tapWhole,
  wantsStream,
  warnWithoutLogprobs,
  withInlineMedia,
  Yielder,
} from '@patchbay/core/wire'
import type { Api, Target } from './api.js'
import { Server } from './client.js'
import { addressOf, type ModelName, names, type OpenAIOptions } from './options.js'
import { isService, type Preset, presetFor } from './presets.js'
import { rawProtocol } from './raw.js'
import { openaiTools } from './tools.js'

export type { Dialect } from './dialect.js'
export type { Effort, Vendor } from './model-families.js'
export type { OpenAIOptions } from './options.js'
export type { Preset, PresetName } from './presets.js'
export type {
  CodeInterpreterOptions,
  FileSearchOptions,
  ImageGenerationOptions,
  McpOptions,
  SearchLocation,
  WebSearchOptions,
} from './tools.js'

/**
 * A model of OpenAI (Responses or Chat Completions), or of a compatible server by its `baseURL`.
 * @throws {LlmError} `config` without a model, for a key in its place, and for an invalid address or an unknown option. A missing key
 *   is an error of the first call.
 * @example
 * const gpt = openai('gpt-5.6-sol', { timeout: 60_000 })
 * const own = openai('qwen3', { baseURL: 'http://127.0.0.1:8000/v1', preset: 'vllm' })
 */
export function openai(options: OpenAIOptions): Provider
export function openai(model: ModelName, options?: Omit<OpenAIOptions, 'model'>): Provider
export function openai(first: string | OpenAIOptions, rest?: Omit<OpenAIOptions, 'model'>): Provider {
  const options = factoryOptions<OpenAIOptions>(first, rest, names)
  const { baseURL, isNamed } = addressOf(options)
  const address = serverAddress(baseURL, 'http://127.0.0.1:8080/v1')
  const backend = new OpenAIBackend(options.model, address, isNamed, options)
  return new OpenAIModel(backend, options, backend.isService ? undefined : address.baseURL)
}

/** The tools of OpenAI's service. */
openai.tools = openaiTools

class OpenAIModel extends DefinedProvider {
  constructor(
    backend: Backend,
    options: ProviderOptions,
    readonly address: string | undefined,
  ) {
    super(backend, options)
  }
}

class OpenAIBackend implements Backend {
  readonly provider = 'openai'
  readonly isService: boolean
  readonly #server: Server
  readonly #target: Target
  readonly #api: 'responses' | 'chat'
  readonly #media: ProviderOptions['media']
  readonly #resume: boolean
  #loaded: Promise<Api> | undefined

  constructor(
    readonly model: string,
    address: ServerAddress,
    isNamed: boolean,
    {
      preset: given,
      apiKey,
      fetch,
      api,
      resume = false,
      media,
      allowBrowser,
      host: cloud,
      apiVersion,
      tokenProvider,
    }: OpenAIOptions,
  ) {
    const preset = given ?? cloud
    const known: Preset =
      typeof preset === 'string'
        ? presetFor(address.baseURL, preset)
        : presetFor(address.baseURL, cloud, preset)
    const azure = cloud && {
      isNamed,
      tokenProvider,
      deployment: apiVersion === undefined ? undefined : model,
    }
    const fromEnvironment = isNamed && !azure
    this.#server = new Server({ address, fromEnvironment, azure, apiKey, fetch, preset: known, allowBrowser })
    this.isService = isService(known)
    const { who, host } = this.#server
    this.#target = { model, host, who, preset: known }
    this.#api = api ?? (this.#server.isOwn || resume ? 'responses' : 'chat')
    if (resume && this.#api === 'chat')
      throw new LlmError('config', "resume needs the Responses API. Remove api: 'chat', or resume.", {
        provider: 'openai',
        model,
      })
    this.#resume = resume
    this.#media = media
  }

  async capabilities(): Promise<Capabilities> {
    const { capabilitiesOf } = await import('./capabilities.js')
    const protocol = rawProtocol(this.#target, this.#api)
    return { ...capabilitiesOf(this.#target, this.#api), ...(protocol && { protocol }) }
  }

  chat(given: PreparedChat, context: ChatContext): AsyncIterable<BackendEvent> {
    return lazyIterable(async () => {
      const api = await this.#load()
      const yielder = new Yielder()
      const { chat, raw } = splitRaw(given, rawProtocol(this.#target, this.#api))
      const streaming = raw === undefined ? context.streaming : wantsStream(raw)
      const whole =
        raw === undefined
          ? await withInlineMedia(
              chat,
              (part) => !api.takesAddress(part, this.#target.preset),
              this.#media,
              context,
            )
          : besideRaw(chat, raw)
      await yielder.yieldIfDue()
      const encoded = await api.toBody(this.#target, whole, streaming, context.warn)
      const body = raw === undefined ? encoded : api.rawBody(encoded, raw, this.#target, context.warn)
      const resume =
        this.#resume && raw === undefined && streaming ? await import('./responses/resume.js') : undefined
      resume?.makeResumable(body, chat.providerOptions)
      // Encoding megabytes of media took time, and writing them as JSON takes more.
      await yielder.yieldIfDue()
      const large = markLarge(body)
      const headers = { ...raw?.headers, ...context.headers }
      const secrets = serverToolSecrets(chat)
      const response = await this.#server.send(
        { ...context, headers, large, secrets },
        'post',
        api.path,
        body,
      )
      const from = {
        ...this.#target,
        requestId: response.headers.get('x-request-id') ?? undefined,
        ...(!this.isService && { limit: body.max_output_tokens }),
      }
      const events = isStream(response, streaming)
        ? api.fromStream(
            resume?.resumedEvents(response, this.#server, { ...context, secrets }) ??
              tapEvents((onText) => jsonEvents(response.body, api.isLast, onText), raw),
            from,
          )
        : api.fromWhole(await tapWhole(await this.#server.jsonOf(response), raw), from)
      return (encoded.logprobs ?? encoded.top_logprobs) === undefined
        ? events
        : warnWithoutLogprobs(events, this.#server.who, context.warn)
    })
  }

  #load(): Promise<Api> {
    this.#loaded ??= (
      this.#api === 'responses' ? import('./responses/index.js') : import('./chat/index.js')
    ).then(({ api }) => api)
    return this.#loaded
  }

  // The service takes 2,048 texts and 300,000 tokens a request. Few texts have more tokens than characters.
  // Source: platform.openai.com/docs/api-reference/embeddings/create, November 2026.
  readonly embedBatch = { texts: 2048, characters: 250_000 }

  async embed(request: PreparedEmbed, context: CallContext): Promise<Omit<EmbedResponse, 'provider'>> {
    return (await import('./services/embeddings.js')).embed(this.#server, this.model, request, context)
  }

  async transcribe(
    request: PreparedTranscribe,
    context: CallContext,
  ): Promise<Omit<TranscribeResponse, 'provider'>> {
    return (await import('./services/audio.js')).transcribe(this.#server, this.#target, request, context)
  }

  async image(request: PreparedImage, context: CallContext): Promise<Omit<ImageResponse, 'provider'>> {
    return (await import('./services/images.js')).image(this.#server, this.#target, request, context)
  }

  speak(request: PreparedSpeak, context: CallContext): AsyncIterable<BackendSpeechEvent> {
    return lazyIterable(async () =>
      (await import('./services/speech.js')).speak(this.#server, this.#target, request, context),
    )
  }

  async countTokens(given: PreparedChat, context: CallContext): Promise<number> {
    const { chat } = splitRaw(given, undefined)
    if (this.#api === 'chat')
      throw new LlmError('unsupported', 'Chat Completions cannot count tokens. Use the Responses API.')
    const api = await this.#load()
    const { model, input, tools, tool_choice, parallel_tool_calls, reasoning, text } = await api.toBody(
      this.#target,
      chat,
      false,
      context.warn,
    )
    const body = { model, input, tools, tool_choice, parallel_tool_calls, reasoning, text }
    const counted = await this.#server.json(
      { ...context, large: markLarge(body), secrets: serverToolSecrets(chat) },
      'post',
      '/responses/input_tokens',
      body,
    )
    if (typeof counted?.input_tokens !== 'number')
      throw (await import('./errors.js')).notAnAnswer(counted, this.#server.who)
    return counted.input_tokens
  }

  readonly batch: BackendBatch = {
    submit: async (...args) => (await this.#batch()).submit(...args),
    status: async (...args) => (await this.#batch()).status(...args),
    results: (...args) => lazyIterable(async () => (await this.#batch()).results(...args)),
    cancel: async (...args) => (await this.#batch()).cancel(...args),
  }

  async #batch(): Promise<BackendBatch> {
    const { batchBackend } = await import('./services/batch-backend.js')
    return batchBackend(this.#server, this.#target, await this.#load(), this.#media)
  }

  async reportedCapabilities(context: CallContext): Promise<Partial<Capabilities>> {
    // OpenAI's own list has only names.
    if (this.#server.isOwn) return {}
    const { toReported } = await import('./services/models.js')
    try {
      return toReported(await this.#server.json(context, 'get', '/models'), this.model, this.#server.who)
    } catch (error) {
      // A server without such a list reports nothing; an unreachable one is an error.
      if (isLlmError(error, 'bad-response') || isLlmError(error, 'not-found')) return {}
      throw error
    }
  }

  async models(context: CallContext): Promise<ModelInfo[]> {
    const [listed, { toModels }, { dialectOf }, { endOfLifeOf }] = await Promise.all([
      this.#server.json(context, 'get', '/models'),
      import('./services/models.js'),
      import('./dialects.js'),
      import('./end-of-life.js'),
    ])
    const { models: vendor } = dialectOf(this.#target.preset)
    return toModels(listed, this.#server.who).map((model) => {
      const endOfLife = model.endOfLife ?? endOfLifeOf(vendor, model.id)
      return { ...model, ...(endOfLife && { endOfLife }) }
    })
  }
}
