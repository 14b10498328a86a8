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
import { fromResponse, notAnAnswer } from './errors.js'
import { type Cloud, checkPath, cloudOf } from './hosts.js'
import type { VertexRewriter } from './vertex.js'

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
  #rewriter: Promise<VertexRewriter> | undefined

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
    body?: object,
  ): Promise<Response> {
    const { fetch = globalThis.fetch } = this.#options
    const address = this.#address
    const { cloud } = this
    if (cloud) checkPath(cloud, path)
    const key = cloud ? undefined : keyFor(this.#keyed, this.#options.apiKey, headers)
    const own: Record<string, string> = { ...(key && { 'x-api-key': key }), ...headers }
    const advice = cloud
      ? cloudAdvice
      : key || address.authorization || this.#keyed.isTrusted
        ? {}
        : missingKeyAdvice(address.baseURL, environmentKey, headers)
    const options = {
      fetch,
      signal,
      status,
      secrets,
      ...(onFailure && { onFailure }),
      address,
      large,
      headers: own,
      failed: (response: Response, path: string) => fromResponse(response, clock.now(), path, advice),
      who: cloud?.who ?? 'Anthropic',
      hint: 'Check the network and baseURL.',
    }
    if (cloud)
      return exchange(options, async () => {
        const usesGoogle =
          cloud.isTrusted && address.authorization === undefined && !hasKey(headers, 'x-api-key')
        const rewriter = await this.#cloudRewriter(cloud)
        const { url, init } = await rewriter.rewrite({ method, path, body }, usesGoogle, signal)
        // Of the client's own headers only what is known to be open, and Google's token for Google.
        const theirs = new Headers(init.headers)
        const all = withoutSecretHeaders(theirs)
        for (const name of usesGoogle ? ['authorization', 'x-goog-user-project'] : []) {
          const value = theirs.get(name)
          if (value !== null) all[name] = value
        }
        for (const [name, value] of Object.entries(own)) all[name.toLowerCase()] = value
        return { url, init: { ...init, headers: all } }
      })
    return exchange(options, async () => {
      this.#client ??= newClient(address.baseURL, fetch, this.#options.allowBrowser)
      const client = await this.#client
      const { url, req } = await client.buildRequest({ method, path, ...(body && { body }) })
      const all = this.#keyed.isTrusted ? withoutNoKey(req.headers) : withoutSecretHeaders(req.headers)
      for (const [name, value] of Object.entries(own)) all[name.toLowerCase()] = value
      return { url, init: { ...req, headers: all } }
    })
  }

  /** @throws {LlmError} `config` if the official client's sibling is not installed, with the command that installs it */
  #cloudRewriter({ region, project }: Cloud): Promise<VertexRewriter> {
    const { allowBrowser = false } = this.#options
    const target = { baseURL: this.#address.baseURL, region, project, allowBrowser }
    this.#rewriter ??= import('./vertex.js')
      .then(({ vertexRewriter }) => vertexRewriter(target))
      .catch((cause: unknown) => {
        this.#rewriter = undefined
        throw new LlmError(
          'config',
          'Claude on Vertex AI needs @anthropic-ai/vertex-sdk. Run: npm install @anthropic-ai/vertex-sdk',
          { cause },
        )
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
    return wholeJson(response, notAnAnswer)
  }
}

const cloudAdvice = {
  authentication:
    "Check Google's credentials: they are only sent to Google's own hosts, and to ANTHROPIC_VERTEX_BASE_URL.",
  'permission-denied': 'Check that the project has the model, in Model Garden, and that you may use it.',
  'not-found': 'Check the id of the model, and that it is in this region: claude-opus-4-5@20251101.',
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
