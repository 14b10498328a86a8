// Requests to OpenAI or a compatible server. The official client builds the URL and the headers, once; every call adds its
// path and body. Answers are read by our own code: the client's reader has no time-out, and ends silently on cut streams.
import { type CallContext, LlmError } from '@patchbay/core'
import {
  type EnvironmentKey,
  type ExchangeOptions,
  environment,
  exchange,
  hasKey,
  isHostOf,
  isKeyFor,
  missingKeyAdvice,
  noKey,
  type ServerAddress,
  unlessInBrowser,
  wholeJson,
  withoutNoKey,
  withoutSecretHeaders,
} from '@patchbay/core/wire'
import type OpenAI from 'openai'
import { type AzureServer, classicPath } from './azure.js'
import { environmentKey, isOwnHost, type Preset } from './presets.js'

/** The server's address, key and dialect. */
export interface ServerOptions {
  address: ServerAddress
  /** Whether `OPENAI_BASE_URL` is this address. Then the environment's `OPENAI_…` settings are for this server. */
  fromEnvironment: boolean
  apiKey?: string | undefined
  fetch?: typeof fetch | undefined
  preset: Preset
  azure?: AzureServer | undefined
  allowBrowser?: boolean | undefined
}

/** The URL and headers of a request. */
interface RequestFrame {
  url: string
  /** Names in lower case. */
  headers: Record<string, string>
}

/** A server that requests are sent to. */
export class Server {
  /** Whether it is OpenAI's own host. */
  readonly isOwn: boolean
  /** The server's name, for error messages. */
  readonly who: string
  /** With its port, if that is not the default. */
  readonly host: string
  readonly #options: ServerOptions
  readonly #environmentKey: EnvironmentKey
  /** Whether the environment's key may be sent to this server. */
  readonly #isKeyFor: boolean
  /** Whether the environment's other `OPENAI_…` settings may be sent too. */
  readonly #isTrusted: boolean
  #client: OpenAI | undefined
  /** By method. Not by path: paths contain ids, so the map would grow without end. */
  #frames = new Map<string, RequestFrame>()

  /** @throws {LlmError} `config` for a password in the address together with a key, if both would need the same header */
  constructor(options: ServerOptions) {
    const { hostname, host } = new URL(options.address.baseURL)
    this.#options = options
    this.host = host
    this.isOwn = isOwnHost(hostname)
    const { address, fromEnvironment, preset, azure } = options
    const openAIs = environmentKey('OPENAI_API_KEY')
    this.#environmentKey = environmentKey(preset.key)
    this.#isTrusted = fromEnvironment || isKeyFor(address.baseURL, openAIs)
    // A variable without hosts is one that the caller named.
    this.#isKeyFor =
      this.#environmentKey.hosts.length === 0 ||
      isKeyFor(address.baseURL, this.#environmentKey) ||
      azure?.isNamed === true ||
      (fromEnvironment && preset.key === openAIs.variable)
    const hasBoth = azure?.tokenProvider !== undefined || (options.apiKey && !options.preset.keyHeader)
    if (options.address.authorization !== undefined && hasBoth)
      throw new LlmError(
        'config',
        'baseURL holds a password, and a key or a token is there too. A request can carry only one of them: leave one out.',
        { provider: 'openai' },
      )
    this.who = this.isOwn ? 'OpenAI' : `The server at ${host}`
  }

  /**
   * Sends a request: a form as a form, any other body as JSON.
   * @throws {LlmError} for every status that is not a success, and `authentication` for a missing key
   */
  async send(
    {
      signal,
      headers,
      clock,
      status,
      onFailure,
      large,
      secrets,
    }: CallContext & Pick<ExchangeOptions, 'large' | 'secrets'>,
    method: 'get' | 'post' | 'delete',
    path: string,
    body?: object,
  ): Promise<Response> {
    const { address, preset, azure } = this.#options
    const { keyHeader } = preset
    const provider = azure?.tokenProvider
    const apiKey = provider ? undefined : this.#key()
    const advice = async () =>
      provider
        ? (await import('./entra.js')).tokenAdvice
        : apiKey || address.authorization || this.#isKeyFor
          ? {}
          : missingKeyAdvice(address.baseURL, this.#environmentKey, headers)
    const options = {
      fetch: this.#options.fetch ?? globalThis.fetch,
      signal,
      status,
      secrets,
      ...(onFailure && { onFailure }),
      address,
      large,
      headers: { ...headers, ...(apiKey && { [keyHeader ?? 'api-key']: apiKey }) },
      failed: async (response: Response, asked: string) =>
        (await import('./errors.js')).fromResponse(response, this.who, clock.now(), asked, await advice()),
      who: this.who,
      hint: this.isOwn
        ? 'Check the network.'
        : azure
          ? 'Check resource or baseURL.'
          : 'Is it running? Check baseURL.',
      addressHint: 'Many end in /v1.',
    }
    return exchange(options, async () => {
      const deployment = azure?.deployment
      const at = deployment === undefined ? path : classicPath(address.baseURL, deployment, path)
      const { url, headers: usual } = await this.#frame(apiKey || noKey, method, at)
      const all: Record<string, string> = { ...usual }
      // As the official client for Azure: a key goes in its own header alone.
      if (azure) delete all.authorization
      if (provider && !hasKey(headers, 'api-key')) {
        const { entraToken } = await import('./entra.js')
        all.authorization = `Bearer ${await entraToken(provider, address.baseURL, signal)}`
      }
      // `fetch` sets the content type of a form, with its boundary.
      if (body instanceof FormData) delete all['content-type']
      if (keyHeader !== undefined && apiKey) all[keyHeader] = apiKey
      for (const [name, value] of Object.entries(headers)) all[name.toLowerCase()] = value
      const sent = body instanceof FormData || body === undefined ? body : toJson(body)
      return { url, init: { method, headers: all, ...(sent !== undefined && { body: sent }) } }
    })
  }

  /** Sends a request and reads its answer as JSON. */
  async json(...request: Parameters<Server['send']>): Promise<Record<string, unknown>> {
    return this.jsonOf(await this.send(...request))
  }

  /**
   * A response's body as JSON.
   * @param most the most characters; default 64 Mi
   * @throws {LlmError} `bad-response` for text that is not JSON, and for a body above the limit
   */
  jsonOf(response: Response, most?: number): Promise<Record<string, unknown>> {
    return wholeJson(
      response,
      async (text) => (await import('./errors.js')).notAnAnswer(text, this.who),
      most,
    )
  }

  /**
   * The key for a request: the caller's, or the environment's if it is for this server. A server without known hosts needs none.
   * @throws {LlmError} `authentication` if the service needs a key and there is none
   */
  #key(): string | undefined {
    const { address, apiKey, fromEnvironment } = this.#options
    // A server with a password in its address expects that, and not a key.
    if (apiKey || address.authorization !== undefined) return apiKey
    const { variable, hosts } = this.#environmentKey
    const key = apiKey === undefined ? environment(variable) : undefined
    if (key && this.#isKeyFor) return key
    const openAIs = environment('OPENAI_API_KEY')
    if (!key && openAIs && fromEnvironment && apiKey === undefined) return openAIs
    if (hosts.length > 0 && !isHostOf(new URL(address.baseURL).hostname, hosts)) return undefined
    const next = key ? `: ${variable} is only sent over https` : `, or set ${variable}`
    throw new LlmError('authentication', `No API key for ${this.who}. Pass apiKey${next}.`)
  }

  async #frame(apiKey: string, method: 'get' | 'post' | 'delete', path: string): Promise<RequestFrame> {
    if (this.#client?.apiKey !== apiKey) {
      const { default: Client } = await import('openai')
      const { address, allowBrowser = false } = this.#options
      const options = { apiKey, baseURL: address.baseURL, dangerouslyAllowBrowser: allowBrowser }
      this.#client = unlessInBrowser('openai', () => new Client({ ...options, logLevel: 'off' }))
      this.#frames = new Map()
    }
    // A call with another key may replace them while this one waits.
    const [client, frames] = [this.#client, this.#frames]
    const frame = frames.get(method) ?? (await frameOf(client, method, this.#isTrusted))
    frames.set(method, frame)
    return { ...frame, url: `${frame.url}${path}` }
  }
}

/** The body as JSON. Lone surrogates have no UTF-8 form and are refused, so they are replaced, as in all texts of a request. */
function toJson(body: object): string {
  const text = JSON.stringify(body)
  // JSON escapes lone surrogates, and no other character, this way.
  return text.includes('\\ud')
    ? text.replace(/(\\\\)|\\ud[89a-f]../g, (_, escaped) => escaped ?? '\\ufffd')
    : text
}

/** The URL and headers that the client builds for a method, with an empty path. */
async function frameOf(
  client: OpenAI,
  method: 'get' | 'post' | 'delete',
  isTrusted: boolean,
): Promise<RequestFrame> {
  const { url, req } = await client.buildRequest({
    method,
    path: '/',
    ...(method === 'post' && { body: {} }),
  })
  const headers = isTrusted
    ? Object.fromEntries(req.headers)
    : { ...withoutSecretHeaders(req.headers), authorization: `Bearer ${client.apiKey}` }
  return { url: url.replace(/\/$/, ''), headers: withoutNoKey(headers) }
}
