// Requests to the Messages API: built by the official client's `buildRequest`, sent and read by us. The client's own
// reading of answers has no idle timeout, and ends silently on cut streams.
import type Anthropic from '@anthropic-ai/sdk'
import type { CallContext } from '@patchbay/core'
import {
  type EnvironmentKey,
  type ExchangeOptions,
  environment,
  exchange,
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
  fetch?: typeof fetch | undefined
  allowBrowser?: boolean | undefined
}

/** A server of the Messages API: Anthropic's own, or one that speaks its protocol. */
export class Server {
  /** Its host, with the port if that is not the default. */
  readonly host: string
  readonly #options: ServerOptions
  readonly #address: ServerAddress
  readonly #keyed: KeyedServer
  #client: Promise<Anthropic> | undefined

  /** @throws {LlmError} `config` for a `baseURL` that is not an address */
  constructor(options: ServerOptions) {
    this.#options = options
    const { baseURL = environment(addressVariable) ?? officialAddress } = options
    this.#address = serverAddress(baseURL, 'http://127.0.0.1:8080')
    this.host = new URL(this.#address.baseURL).host
    const isTrusted = isNamedBy(addressVariable, baseURL) || isKeyFor(this.#address.baseURL, environmentKey)
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
    { signal, headers, clock, status, onFailure, large }: CallContext & Pick<ExchangeOptions, 'large'>,
    method: 'get' | 'post',
    path: string,
    body?: object,
  ): Promise<Response> {
    const { fetch = globalThis.fetch } = this.#options
    const address = this.#address
    const key = keyFor(this.#keyed, this.#options.apiKey, headers)
    const own: Record<string, string> = { ...(key && { 'x-api-key': key }), ...headers }
    const advice =
      key || address.authorization || this.#keyed.isTrusted
        ? {}
        : missingKeyAdvice(address.baseURL, environmentKey, headers)
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
    return exchange(options, async () => {
      this.#client ??= newClient(address.baseURL, fetch, this.#options.allowBrowser)
      const client = await this.#client
      const { url, req } = await client.buildRequest({ method, path, ...(body && { body }) })
      const all = this.#keyed.isTrusted ? withoutNoKey(req.headers) : withoutSecretHeaders(req.headers)
      for (const [name, value] of Object.entries(own)) all[name.toLowerCase()] = value
      return { url, init: { ...req, headers: all } }
    })
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
