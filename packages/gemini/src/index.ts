// A Gemini model as a provider: `gemini()`.
import type { GenerationConfig } from '@google/genai'
import {
  type Backend,
  type BackendBatch,
  type BackendEvent,
  type BackendSpeechEvent,
  type CallContext,
  type Capabilities,
  type ChatContext,
  defineProvider,
  type EmbedResponse,
  type FieldsOf,
  type ImageResponse,
  LlmError,
  type ModelInfo,
  type PreparedChat,
  type PreparedEmbed,
  type PreparedImage,
  type PreparedSpeak,
  type Provider,
} from '@patchbay/core'
import {
  factoryOptions,
  isStream,
  jsonEvents,
  lazyIterable,
  markLarge,
  objectsIn,
  splitRaw,
  warnWithoutLogprobs,
  withInlineMedia,
  Yielder,
} from '@patchbay/core/wire'
import { Server } from './client.js'
import type { Target } from './encode/contents.js'
import type { AnswerSource } from './events.js'
import type { KnownRules } from './models.js'
import { type GeminiOptions, names } from './options.js'
import type { WireChat } from './request.js'
import { geminiTools } from './tools.js'

export type { VertexOptions } from './client.js'
export type { Level, ModelRules } from './models.js'
export type { GeminiOptions } from './options.js'
export type { FileSearchOptions, GoogleSearchOptions } from './tools.js'

/** Fields of `generateContent`. `generationConfig` is merged field by field; `tools` stand beside those of the request. */
export type GeminiFields = FieldsOf<{
  safetySettings: unknown
  /** Tools of the service: `[{ googleSearch: {} }]`. */
  tools: unknown
  toolConfig: unknown
  /** The name of cached content: `'cachedContents/…'`. */
  cachedContent: unknown
  serviceTier: unknown
  labels: unknown
}> & { readonly generationConfig?: FieldsOf<GenerationConfig> | undefined }

declare global {
  interface PatchbayProviderOptions {
    /** Fields of the Gemini API. */
    readonly gemini?: GeminiFields | undefined
  }
}

/**
 * A Gemini model, by the Gemini API or Vertex AI.
 * @throws {LlmError} `config` without a model, for a key in its place, and for an invalid address or an unknown option. A missing key
 *   is an `authentication` error of the first call.
 * @example
 * ```ts
 * const { text } = await gemini('gemini-3.6-flash').chat('Why is the sky blue?')
 * ```
 */
export function gemini(options: GeminiOptions): Provider
export function gemini(model: string, options?: Omit<GeminiOptions, 'model'>): Provider
export function gemini(first: string | GeminiOptions, rest?: Omit<GeminiOptions, 'model'>): Provider {
  const options = factoryOptions<GeminiOptions>(first, rest, names)
  return defineProvider(new GeminiBackend(options.model, options), options)
}

/** The tools of Google's service. */
gemini.tools = geminiTools

class GeminiBackend implements Backend {
  readonly provider = 'gemini'
  readonly #server: Server
  readonly #options: GeminiOptions
  readonly #target: Target
  readonly #resource: string

  /**
   * "At most 100 requests can be in one batch"; on Vertex AI, "gemini-embedding-001 supports one instance per request"
   * (docs/generative-ai/embeddings/get-text-embeddings).
   */
  readonly embedBatch: { texts: number; characters: number }

  constructor(
    readonly model: string,
    options: GeminiOptions,
  ) {
    this.#options = options
    this.#server = new Server(options)
    this.#resource = this.#server.resource(model)
    this.#target = { model, host: this.#server.host }
    const isAlone = this.#server.isVertex && /gemini-embedding/.test(model)
    this.embedBatch = { texts: isAlone ? 1 : 100, characters: 60_000 }
  }

  async capabilities(): Promise<Capabilities> {
    const [{ capabilitiesOf, serverToolsOf }, rules] = await Promise.all([
      import('./models.js'),
      this.#rules(),
    ])
    return {
      ...capabilitiesOf(this.model, rules),
      serverTools: serverToolsOf(this.model, this.#server.isVertex),
    }
  }

  chat(chat: PreparedChat, context: ChatContext): AsyncIterable<BackendEvent> {
    return lazyIterable(async () => {
      const yielder = new Yielder()
      const { each, fromChunks, isLast } = await import('./events.js')
      const { streaming } = context
      const body = await this.#encoded(chat, context)
      // Megabytes have just been encoded, and are written as JSON next.
      await yielder.yieldIfDue()
      const method = streaming ? 'streamGenerateContent?alt=sse' : 'generateContent'
      const response = await this.#server.send(
        { ...context, large: markLarge(body) },
        'POST',
        `${this.#resource}:${method}`,
        body,
      )
      // Tools of the service may cite what they read.
      const mayCite = objectsIn(body.tools).some((tool) => tool.functionDeclarations === undefined)
      const logprobs = chat.logprobs === undefined ? {} : await import('./decode/logprobs.js')
      const source = { ...this.#source(context), ...logprobs, mayCite }
      const chunks = isStream(response, streaming)
        ? jsonEvents(response.body, isLast)
        : each(await this.#server.jsonOf(response))
      const events = fromChunks(chunks, source)
      return chat.logprobs === undefined ? events : warnWithoutLogprobs(events, 'Gemini', context.warn)
    })
  }

  async countTokens(chat: PreparedChat, context: CallContext): Promise<number> {
    const { toCount } = await import('./request.js')
    const counted = toCount(this.#resource, await this.#encoded(chat, context), this.#server.isVertex)
    const { totalTokens } = await this.#server.json(
      { ...context, large: markLarge(counted) },
      'POST',
      `${this.#resource}:countTokens`,
      counted,
    )
    // A count of zero is left out of the JSON.
    if (totalTokens !== undefined && typeof totalTokens !== 'number')
      throw new LlmError('bad-response', 'Gemini gave no count of tokens.')
    return totalTokens ?? 0
  }

  async embed(request: PreparedEmbed, context: CallContext): Promise<Omit<EmbedResponse, 'provider'>> {
    const { toEmbed, toVectors } = await import('./embed.js')
    const { method, body } = toEmbed(this.#resource, request, this.#server.isVertex)
    const answer = await this.#server.json(context, 'POST', `${this.#resource}:${method}`, body)
    return toVectors(answer, request.input.length, this.model)
  }

  async image(request: PreparedImage, context: CallContext): Promise<Omit<ImageResponse, 'provider'>> {
    return (await import('./images.js')).image(this.#server, this.model, request, context)
  }

  speak(request: PreparedSpeak, context: CallContext): AsyncIterable<BackendSpeechEvent> {
    return lazyIterable(async () =>
      (await import('./speech.js')).speak(this.#server, this.model, request, context),
    )
  }

  readonly batch: BackendBatch = {
    submit: async (requests, context) => {
      if (this.#server.isVertex)
        throw new LlmError(
          'unsupported',
          'On Vertex AI, batches go by files in Cloud Storage, which Patchbay does not write. Use the Gemini API.',
        )
      const { toBatch, idOf } = await import('./batch.js')
      const bodies = await Promise.all(
        requests.map((chat, index) =>
          this.#encoded(chat, { ...context, warn: (warning) => context.warn(warning, index) }),
        ),
      )
      const path = `${this.#resource}:batchGenerateContent`
      return idOf(await this.#server.json(context, 'POST', path, toBatch(bodies)))
    },
    status: async (id, context) => {
      const { toStatus } = await import('./batch.js')
      return toStatus(await this.#server.json(context, 'GET', batchPath(id)))
    },
    results: (id, context) =>
      lazyIterable(async () => {
        const { toOutcomes, toStatus } = await import('./batch.js')
        const operation = await this.#server.json(context, 'GET', batchPath(id))
        return toOutcomes(operation, toStatus(operation).total, this.#source(context))
      }),
    cancel: async (id, context) => {
      await this.#server.json(context, 'POST', `${batchPath(id)}:cancel`, {})
    },
  }

  async models(context: CallContext): Promise<ModelInfo[]> {
    const path = this.#server.isVertex ? 'publishers/google/models' : 'models'
    const { models, publisherModels } = await this.#server.json(context, 'GET', `${path}?pageSize=1000`)
    const list = models ?? publisherModels
    if (!Array.isArray(list)) throw new LlmError('bad-response', 'Gemini gave no list of models.')
    const [{ toModelInfo }, { rulesFor }] = await Promise.all([
      import('./model-list.js'),
      import('./models.js'),
    ])
    return objectsIn(list)
      .flatMap(toModelInfo)
      .map((model) => {
        const { endOfLife } = rulesFor(model.id)
        return { ...model, ...(endOfLife && { endOfLife }) }
      })
  }

  // Loaded with the first call.
  #loadedRules: Promise<KnownRules> | undefined

  #rules(): Promise<KnownRules> {
    this.#loadedRules ??= import('./models.js').then(({ rulesFor }) =>
      rulesFor(this.model, this.#options.rules),
    )
    return this.#loadedRules
  }

  async #encoded(chat: PreparedChat, context: CallContext): Promise<WireChat> {
    const { needsBytes, toWire } = await import('./request.js')
    const { chat: known } = splitRaw(chat, undefined)
    const complete = await withInlineMedia(known, needsBytes, this.#options.media, context)
    return toWire(this.#target, complete, await this.#rules(), context.warn, this.#server.isVertex)
  }

  #source({ warn }: CallContext): AnswerSource {
    return { host: this.#target.host, warn }
  }
}

function batchPath(id: string): string {
  return `batches/${encodeURIComponent(id)}`
}
