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
  type FieldsOf,
  LlmError,
  type ModelInfo,
  type OptionName,
  type PreparedChat,
  type Provider,
} from '@patchbay/core'
import {
  factoryOptions,
  isStream,
  jsonEvents,
  lazyIterable,
  markLarge,
  objectsIn,
  serverToolSecrets,
  splitRaw,
  tapEvents,
  tapWhole,
  wantsStream,
  withInlineMedia,
  Yielder,
} from '@patchbay/core/wire'
import { Server } from './client.js'
import type { AnswerSource } from './decode/blocks.js'
import type { Target } from './encode/messages.js'
import type { KnownRules } from './models.js'
import { type ClaudeOptions, names } from './options.js'
import type { WireChat } from './request.js'
import { claudeTools } from './tools.js'

export type { AwsCredentials, AwsIdentity } from './hosts.js'
export type { ModelRules } from './models.js'
export type { ClaudeOptions } from './options.js'
export type {
  ComputerAction,
  ComputerOptions,
  DomainFilter,
  McpOptions,
  SearchLocation,
  WebFetchOptions,
  WebSearchOptions,
} from './tools.js'

declare global {
  interface PatchbayProviderOptions {
    /** Fields of the Messages API. */
    readonly claude?: FieldsOf<Anthropic.MessageCreateParams> | undefined
  }
}

/**
 * A Claude model, by the Anthropic Messages API.
 * @throws {LlmError} `config` without a model, for a key in its place, and for an invalid address or an unknown option. A missing key
 *   is an `authentication` error of the first call.
 * @example
 * ```ts
 * const { text } = await claude('claude-opus-5').chat('Why is the sky blue?')
 * ```
 */
export function claude(options: ClaudeOptions): Provider
export function claude(model: Anthropic.Model, options?: Omit<ClaudeOptions, 'model'>): Provider
export function claude(first: string | ClaudeOptions, rest?: Omit<ClaudeOptions, 'model'>): Provider {
  const options = factoryOptions<ClaudeOptions>(first, rest, names)
  return defineProvider(new ClaudeBackend(options.model, options), options)
}

/** The tools of Anthropic's service. */
claude.tools = claudeTools

const protocol = 'anthropic-messages'
const messagesPath = '/v1/messages'
const batchesPath = `${messagesPath}/batches`

class ClaudeBackend implements Backend {
  readonly provider = 'claude'
  readonly #server: Server
  readonly #options: ClaudeOptions
  readonly #target: Target

  constructor(
    readonly model: string,
    options: ClaudeOptions,
  ) {
    this.#options = options
    this.#server = new Server(options)
    this.#target = { model, host: this.#server.host, cloud: this.#server.cloud?.who }
  }

  async capabilities(): Promise<Capabilities> {
    const { serverToolsOf } = await import('./models.js')
    const { prefill, thinking, budget, sampling, forcedTools, schema, maxOutput, contextWindow, endOfLife } =
      await this.#rules()
    const no = (names: OptionName[]) => Object.fromEntries(names.map((name) => [name, false]))
    // Other models behind servers of this protocol: nobody knows.
    const yes = this.model.includes('claude') ? true : 'unknown'
    return {
      tools: yes,
      vision: yes,
      files: yes,
      audio: false,
      json: schema && yes,
      reasoning: thinking !== 'none',
      embed: false,
      prefill,
      options: {
        ...no(['minP', 'seed', 'frequencyPenalty', 'presencePenalty', 'logprobs']),
        ...(sampling === 'none' && no(['temperature', 'topP', 'topK'])),
        ...(forcedTools === 'never' && no(['toolChoice'])),
        ...(!budget && no(['reasoningBudget'])),
      },
      serverTools: serverToolsOf(this.model, this.#options.host),
      maxOutput,
      contextWindow,
      protocol,
      ...(endOfLife && { endOfLife }),
    }
  }

  chat(chat: PreparedChat, context: ChatContext): AsyncIterable<BackendEvent> {
    return lazyIterable(async () => {
      const yielder = new Yielder()
      const { fromMessage, fromStream, isLast } = await import('./events.js')
      const { raw } = splitRaw(chat, protocol)
      const streaming = raw === undefined ? context.streaming : wantsStream(raw)
      const { body, headers } = await this.#encoded(chat, context)
      // Megabytes have just been encoded, and are written as JSON next.
      await yielder.yieldIfDue()
      const large = markLarge(body)
      const response = await this.#server.send(
        { ...context, headers, large, secrets: serverToolSecrets(chat) },
        'post',
        messagesPath,
        { ...body, stream: streaming },
      )
      const source = await this.#source(requestIdOf(response))
      if (isStream(response, streaming))
        return fromStream(
          tapEvents((onText) => jsonEvents(response.body, isLast, onText), raw),
          source,
        )
      return fromMessage(await tapWhole(await this.#server.jsonOf(response), raw), source)
    })
  }

  async countTokens(chat: PreparedChat, context: CallContext): Promise<number> {
    const { toCount } = await import('./request.js')
    const { body, headers } = await this.#encoded(chat, context)
    const path = `${messagesPath}/count_tokens`
    const counted = toCount(body)
    const { input_tokens: count } = await this.#server.json(
      { ...context, headers, large: markLarge(counted), secrets: serverToolSecrets(chat) },
      'post',
      path,
      counted,
    )
    if (typeof count !== 'number') throw new LlmError('bad-response', 'Anthropic gave no count of tokens.')
    return count
  }

  readonly batch: BackendBatch = {
    submit: async (requests, context) => {
      const { toBatch, idOf } = await import('./batch.js')
      const encoded = await Promise.all(
        requests.map((chat, index) =>
          this.#encoded(chat, { ...context, warn: (warning) => context.warn(warning, index) }),
        ),
      )
      const body = toBatch(encoded.map(({ body }) => body))
      const headers = Object.assign({}, ...encoded.map(({ headers }) => headers))
      const secrets = requests.flatMap(serverToolSecrets)
      return idOf(await this.#server.json({ ...context, headers, secrets }, 'post', batchesPath, body))
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
        return toOutcomes(body, await this.#source())
      }),
    cancel: async (id, context) => {
      await this.#server.json(context, 'post', `${batchPath(id)}/cancel`)
    },
  }

  async models(context: CallContext): Promise<ModelInfo[]> {
    const { data } = await this.#server.json(context, 'get', '/v1/models?limit=1000')
    if (!Array.isArray(data)) throw new LlmError('bad-response', 'Anthropic gave no list of models.')
    const [{ toModelInfo }, { rulesFor }] = await Promise.all([
      import('./model-list.js'),
      import('./models.js'),
    ])
    return objectsIn(data)
      .flatMap(toModelInfo)
      .map((model) => {
        const { endOfLife } = { ...rulesFor(model.id), ...model }
        return { ...model, ...(endOfLife && { endOfLife }) }
      })
  }

  // Loaded with the first call.
  #loadedRules: Promise<KnownRules> | undefined

  #rules(): Promise<KnownRules> {
    this.#loadedRules ??= import('./models.js').then(({ rulesFor }) => {
      const rules = rulesFor(this.model, this.#options.rules)
      if (this.#server.cloud === undefined) return rules
      // A cloud sets dates of its own: platform.claude.com/docs/en/build-with-claude/claude-on-amazon-bedrock-legacy.
      const { endOfLife: _, ...others } = rules
      return { ...others, isDeprecated: false }
    })
    return this.#loadedRules
  }

  /** The body of a request, and the headers it needs; the caller's own win. */
  async #encoded(
    chat: PreparedChat,
    context: CallContext,
  ): Promise<{ body: WireChat; headers: Readonly<Record<string, string>> }> {
    const { headersFor, needsBytes, rawToWire, toWire } = await import('./request.js')
    const { chat: known, raw } = splitRaw(chat, protocol)
    const rules = await this.#rules()
    if (raw !== undefined) {
      const body = rawToWire(this.#target, known, raw, rules, context.warn)
      return { body, headers: headersFor(body, { ...raw.headers, ...context.headers }) }
    }
    // The clouds fetch no media: "URL sources are not supported", anthropics/anthropic-sdk-typescript#1038 (Vertex AI, 2026-05);
    // vercel/ai, amazon-bedrock-anthropic-provider.ts (2026-08).
    const wanted = this.#server.cloud ? () => true : needsBytes
    const complete = await withInlineMedia(known, wanted, this.#options.media, context)
    const body = toWire(this.#target, complete, rules, context.warn)
    return { body, headers: headersFor(body, context.headers) }
  }

  async #source(requestId?: string): Promise<AnswerSource> {
    const { boundThinking } = await this.#rules()
    const { who } = this.#server.cloud ?? {}
    return {
      host: this.#target.host,
      ...(who && { who }),
      ...(boundThinking && { thinkingModel: this.model }),
      ...(requestId !== undefined && { requestId }),
    }
  }
}

/** Amazon Bedrock has a header of its own. */
function requestIdOf({ headers }: Response): string | undefined {
  return headers.get('request-id') ?? headers.get('x-amzn-requestid') ?? undefined
}

function batchPath(id: string): string {
  return `${batchesPath}/${encodeURIComponent(id)}`
}
