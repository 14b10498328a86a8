// A model of an Ollama server as a provider: `ollama()`.
import {
  type Backend,
  type BackendEvent,
  type CallContext,
  type Capabilities,
  type ChatContext,
  type Clock,
  type EmbedResponse,
  type FieldsOf,
  isLlmError,
  LlmError,
  type ModelInfo,
  type PreparedChat,
  type PreparedEmbed,
  type Provider,
  type ProviderOptions,
  systemClock,
} from '@patchbay/core'
import {
  besideRaw,
  DefinedProvider,
  environment,
  factoryOptions,
  fieldsOf,
  jsonLines,
  lazyIterable,
  markLarge,
  objectsIn,
  splitRaw,
  tapEvents,
  toVector,
  wantsStream,
  warnWithoutLogprobs,
  wholeJson,
  withInlineMedia,
  withPrefix,
  Yielder,
} from '@patchbay/core/wire'
import type { ChatRequest } from 'ollama/browser'
import { addressOf, type Server, send } from './client.js'
import { notAnAnswer } from './errors.js'
import { isLast, toEvents } from './events.js'
import { type PullProgress, pull } from './pull.js'
import { rawToWire, toWire, type WireSettings } from './request.js'

const names = {
  ...{ factory: 'ollama', example: 'qwen3:0.6b' },
  own: { apiKey: true, baseURL: true, fetch: true, keepAlive: true, context: true },
} as const

declare global {
  interface PatchbayProviderOptions {
    /** Fields of /api/chat. */
    readonly ollama?: FieldsOf<ChatRequest> | undefined
  }
}

/** Options of `ollama`. */
export interface OllamaOptions extends ProviderOptions, WireSettings {
  /** The name that `ollama list` shows, for example `'qwen3:0.6b'`. */
  model?: string | undefined
  /** Default: `OLLAMA_HOST`, else `http://127.0.0.1:11434`. */
  baseURL?: string | undefined
  /**
   * The key of a server that wants one, sent as `Authorization: Bearer`. Default: `OLLAMA_API_KEY`, only for ollama.com over
   * https.
   */
  apiKey?: string | undefined
  /** Default: the platform's `fetch`. */
  fetch?: typeof fetch | undefined
}

export type { PullProgress } from './pull.js'

/** A model of an Ollama server. */
export interface OllamaProvider extends Provider {
  /**
   * Downloads the model onto the server, and yields each step.
   * @throws {LlmError} `not-found` for an unknown name, `network` when the server cannot be reached, `aborted`
   * @example
   * ```ts
   * for await (const { status, completed, total } of provider.pull()) console.log(status, completed, total)
   * ```
   */
  pull(options?: { signal?: AbortSignal }): AsyncIterable<PullProgress>
}

/**
 * A model of an Ollama server, by its native API. Nothing is cut to fit: a prompt longer than the context is a
 * `context-length` error.
 * @throws {LlmError} `config` without a model, for a key in its place, and for an invalid address
 * @example
 * ```ts
 * const { text } = await ollama('qwen3:0.6b').chat('Why is the sky blue?')
 * ```
 */
export function ollama(options: OllamaOptions): OllamaProvider
export function ollama(model: string, options?: Omit<OllamaOptions, 'model'>): OllamaProvider
export function ollama(first: string | OllamaOptions, rest?: Omit<OllamaOptions, 'model'>): OllamaProvider {
  const options = factoryOptions<OllamaOptions>(first, rest, names)
  const { model, apiKey, fetch: given = fetch, keepAlive, context } = options
  const address = addressOf(options.baseURL ?? environment('OLLAMA_HOST') ?? '127.0.0.1:11434')
  if (address.authorization !== undefined && apiKey !== undefined)
    throw new LlmError(
      'config',
      'baseURL holds a password, and apiKey is there too. A request can carry only one of them: leave one out.',
      { provider: 'ollama' },
    )
  const server: Server = {
    address,
    headers: apiKey === undefined ? {} : { authorization: `Bearer ${apiKey}` },
    fetch: given,
    model,
  }
  const settings = {
    ...(keepAlive !== undefined && { keepAlive }),
    ...(context !== undefined && { context }),
  }
  return new OllamaModel(new OllamaBackend(model, server, settings, options.media), options, server)
}

class OllamaModel extends DefinedProvider implements OllamaProvider {
  readonly #server: Server
  readonly #headers: Record<string, string>
  readonly #clock: Clock

  constructor(backend: Backend, options: ProviderOptions, server: Server) {
    super(backend, options)
    this.#server = server
    this.#headers = options.headers ?? {}
    this.#clock = options.clock ?? systemClock
  }

  pull({
    signal = new AbortController().signal,
  }: {
    signal?: AbortSignal
  } = {}): AsyncIterable<PullProgress> {
    return pull(this.#server, { signal, headers: this.#headers, clock: this.#clock })
  }
}

/** True of every server and model: its API has no fields for the rest. */
const limits = {
  tools: 'unknown',
  vision: 'unknown',
  files: false,
  audio: 'unknown',
  json: true,
  reasoning: 'unknown',
  embed: 'unknown',
  options: { toolChoice: false, parallelToolCalls: false, reasoningBudget: false },
  protocol: 'ollama-chat',
} as const satisfies Capabilities

class OllamaBackend implements Backend {
  readonly provider = 'ollama'
  readonly limits = limits
  readonly #server: Server
  readonly #settings: WireSettings
  readonly #media: ProviderOptions['media']

  constructor(
    readonly model: string,
    server: Server,
    settings: WireSettings,
    media: ProviderOptions['media'],
  ) {
    this.#media = media
    this.#server = server
    this.#settings = settings
  }

  async capabilities(context: CallContext): Promise<Capabilities> {
    const shown: Record<string, unknown> = await this.#json(context, '/api/show', {
      model: this.model,
    }).catch((error: unknown) => {
      if (hasNoShow(error)) return {}
      throw error
    })
    // Servers before 0.6.4 (April 2025) do not list what a model can do.
    const listed = Array.isArray(shown.capabilities) ? new Set(shown.capabilities) : undefined
    const can = (name: string) => listed?.has(name) ?? 'unknown'
    const info = fieldsOf(shown.model_info)
    const trained = info[`${info['general.architecture']}.context_length`]
    const contextWindow = this.#settings.context ?? (typeof trained === 'number' ? trained : undefined)
    return {
      ...limits,
      tools: can('tools'),
      vision: can('vision'),
      audio: can('audio'),
      reasoning: can('thinking'),
      ...(contextWindow !== undefined && { contextWindow }),
    }
  }

  chat(given: PreparedChat, context: ChatContext): AsyncIterable<BackendEvent> {
    return lazyIterable(async () => {
      const yielder = new Yielder()
      const { chat, raw } = splitRaw(given, limits.protocol)
      const whole =
        raw === undefined
          ? await withInlineMedia(chat, ({ type }) => type === 'image', this.#media, context)
          : besideRaw(chat, raw)
      await yielder.yieldIfDue()
      const encoded = toWire(this.model, whole, this.#settings, context.streaming, context.warn)
      const body = raw === undefined ? encoded : rawToWire(encoded, raw, this.#settings)
      // Megabytes have just been encoded, and are written as JSON next.
      await yielder.yieldIfDue()
      const large = markLarge(body)
      const response = await send(this.#server, { ...context, large }, '/api/chat', body)
      if (response.body === null)
        throw new LlmError('empty-response', 'Ollama sent no body.', { retryable: true })
      const { body: lines } = response
      const tapped = tapEvents(
        (onText) => jsonLines(lines, isLast, onText),
        raw,
        raw && !wantsStream(raw) ? 'whole' : 'event',
      )
      const events = toEvents(tapped, this.model)
      return chat.logprobs === undefined ? events : warnWithoutLogprobs(events, 'Ollama', context.warn)
    })
  }

  // The server embeds one request at a time; with small ones, other callers wait less.
  readonly embedBatch = { texts: 256 }

  async embed(
    { input, dimensions, inputType, truncate = false, providerOptions }: PreparedEmbed,
    context: CallContext,
  ): Promise<Omit<EmbedResponse, 'provider'>> {
    const request = {
      model: this.model,
      input: withPrefix(this.model, input, inputType),
      truncate,
      ...(dimensions !== undefined && { dimensions }),
      ...providerOptions,
    }
    const {
      embeddings,
      model,
      prompt_eval_count: inputTokens,
    } = await this.#json(context, '/api/embed', request)
    if (!Array.isArray(embeddings))
      throw new LlmError('bad-response', `Ollama gave no vectors for ${input.length} texts.`)
    return {
      vectors: embeddings.map(toVector),
      model: typeof model === 'string' ? model : this.model,
      usage: typeof inputTokens === 'number' ? { inputTokens } : {},
    }
  }

  async models(context: CallContext): Promise<ModelInfo[]> {
    const { models } = await this.#json(context, '/api/tags')
    if (!Array.isArray(models)) throw new LlmError('bad-response', 'Ollama gave no list of models.')
    return objectsIn(models).flatMap(({ name, digest, size }) =>
      typeof name === 'string'
        ? [
            {
              id: name,
              ...(typeof digest === 'string' && { digest }),
              ...(typeof size === 'number' && { sizeBytes: size }),
            },
          ]
        : [],
    )
  }

  async #json(context: CallContext, path: string, body?: object): Promise<Record<string, unknown>> {
    return wholeJson(await send(this.#server, context, path, body), (text) => notAnAnswer(text, this.model))
  }
}

/** Some proxies forward `/api/chat` and nothing else. The error of a missing model names the model. */
function hasNoShow(error: unknown): boolean {
  return (
    isLlmError(error) &&
    [403, 404, 405, 501].includes(error.status ?? 0) &&
    !/model/i.test(error.responseBody ?? '')
  )
}
