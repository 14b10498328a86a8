// One request to OpenAI or a compatible server, as the official client makes it. The client is asked once how a request
// to a path looks; every call fills in its body. Its own reading of answers has no time-out, and ends silently on cut
// streams.
import { type CallContext, LlmError } from '@patchbay/core'
import {
  type EnvironmentKey,
  type ExchangeOptions,
  environment,
  exchange,
  isHostOf,
  isKeyFor,
  missingKeyAdvice,
  noKey,
  type ServerAddress,
  wholeJson,
  withoutNoKey,
  withoutSecretHeaders,
} from '@patchbay/core/wire'
import type OpenAI from 'openai'
import { fromResponse, notAnAnswer } from './errors.js'
import { environmentKey, isOwnHost, type Preset } from './presets.js'

/** Where the server is and how to reach it. */
export interface ServerOptions {
  address: ServerAddress
  /** Does the environment name this address too? Then what it has for OpenAI is for this server. */
  isEnvironments: boolean
  apiKey?: string | undefined
  fetch?: typeof fetch | undefined
  preset: Preset
}

/** A request without its body. */
interface Frame {
  url: string
  /** By their names in lower case. */
  headers: Record<string, string>
}

export class Server {
  /** OpenAI's own host. */
  readonly isOwn: boolean
  /** Who answers, for messages. */
  readonly who: string
  readonly #options: ServerOptions
  readonly #environmentKey: EnvironmentKey
  /** Is the environment's key for this server? */
  readonly #isKeyFor: boolean
  /** Is all that the environment has for OpenAI? */
  readonly #isTrusted: boolean
  #client: OpenAI | undefined
  /** One a method: paths hold ids, and there is no end of them. */
  #frames = new Map<string, Frame>()

  /** @throws {LlmError} `config` for a password in the address beside a key, where one header would hold both */
  constructor(options: ServerOptions) {
    const { hostname, host } = new URL(options.address.baseURL)
    this.#options = options
    this.isOwn = isOwnHost(hostname)
    const { address, isEnvironments, preset } = options
    // It was set beside this address, which may be that of a service with a variable of its own.
    const openAIs = environmentKey('OPENAI_API_KEY')
    this.#environmentKey = environmentKey(preset.key)
    this.#isTrusted = isEnvironments || isKeyFor(address.baseURL, openAIs)
    // Only the caller can have named a variable that is no service's.
    this.#isKeyFor =
      this.#environmentKey.hosts.length === 0 ||
      isKeyFor(address.baseURL, this.#environmentKey) ||
      (isEnvironments && preset.key === openAIs.variable)
    if (options.address.authorization !== undefined && options.apiKey && !options.preset.keyHeader)
      throw new LlmError(
        'config',
        'baseURL holds a password, and apiKey is there too. A request can carry only one of them: leave one out.',
        { provider: 'openai' },
      )
    this.who = this.isOwn ? 'OpenAI' : `The server at ${host}`
  }

  /**
   * The response to a request; a form goes as a form, anything else as JSON.
   * @throws {LlmError} for every response that is no success, and for a key that is not there
   */
  async send(
    { signal, headers, clock, status, onFailure, large }: CallContext & Pick<ExchangeOptions, 'large'>,
    method: 'get' | 'post',
    path: string,
    body?: object,
  ): Promise<Response> {
    const { address, preset } = this.#options
    const { keyHeader } = preset
    const apiKey = this.#key()
    const advice =
      apiKey || address.authorization || this.#isKeyFor
        ? {}
        : missingKeyAdvice(address.baseURL, this.#environmentKey, headers)
    const options = {
      fetch: this.#options.fetch ?? globalThis.fetch,
      signal,
      status,
      ...(onFailure && { onFailure }),
      address,
      large,
      headers: { ...headers, ...(apiKey && { [keyHeader ?? 'api-key']: apiKey }) },
      failed: (response: Response, asked: string) =>
        fromResponse(response, this.who, clock.now(), asked, advice),
      who: this.who,
      hint: this.isOwn ? 'Check the network.' : 'Is it running? Check baseURL.',
    }
    return exchange(options, async () => {
      const { url, headers: usual } = await this.#frame(apiKey || noKey, method, path)
      const all: Record<string, string> = { ...usual }
      // A form says by itself what it is, and where its parts end.
      if (body instanceof FormData) delete all['content-type']
      if (keyHeader !== undefined && apiKey) all[keyHeader] = apiKey
      for (const [name, value] of Object.entries(headers)) all[name.toLowerCase()] = value
      const sent = body instanceof FormData || body === undefined ? body : JSON.stringify(body)
      return { url, init: { method, headers: all, ...(sent !== undefined && { body: sent }) } }
    })
  }

  /** The same, and its answer as JSON. */
  async json(...request: Parameters<Server['send']>): Promise<Record<string, unknown>> {
    return this.jsonOf(await this.send(...request))
  }

  /**
   * @param most characters at most
   * @throws {LlmError} `bad-response` for what is not JSON, or has no end
   */
  jsonOf(response: Response, most?: number): Promise<Record<string, unknown>> {
    return wholeJson(response, (text) => notAnAnswer(text, this.who), most)
  }

  /** The environment's key goes to whom it is for; a server of one's own needs none, or is given one. */
  #key(): string | undefined {
    const { address, apiKey, isEnvironments } = this.#options
    // A password in the address is what the server wants; a key of the environment is somebody else's.
    if (apiKey || address.authorization !== undefined) return apiKey
    const { variable, hosts } = this.#environmentKey
    const key = apiKey === undefined ? environment(variable) : undefined
    if (key && this.#isKeyFor) return key
    // It was set beside this address, which may be that of a service with a variable of its own.
    const openAIs = environment('OPENAI_API_KEY')
    if (!key && openAIs && isEnvironments && apiKey === undefined) return openAIs
    if (hosts.length > 0 && !isHostOf(new URL(address.baseURL).hostname, hosts)) return undefined
    const next = key ? `: ${variable} is only sent over https` : `, or set ${variable}`
    throw new LlmError('authentication', `No API key for ${this.who}. Pass apiKey${next}.`)
  }

  async #frame(apiKey: string, method: 'get' | 'post', path: string): Promise<Frame> {
    if (this.#client?.apiKey !== apiKey) {
      const { default: Client } = await import('openai')
      const { baseURL } = this.#options.address
      this.#client = new Client({ apiKey, baseURL, logLevel: 'off', dangerouslyAllowBrowser: true })
      this.#frames = new Map()
    }
    // With another key there would be another client by the time the frame is made.
    const [client, frames] = [this.#client, this.#frames]
    const frame = frames.get(method) ?? (await frameOf(client, method, this.#isTrusted))
    frames.set(method, frame)
    return { ...frame, url: `${frame.url}${path}` }
  }
}

/** What the client says of a request with this method, up to its path. */
async function frameOf(client: OpenAI, method: 'get' | 'post', isTrusted: boolean): Promise<Frame> {
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
