// A model of an Ollama server as a provider: `ollama()`.
import {
  type Backend,
  type BackendEvent,
  type CallContext,
  type Capabilities,
  type ChatContext,
  defineProvider,
  type EmbedResponse,
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
  checkModel,
  environment,
  fetched,
  fieldsOf,
  jsonLines,
  markLarge,
  objectsIn,
  opened,
  toVector,
  wholeJson,
  withPrefix,
  wordsOf,
  Yielder,
} from '@patchbay/core/wire'
import type { Ollama } from 'ollama/browser'
import { addressOf, type Server, send } from './client.js'
import { fromWords, notAnAnswer } from './errors.js'
import { isLast, toEvents } from './events.js'
import { toWire, type WireSettings } from './request.js'

/** Options of `ollama`. */
export interface OllamaOptions extends ProviderOptions, WireSettings {
  /** As `ollama list` names it, for example `'qwen3:0.6b'`. */
  model?: string
  /** Default: `OLLAMA_HOST`, else `http://127.0.0.1:11434`. */
  baseURL?: string
  /** For servers behind a key, sent as `Authorization: Bearer`. Default: `OLLAMA_API_KEY` for ollama.com alone, over https. */
  apiKey?: string
  /** Default: the platform's `fetch`. */
  fetch?: typeof fetch
}

/** A step of a model being fetched. */
export interface PullProgress {
  status: string
  digest?: string
  /** Bytes of this part. */
  total?: number
  /** Bytes of it that are there. */
  completed?: number
}

/** A model of an Ollama server. */
export interface OllamaProvider extends Provider {
  /**
   * Fetches the model onto the server, telling of each step.
   * @throws {LlmError} `not-found` for a name nobody knows, `network` when the server is not there
   */
  pull(options?: { signal?: AbortSignal }): AsyncIterable<PullProgress>
}

/**
 * A model of an Ollama server, by its native API. Nothing is cut to fit: a prompt longer than the context is a
 * `context-length` error.
 * @throws {LlmError} `config` without a model, for a key in its place, and for an address that is none
 */
export function ollama(options: OllamaOptions): OllamaProvider
export function ollama(model: string, options?: Omit<OllamaOptions, 'model'>): OllamaProvider
export function ollama(
  first: string | OllamaOptions,
  rest: Omit<OllamaOptions, 'model'> = {},
): OllamaProvider {
  const options: OllamaOptions = typeof first === 'string' ? { ...rest, model: first } : first
  const { model, apiKey, fetch: given = fetch, keepAlive, context } = options
  checkModel(model, 'ollama', 'qwen3:0.6b')
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
  const clock = options.clock ?? systemClock
  return Object.assign(defineProvider(new OllamaBackend(model, server, settings, options.media), options), {
    pull: ({ signal = new AbortController().signal } = {}) =>
      pull(server, { signal, headers: options.headers ?? {}, clock }),
  })
}

class OllamaBackend implements Backend {
  readonly provider = 'ollama'
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
    const shown: Record<string, unknown> = await this.#json(context, (client) =>
      client.show({ model: this.model }),
    ).catch((error: unknown) => {
      if (hasNoShow(error)) return {}
      throw error
    })
    // Servers before 0.6.4 (April 2025) do not say what a model can do.
    const known = Array.isArray(shown.capabilities) ? new Set(shown.capabilities) : undefined
    const can = (name: string) => known?.has(name) ?? 'unknown'
    const info = fieldsOf(shown.model_info)
    const trained = info[`${info['general.architecture']}.context_length`]
    const contextWindow = this.#settings.context ?? (typeof trained === 'number' ? trained : undefined)
    return {
      tools: can('tools'),
      vision: can('vision'),
      files: false,
      audio: false,
      json: true,
      reasoning: can('thinking'),
      embed: 'unknown',
      options: { toolChoice: false, parallelToolCalls: false, reasoningBudget: false },
      ...(contextWindow !== undefined && { contextWindow }),
    }
  }

  chat(chat: PreparedChat, context: ChatContext): AsyncIterable<BackendEvent> {
    return opened(async () => {
      const yielder = new Yielder()
      const whole = await fetched(chat, ({ type }) => type === 'image', this.#media, context)
      await yielder.yieldIfDue()
      const body = toWire(this.model, whole, this.#settings, context.streaming, context.warn)
      // Megabytes have just been encoded, and are written as JSON next.
      await yielder.yieldIfDue()
      const large = markLarge(body)
      // The client's types know only what its version knew.
      const response = await send(this.#server, { ...context, large }, (client) =>
        client.chat(body as unknown as Parameters<Ollama['chat']>[0] & { stream: true }),
      )
      if (response.body === null)
        throw new LlmError('empty-response', 'Ollama sent no body.', { retryable: true })
      return toEvents(jsonLines(response.body, isLast), this.model)
    })
  }

  // The server works through a request in one piece; smaller ones let others in between.
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
    } = await this.#json(context, (client) => client.embed(request))
    if (!Array.isArray(embeddings))
      throw new LlmError('bad-response', `Ollama gave no vectors for ${input.length} texts.`)
    return {
      vectors: embeddings.map(toVector),
      model: typeof model === 'string' ? model : this.model,
      usage: typeof inputTokens === 'number' ? { inputTokens } : {},
    }
  }

  async models(context: CallContext): Promise<ModelInfo[]> {
    const { models } = await this.#json(context, (client) => client.list())
    if (!Array.isArray(models)) throw new LlmError('bad-response', 'Ollama gave no list of models.')
    return objectsIn(models).flatMap(({ name }) => (typeof name === 'string' ? [{ id: name }] : []))
  }

  async #json(
    context: CallContext,
    call: (client: Ollama) => Promise<unknown>,
  ): Promise<Record<string, unknown>> {
    return wholeJson(await send(this.#server, context, call), (text) => notAnAnswer(text, this.model))
  }
}

/** Some proxies pass `/api/chat` on and nothing else. A missing model is told by name. */
function hasNoShow(error: unknown): boolean {
  return (
    isLlmError(error) &&
    [403, 404, 405, 501].includes(error.status ?? 0) &&
    !/model/i.test(error.responseBody ?? '')
  )
}

async function* pull(
  server: Server,
  context: Pick<CallContext, 'signal' | 'headers' | 'clock'>,
): AsyncGenerator<PullProgress> {
  const { model } = server
  let redact = (failure: LlmError): LlmError => failure
  const onFailure = (change: typeof redact) => {
    redact = change
  }
  try {
    const response = await send(server, { ...context, onFailure }, (client) =>
      client.pull({ model, stream: true }),
    )
    if (response.body === null) throw new LlmError('empty-response', 'Ollama sent no body.')
    for await (const line of jsonLines(response.body)) {
      const step = line as PullProgress & { error?: unknown }
      if (step.error !== undefined) throw fromWords(wordsOf(step.error), model, 'server-error')
      yield step
      if (step.status === 'success') return
    }
    throw new LlmError(
      'bad-response',
      `Ollama stopped fetching ${model} before it was done. Try again; what is there is kept.`,
      { retryable: true },
    )
  } catch (cause) {
    if (context.signal.aborted)
      throw new LlmError('aborted', `Fetching ${model} was aborted by its caller.`, {
        cause: context.signal.reason,
        provider: 'ollama',
        model,
      })
    throw isLlmError(cause) ? redact(cause) : cause
  }
}
