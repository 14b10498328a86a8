// A Claude model as a provider: `claude()`.
import type Anthropic from '@anthropic-ai/sdk'
import {
  type Backend,
  type BackendBatch,
  type BackendEvent,
  type CallContext,
  type Capabilities,
  type ChatContext,
  defineProvider,
  LlmError,
  type ModelInfo,
  type PreparedChat,
  type Provider,
  type ProviderOptions,
} from '@patchbay/core'
import {
  checkModel,
  type EnvironmentKey,
  type ExchangeOptions,
  environment,
  exchange,
  isHostOf,
  isKeyFor,
  isNamedBy,
  isStream,
  jsonEvents,
  markLarge,
  noKey,
  noKeySent,
  objectsIn,
  opened,
  openHeaders,
  requestOf,
  type ServerAddress,
  serverAddress,
  wholeJson,
  withoutNoKey,
  Yielder,
} from '@patchbay/core/wire'
import { fromResponse, notAnAnswer } from './errors.js'
import { fromMessage, fromStream, isLast } from './events.js'
import { type ModelRules, rulesFor } from './models.js'
import type { WireChat } from './request.js'

export type { ModelRules } from './models.js'

/** Options of `claude`. */
export interface ClaudeOptions extends ProviderOptions {
  /** For example `'claude-opus-5'`. */
  model?: string
  /**
   * Default: `ANTHROPIC_API_KEY`, which is sent to Anthropic's own hosts alone, over https, and where `ANTHROPIC_BASE_URL` is.
   * Any other server, also on this machine, gets a key only from here.
   */
  apiKey?: string
  /** Default: `ANTHROPIC_BASE_URL`, else Anthropic's own. */
  baseURL?: string
  /** Default: the platform's `fetch`. */
  fetch?: typeof fetch
  /** What is known of the model where our table is older than it. */
  rules?: Partial<ModelRules>
}

/**
 * A Claude model, by the Anthropic Messages API.
 * @throws {LlmError} `config` without a model, for a key in its place, and for an address that is none; a missing key comes
 *   with the first call
 */
export function claude(options: ClaudeOptions): Provider
export function claude(model: string, options?: Omit<ClaudeOptions, 'model'>): Provider
export function claude(first: string | ClaudeOptions, rest: Omit<ClaudeOptions, 'model'> = {}): Provider {
  const options: ClaudeOptions = typeof first === 'string' ? { ...rest, model: first } : first
  const { model } = options
  checkModel(model, 'claude', 'claude-opus-5')
  return defineProvider(new ClaudeBackend(model, options), options)
}

const ownHost = 'https://api.anthropic.com'
const addressVariable = 'ANTHROPIC_BASE_URL'
const environmentKey: EnvironmentKey = { variable: 'ANTHROPIC_API_KEY', hosts: [new URL(ownHost).host] }

class ClaudeBackend implements Backend {
  readonly provider = 'claude'
  readonly #options: ClaudeOptions
  readonly #address: ServerAddress
  /** Is what the environment has for Anthropic for this server? */
  readonly #isTrusted: boolean
  readonly #rules: ModelRules

  constructor(
    readonly model: string,
    options: ClaudeOptions,
  ) {
    this.#options = options
    const { baseURL = environment(addressVariable) ?? ownHost } = options
    this.#address = serverAddress(baseURL, 'http://127.0.0.1:8080')
    this.#isTrusted = isNamedBy(addressVariable, baseURL) || isKeyFor(this.#address.baseURL, environmentKey)
    this.#rules = rulesFor(model, options.rules)
  }

  capabilities(): Capabilities {
    const { thinking, schema, maxOutput, contextWindow } = this.#rules
    return {
      tools: true,
      vision: true,
      files: true,
      audio: false,
      json: schema,
      reasoning: thinking !== 'none',
      embed: false,
      options: { minP: false, seed: false, frequencyPenalty: false, presencePenalty: false },
      maxOutput,
      contextWindow,
    }
  }

  chat(chat: PreparedChat, context: ChatContext): AsyncIterable<BackendEvent> {
    return opened(async () => {
      const yielder = new Yielder()
      const body = await this.#toWire(chat, context)
      // Megabytes have just been encoded, and are written as JSON next.
      await yielder.yieldIfDue()
      const large = markLarge(body)
      const response = await this.#send({ ...context, large }, (client) =>
        client.messages.create({
          ...body,
          stream: context.streaming,
        } as unknown as Anthropic.MessageCreateParamsStreaming),
      )
      const requestId = response.headers.get('request-id') ?? undefined
      if (isStream(response, context.streaming))
        return fromStream(jsonEvents(response.body, isLast), requestId)
      return fromMessage(await json(response), requestId)
    })
  }

  // Loaded with the first call.
  #request: Promise<typeof import('./request.js')> | undefined

  async #toWire(chat: PreparedChat, { warn }: CallContext): Promise<WireChat> {
    this.#request ??= import('./request.js')
    return (await this.#request).toWire(this.model, chat, this.#rules, warn)
  }

  async countTokens(chat: PreparedChat, context: CallContext): Promise<number> {
    const { max_tokens: _, ...body } = await this.#toWire(chat, context)
    const response = await this.#send({ ...context, large: markLarge(body) }, (client) =>
      client.messages.countTokens(body as unknown as Anthropic.MessageCountTokensParams),
    )
    const { input_tokens: count } = await json(response)
    if (typeof count !== 'number') throw new LlmError('bad-response', 'Anthropic gave no count of tokens.')
    return count
  }

  readonly batch: BackendBatch = {
    submit: async (requests, context) => {
      const { toBatch, idOf } = await import('./batch.js')
      const body = toBatch(
        await Promise.all(
          requests.map((chat, index) =>
            this.#toWire(chat, { ...context, warn: (warning) => context.warn(warning, index) }),
          ),
        ),
      )
      return idOf(await this.#batches(context, (client) => client.post('/v1/messages/batches', { body })))
    },
    status: async (id, context) => {
      const { toStatus } = await import('./batch.js')
      return toStatus(await this.#batches(context, (client) => client.get(batchPath(id))))
    },
    results: (id, context) =>
      opened(async () => {
        const { toOutcomes } = await import('./batch.js')
        const { body } = await this.#send(context, (client) => client.get(`${batchPath(id)}/results`))
        if (body === null) throw new LlmError('bad-response', 'Anthropic gave no results.')
        return toOutcomes(body)
      }),
    cancel: async (id, context) => {
      await this.#batches(context, (client) => client.post(`${batchPath(id)}/cancel`))
    },
  }

  async #batches(
    context: CallContext,
    call: (client: Anthropic) => PromiseLike<unknown>,
  ): Promise<Record<string, unknown>> {
    return json(await this.#send(context, call))
  }

  async models(context: CallContext): Promise<ModelInfo[]> {
    const { data } = await json(await this.#send(context, (client) => client.models.list({ limit: 1000 })))
    if (!Array.isArray(data)) throw new LlmError('bad-response', 'Anthropic gave no list of models.')
    return objectsIn(data).flatMap(({ id, display_name: name }) =>
      typeof id === 'string' ? [{ id, ...(typeof name === 'string' && { name }) }] : [],
    )
  }

  async #send(
    { signal, headers, clock, warn, status, onFailure, large }: CallContext & Pick<ExchangeOptions, 'large'>,
    call: (client: Anthropic) => PromiseLike<unknown>,
  ): Promise<Response> {
    const { fetch = globalThis.fetch } = this.#options
    const address = this.#address
    const key = this.#key()
    const own = { ...(key && { 'x-api-key': key }), ...headers }
    const advice =
      key || address.authorization || this.#isTrusted
        ? {}
        : noKeySent(address.baseURL, environmentKey, headers)
    const { default: Client } = await import('@anthropic-ai/sdk')
    const options = {
      fetch,
      signal,
      status,
      ...(onFailure && { onFailure }),
      address,
      large,
      headers: own,
      failed: (response: Response, path: string) => fromResponse(response, clock.now(), path, advice),
      who: 'Anthropic',
      hint: 'Check the network and baseURL.',
    }
    const ask = async (fetch: typeof globalThis.fetch) => {
      const client = new Client({
        // Without one it looks for others: in profiles, in the environment.
        apiKey: key || noKey,
        defaultHeaders: own,
        maxRetries: 0,
        // Deadlines are kept by the life of the call; without one of its own the client refuses long answers.
        timeout: 2 ** 31 - 1,
        logLevel: 'off',
        dangerouslyAllowBrowser: true,
        fetch,
        baseURL: address.baseURL,
      })
      await withoutConsole(() => call(client), warn)
    }
    return exchange(options, async () => {
      const { url, init } = await requestOf(ask)
      const all = this.#isTrusted ? withoutNoKey(init.headers) : openHeaders(init.headers)
      for (const [name, value] of Object.entries(own)) all[name.toLowerCase()] = value
      return { url, init: { ...init, headers: all } }
    })
  }

  /** The environment's key goes to Anthropic; another server needs none, or is given one. */
  #key(): string | undefined {
    const { apiKey } = this.#options
    const key = apiKey ?? environment(environmentKey.variable)
    if (key && (apiKey !== undefined || this.#isTrusted)) return key
    if (!isHostOf(new URL(this.#address.baseURL).hostname, environmentKey.hosts)) return undefined
    const next = key ? ': ANTHROPIC_API_KEY is only sent over https' : ', or set ANTHROPIC_API_KEY'
    throw new LlmError('authentication', `No API key for Anthropic. Pass apiKey${next}.`)
  }
}

/** The client prints on the app's console that a model is deprecated; that belongs on the response. */
function withoutConsole<T>(call: () => T, warn: CallContext['warn']): T {
  const { console: printer } = globalThis
  const print = printer.warn
  printer.warn = (...words: unknown[]) => warn({ code: 'other', feature: 'model', message: words.join(' ') })
  try {
    // It prints before it returns its promise, so nobody else's warning is caught.
    return call()
  } finally {
    printer.warn = print
  }
}

function batchPath(id: string): string {
  return `/v1/messages/batches/${encodeURIComponent(id)}`
}

function json(response: Response): Promise<Record<string, unknown>> {
  return wholeJson(response, notAnAnswer)
}
