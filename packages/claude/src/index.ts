// A Claude model as a provider: `claude()`.
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
  isStream,
  jsonEvents,
  lazyIterable,
  markLarge,
  objectsIn,
  Yielder,
} from '@patchbay/core/wire'
import { Server } from './client.js'
import { fromMessage, fromStream, isLast } from './events.js'
import { type ModelRules, rulesFor } from './models.js'
import type { WireChat } from './request.js'

export type { ModelRules } from './models.js'

/** Options of `claude`. */
export interface ClaudeOptions extends ProviderOptions {
  /** The model's id, for example `'claude-opus-5'`. */
  model?: string
  /**
   * The API key. Default: `ANTHROPIC_API_KEY`, which is only sent to Anthropic's own hosts over https, and to the address in
   * `ANTHROPIC_BASE_URL`. Other servers, also on this machine, only get a key from this option.
   */
  apiKey?: string
  /** The address of the server. Default: `ANTHROPIC_BASE_URL`, else `https://api.anthropic.com`. */
  baseURL?: string
  /** Sends the requests. Default: the platform's `fetch`. */
  fetch?: typeof fetch
  /** Rules of a model that is newer than our table. Default: those of the newest family. */
  rules?: Partial<ModelRules>
}

/**
 * A Claude model, by the Anthropic Messages API.
 * @throws {LlmError} `config` without a model, for a key in its place, and for an invalid address. A missing key is an
 *   `authentication` error of the first call.
 * @example
 * ```ts
 * const { text } = await claude('claude-opus-5').chat('Why is the sky blue?')
 * ```
 */
export function claude(options: ClaudeOptions): Provider
export function claude(model: string, options?: Omit<ClaudeOptions, 'model'>): Provider
export function claude(first: string | ClaudeOptions, rest: Omit<ClaudeOptions, 'model'> = {}): Provider {
  const options: ClaudeOptions = typeof first === 'string' ? { ...rest, model: first } : first
  const { model } = options
  checkModel(model, 'claude', 'claude-opus-5')
  return defineProvider(new ClaudeBackend(model, options), options)
}

const messagesPath = '/v1/messages'
const batchesPath = `${messagesPath}/batches`

class ClaudeBackend implements Backend {
  readonly provider = 'claude'
  readonly #server: Server
  readonly #rules: ModelRules

  constructor(
    readonly model: string,
    options: ClaudeOptions,
  ) {
    this.#server = new Server(options)
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
    return lazyIterable(async () => {
      const yielder = new Yielder()
      const body = await this.#toWire(chat, context)
      // Megabytes have just been encoded, and are written as JSON next.
      await yielder.yieldIfDue()
      const large = markLarge(body.messages)
      const response = await this.#server.send({ ...context, large }, 'post', messagesPath, {
        ...body,
        stream: context.streaming,
      })
      const requestId = response.headers.get('request-id') ?? undefined
      if (isStream(response, context.streaming))
        return fromStream(jsonEvents(response.body, isLast), requestId)
      return fromMessage(await this.#server.jsonOf(response), requestId)
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
    const { input_tokens: count } = await this.#server.json(
      context,
      'post',
      `${messagesPath}/count_tokens`,
      body,
    )
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
      return idOf(await this.#server.json(context, 'post', batchesPath, body))
    },
    status: async (id, context) => {
      const { toStatus } = await import('./batch.js')
      return toStatus(await this.#server.json(context, 'get', batchPath(id)))
    },
    results: (id, context) =>
      lazyIterable(async () => {
        const { toOutcomes } = await import('./batch.js')
        const { body } = await this.#server.send(context, 'get', `${batchPath(id)}/results`)
        if (body === null) throw new LlmError('bad-response', 'Anthropic gave no results.')
        return toOutcomes(body)
      }),
    cancel: async (id, context) => {
      await this.#server.json(context, 'post', `${batchPath(id)}/cancel`)
    },
  }

  async models(context: CallContext): Promise<ModelInfo[]> {
    const { data } = await this.#server.json(context, 'get', '/v1/models?limit=1000')
    if (!Array.isArray(data)) throw new LlmError('bad-response', 'Anthropic gave no list of models.')
    return objectsIn(data).flatMap(({ id, display_name: name }) =>
      typeof id === 'string' ? [{ id, ...(typeof name === 'string' && { name }) }] : [],
    )
  }
}

function batchPath(id: string): string {
  return `${batchesPath}/${encodeURIComponent(id)}`
}
