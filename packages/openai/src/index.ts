// A model of OpenAI, or of any compatible server, as a provider: `openai()`.
import {
  type Backend,
  type BackendEvent,
  type CallContext,
  type Capabilities,
  type ChatContext,
  defineProvider,
  type EmbedResponse,
  LlmError,
  type ModelInfo,
  type PreparedChat,
  type PreparedEmbed,
  type PreparedTranscribe,
  type Provider,
  type ProviderOptions,
  type TranscribeResponse,
} from '@patchbay/core'
import {
  environment,
  exchange,
  fetched,
  isStream,
  jsonEvents,
  opened,
  wholeJson,
  withPrefix,
} from '@patchbay/core/wire'
import type OpenAI from 'openai'
import type { Api } from './api.js'
import { toVectors } from './embeddings.js'
import { fromResponse, notAnAnswer } from './errors.js'
import { asToldByServer, toModels } from './models.js'
import { isReasoningModel, type Preset, type PresetName, presetFor } from './presets.js'

export type { Preset, PresetName } from './presets.js'

/** Options of `openai`. */
export interface OpenAIOptions extends ProviderOptions {
  model?: string
  /** Default: the variable of the preset, `OPENAI_API_KEY` for most. Servers of one's own mostly need none. */
  apiKey?: string
  /** Default: `OPENAI_BASE_URL`, else OpenAI's own. */
  baseURL?: string
  /** Default: the platform's `fetch`. */
  fetch?: typeof fetch
  /** Which of OpenAI's APIs. Default: `'responses'` for OpenAI's own host, `'chat'` for every other. */
  api?: 'responses' | 'chat'
  /** The ways of the server. Default: by its host; `'compatible'` for one nobody knows. */
  preset?: PresetName | Partial<Preset>
}

const ownHost = 'https://api.openai.com/v1'

/**
 * A model of OpenAI (Responses or Chat Completions), or of a compatible server by its `baseURL`.
 * @throws {LlmError} `config` without a model, or for an address that is none; a missing key comes with the first call
 */
export function openai(options: OpenAIOptions): Provider
export function openai(model: string, options?: Omit<OpenAIOptions, 'model'>): Provider
export function openai(first: string | OpenAIOptions, rest: Omit<OpenAIOptions, 'model'> = {}): Provider {
  const options: OpenAIOptions = typeof first === 'string' ? { ...rest, model: first } : first
  const { model, baseURL = environment('OPENAI_BASE_URL') ?? ownHost } = options
  if (!model)
    throw new LlmError('config', "openai() needs a model, for example openai('gpt-5').", {
      provider: 'openai',
    })
  if (!URL.canParse(baseURL))
    throw new LlmError(
      'config',
      `${JSON.stringify(baseURL)} is no address of a server. Pass baseURL, for example http://127.0.0.1:8080/v1.`,
      { provider: 'openai' },
    )
  const backend = new OpenAIBackend(model, baseURL, options)
  const provider = defineProvider(backend, options)
  return backend.isOwn ? provider : asToldByServer(provider)
}

/** A request without its body. */
interface Frame {
  url: string
  /** By their names in lower case. */
  headers: Record<string, string>
}

class OpenAIBackend implements Backend {
  readonly provider = 'openai'
  readonly #baseURL: string
  readonly #options: OpenAIOptions
  readonly #preset: Preset
  readonly #api: 'responses' | 'chat'
  /** Who answers, for messages. */
  readonly #who: string
  /** OpenAI's own host. */
  readonly isOwn: boolean
  #client: OpenAI | undefined
  #frames = new Map<string, Frame>()
  #loaded: Promise<Api> | undefined

  constructor(
    readonly model: string,
    baseURL: string,
    options: OpenAIOptions,
  ) {
    const { preset } = options
    this.#baseURL = baseURL
    this.#options = options
    this.#preset =
      typeof preset === 'string' ? presetFor(baseURL, preset) : presetFor(baseURL, undefined, preset)
    this.isOwn = new URL(baseURL).hostname === 'api.openai.com'
    this.#api = options.api ?? (this.isOwn ? 'responses' : 'chat')
    this.#who = this.isOwn ? 'OpenAI' : `The server at ${new URL(baseURL).host}`
  }

  capabilities(): Capabilities {
    const responses = this.#api === 'responses'
    // Only of OpenAI's own models do we know what they refuse.
    const thinks = this.isOwn && isReasoningModel(this.model)
    const no = (names: string[]) => Object.fromEntries(names.map((name) => [name, false]))
    const maybe = this.isOwn ? true : 'unknown'
    return {
      tools: maybe,
      vision: maybe,
      files: maybe,
      audio: responses ? false : 'unknown',
      json: maybe,
      reasoning: this.isOwn ? thinks : 'unknown',
      embed: 'unknown',
      options: {
        ...no(['reasoningBudget']),
        ...(responses && no(['topK', 'minP', 'seed', 'stop', 'frequencyPenalty', 'presencePenalty'])),
        ...(!this.#preset.moreSampling && no(['topK', 'minP'])),
        ...(!this.#preset.parallelToolCalls && no(['parallelToolCalls'])),
        ...(thinks && no(['temperature', 'topP'])),
      },
    }
  }

  chat(chat: PreparedChat, context: ChatContext): AsyncIterable<BackendEvent> {
    return opened(async () => {
      const api = await this.#load()
      const whole = await fetched(chat, (part) => !api.takesAddress(part), this.#options.media, context)
      const body = api.toBody(this.model, whole, this.#preset, context.streaming)
      const response = await this.#send(context, 'post', api.path, body)
      const from = { who: this.#who, requestId: response.headers.get('x-request-id') ?? undefined }
      if (isStream(response, context.streaming)) return api.fromStream(jsonEvents(response.body), from)
      return api.fromWhole(await this.#json(response), from)
    })
  }

  #load(): Promise<Api> {
    this.#loaded ??= (
      this.#api === 'responses' ? import('./responses/index.js') : import('./chat/index.js')
    ).then(({ api }) => api)
    return this.#loaded
  }

  // Per request the service takes 2,048 texts and 300,000 tokens, and few texts have more tokens than characters.
  // Source: platform.openai.com/docs/api-reference/embeddings/create, November 2026.
  readonly embedBatch = { texts: 2048, characters: 250_000 }

  async embed(
    { input, dimensions, inputType, truncate, providerOptions }: PreparedEmbed,
    context: CallContext,
  ): Promise<Omit<EmbedResponse, 'provider'>> {
    if (truncate)
      throw new LlmError(
        'unsupported',
        'This API does not shorten texts. Shorten them, and leave out truncate.',
      )
    const response = await this.#send(context, 'post', '/embeddings', {
      model: this.model,
      input: withPrefix(this.model, input, inputType),
      encoding_format: 'float',
      ...(dimensions !== undefined && { dimensions }),
      ...providerOptions,
    })
    return toVectors(await this.#json(response), input.length, this.model, this.#who)
  }

  async transcribe(
    request: PreparedTranscribe,
    context: CallContext,
  ): Promise<Omit<TranscribeResponse, 'provider'>> {
    const { toForm, toTranscript } = await import('./audio.js')
    const response = await this.#send(context, 'post', '/audio/transcriptions', toForm(this.model, request))
    return toTranscript(await this.#json(response), this.model, this.#who)
  }

  async countTokens(chat: PreparedChat, context: CallContext): Promise<number> {
    if (this.#api === 'chat')
      throw new LlmError('unsupported', 'Chat Completions cannot count tokens. Use the Responses API.')
    const api = await this.#load()
    const { model, input, tools, tool_choice, parallel_tool_calls, reasoning, text } = api.toBody(
      this.model,
      chat,
      this.#preset,
      false,
    )
    const body = { model, input, tools, tool_choice, parallel_tool_calls, reasoning, text }
    const counted = (await this.#json(
      await this.#send(context, 'post', '/responses/input_tokens', body),
    )) as { input_tokens?: number }
    if (typeof counted?.input_tokens !== 'number') throw notAnAnswer(counted, this.#who)
    return counted.input_tokens
  }

  async models(context: CallContext): Promise<ModelInfo[]> {
    return toModels(await this.#json(await this.#send(context, 'get', '/models')), this.#who)
  }

  async #send(
    { signal, headers, clock }: CallContext,
    method: 'get' | 'post',
    path: string,
    body?: object,
  ): Promise<Response> {
    const { key, keyHeader } = this.#preset
    const apiKey = this.#options.apiKey ?? environment(key)
    if (!apiKey && (this.isOwn || key !== 'OPENAI_API_KEY')) throw this.#noKey(key)
    const options = {
      fetch: this.#options.fetch ?? globalThis.fetch,
      signal,
      failed: (response: Response) => fromResponse(response, this.#who, clock.now()),
      who: this.#who,
      hint: this.isOwn ? 'Check the network.' : 'Is it running? Check baseURL.',
    }
    return exchange(options, async () => {
      // A server of one's own needs no key, but the client insists on one.
      const { url, headers: usual } = await this.#frame(apiKey || 'none', method, path)
      const all: Record<string, string> = { ...usual }
      // A form says by itself what it is, and where its parts end.
      if (body instanceof FormData) delete all['content-type']
      if (keyHeader !== undefined && apiKey) all[keyHeader] = apiKey
      for (const [name, value] of Object.entries(headers)) all[name.toLowerCase()] = value
      const sent = body instanceof FormData || body === undefined ? body : JSON.stringify(body)
      return { url, init: { method, headers: all, ...(sent !== undefined && { body: sent }) } }
    })
  }

  /** What the vendor's client sends to a path, without the body: asked once, for it is the same every time. */
  async #frame(apiKey: string, method: 'get' | 'post', path: string): Promise<Frame> {
    if (this.#client?.apiKey !== apiKey) {
      const { default: Client } = await import('openai')
      this.#client = new Client({
        apiKey,
        baseURL: this.#baseURL,
        logLevel: 'off',
        dangerouslyAllowBrowser: true,
      })
      this.#frames = new Map()
    }
    // With another key there would be another client by the time the frame is made.
    const [client, frames] = [this.#client, this.#frames]
    const known = frames.get(path)
    if (known !== undefined) return known
    const { url, req } = await client.buildRequest({
      method,
      path,
      ...(method === 'post' && { body: {} }),
    })
    const frame = { url, headers: Object.fromEntries(req.headers) }
    frames.set(path, frame)
    return frame
  }

  #noKey(variable: string): LlmError {
    return new LlmError(
      'authentication',
      `There is no key for ${this.#who}. Pass apiKey, or set ${variable}.`,
    )
  }

  #json(response: Response): Promise<unknown> {
    return wholeJson(response, (text) => notAnAnswer(text, this.#who))
  }
}
