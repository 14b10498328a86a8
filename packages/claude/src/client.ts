// Requests to the Messages API: built by the official client's `buildRequest`, sent and read by us. The client's own
// reading of answers has no idle timeout, and ends silently on cut streams.
import type Anthropic from '@anthropic-ai/sdk'
import { type CallContext, LlmError } from '@patchbay/core'
import {
  type EnvironmentKey,
  type ExchangeOptions,
  environment,
  exchange,
  hasKey,
  isKeyFor,
  isNamedBy,
  type KeyedServer,
  keyFor,
  missingKeyAdvice,
  noKey,
  type ServerAddress,
  serverAddress,
  unlessInBrowser,
  wholeJson,
  withoutNoKey,
  withoutSecretHeaders,
} from '@patchbay/core/wire'
import { type AwsCredentials, type Cloud, checkPath, cloudOf } from './hosts.js'
import type { CanonicalRequest, Rewriter } from './rewriter.js'

const officialAddress = 'https://api.anthropic.com'
const addressVariable = 'ANTHROPIC_BASE_URL'
const environmentKey: EnvironmentKey = {
  variable: 'ANTHROPIC_API_KEY',
  hosts: [new URL(officialAddress).host],
}

/** Where the server is and how to reach it. */
export interface ServerOptions {
  apiKey?: string | undefined
  baseURL?: string | undefined
  host?: string | undefined
  region?: string | undefined
  project?: string | undefined
  credentials?: AwsCredentials | undefined
  fetch?: typeof fetch | undefined
  allowBrowser?: boolean | undefined
}

/** A server of the Messages API: Anthropic's own, or one that speaks its protocol. */
export class Server {
  /** Its host, with the port if that is not the default. */
  readonly host: string
  /** The cloud that it is, if it is one. */
  readonly cloud: Cloud | undefined
  readonly #options: ServerOptions
  readonly #address: ServerAddress
  readonly #keyed: KeyedServer
  #client: Promise<Anthropic> | undefined
  #rewriter: Promise<Rewriter> | undefined

  /** @throws {LlmError} `config` for a `baseURL` that is not an address */
  constructor(options: ServerOptions) {
    this.#options = options
    this.cloud = cloudOf(options)
    const { baseURL = environment(addressVariable) ?? officialAddress } = this.cloud ?? options
    this.#address = serverAddress(baseURL, 'http://127.0.0.1:8080')
    this.host = new URL(this.#address.baseURL).host
    const isTrusted =
      !this.cloud && (isNamedBy(addressVariable, baseURL) || isKeyFor(this.#address.baseURL, environmentKey))
    this.#keyed = {
      ...{ who: 'Anthropic', header: 'x-api-key', baseURL: this.#address.baseURL },
      ...{ environmentKey, isTrusted },
    }
  }

  /**
   * The response to a request; `body` goes as JSON.
   * @throws {LlmError} for every response that is not a success, and `authentication` without a key for Anthropic
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
    method: 'get' | 'post',
    path: string,
    body?: Record<string, unknown>,
  ): Promise<Response> {
    const { fetch = globalThis.fetch } = this.#options
    const address = this.#address
    const { cloud } = this
    const who = cloud?.who ?? 'Anthropic'
    if (cloud) checkPath(cloud, path)
    const key = cloud ? undefined : keyFor(this.#keyed, this.#options.apiKey, headers)
    const own: Record<string, string> = { ...(key && { 'x-api-key': key }), ...headers }
    const isKeyless = !key && !address.authorization && !(cloud ?? this.#keyed).isTrusted
    const named = cloud ? cloud.environmentKey : environmentKey
    const advice = {
      ...cloud?.advice,
      ...(isKeyless && named && missingKeyAdvice(address.baseURL, named, headers)),
    }
    const options = {
      fetch,
      signal,
      status,
      secrets,
      ...(onFailure && { onFailure }),
      address,
      large,
      headers: own,
      failed: async (response: Response, path: string) =>
        (await import('./errors.js')).fromResponse(response, clock.now(), path, advice, who),
      who,
      hint: 'Check the network and baseURL.',
    }
    if (cloud) return this.#sendToCloud(cloud, options, { method, path, body }, signal)
    return exchange(options, async () => {
      this.#client ??= newClient(address.baseURL, fetch, this.#options.allowBrowser)
      const client = await this.#client
      const { url, req } = await client.buildRequest({ method, path, ...(body && { body }) })
      const all = this.#keyed.isTrusted ? withoutNoKey(req.headers) : withoutSecretHeaders(req.headers)
      for (const [name, value] of Object.entries(own)) all[name.toLowerCase()] = value
      return { url, init: { ...req, headers: all } }
    })
  }

  /** The response to a request in the form of a cloud. */
  async #sendToCloud(
    cloud: Cloud,
    options: ExchangeOptions & { address: ServerAddress },
    request: Pick<CanonicalRequest, 'method' | 'path' | 'body'>,
    signal: AbortSignal,
  ): Promise<Response> {
    const { authorization, query } = options.address
    const own = options.headers as Record<string, string>
    const headers = Object.fromEntries(
      Object.entries(own).map(([name, value]) => [name.toLowerCase(), value]),
    )
    const usesCredentials = cloud.isTrusted && authorization === undefined && !hasKey(headers, 'x-api-key')
    let adapt = async (response: Response) => response
    const address = { ...options.address, query: '' }
    const response = await exchange({ ...options, address }, async () => {
      const rewriter = await this.#rewriterOf(cloud)
      const rewritten = await rewriter.rewrite({ ...request, headers, query }, usesCredentials, signal)
      adapt = rewritten.adapt
      return rewritten
    })
    return adapt(response)
  }

  /** @throws {LlmError} `config` if the official client's sibling is not installed, with the command that installs it */
  #rewriterOf(cloud: Cloud): Promise<Rewriter> {
    const { allowBrowser = false } = this.#options
    const { baseURL } = this.#address
    const make = async () =>
      cloud.name === 'vertex'
        ? (await import('./vertex.js')).vertexRewriter(cloud, baseURL, allowBrowser)
        : (await import('./bedrock.js')).bedrockRewriter(cloud, baseURL, allowBrowser)
    this.#rewriter ??= make().catch((cause: unknown) => {
      this.#rewriter = undefined
      const message = `Claude on ${cloud.who} needs ${cloud.sdk}. Run: npm install ${cloud.sdk}`
      throw new LlmError('config', message, { cause })
    })
    return this.#rewriter
  }

  /**
   * The same, and its answer as JSON.
   * @throws {LlmError} also `bad-response` for an answer that is not JSON
   */
  async json(...request: Parameters<Server['send']>): Promise<Record<string, unknown>> {
    return this.jsonOf(await this.send(...request))
  }

  /** @throws {LlmError} `bad-response` for what is not JSON, or has no end */
  jsonOf(response: Response): Promise<Record<string, unknown>> {
    return wholeJson(response, async (text) => (await import('./errors.js')).notAnAnswer(text))
  }
}

/** The key is not for the client: it would send it as `authorization`, which not every server of this protocol reads. */
async function newClient(
  baseURL: string,
  fetch: typeof globalThis.fetch,
  allowBrowser = false,
): Promise<Anthropic> {
  const { default: Client } = await import('@anthropic-ai/sdk')
  const options = {
    apiKey: noKey,
    baseURL,
    fetch,
    logLevel: 'off',
    dangerouslyAllowBrowser: allowBrowser,
  } as const
  return unlessInBrowser('claude', () => new Client(options))
}
