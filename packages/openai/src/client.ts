// One request to OpenAI or a compatible server, as the official client makes it. The client is asked once how a request
// to a path looks; every call fills in its body. Its own reading of answers has no time-out, and ends silently on cut
// streams.
import { type CallContext, LlmError } from '@patchbay/core'
import { environment, exchange, type ServerAddress, wholeJson } from '@patchbay/core/wire'
import type OpenAI from 'openai'
import { fromResponse, notAnAnswer } from './errors.js'
import { isOwnHost, type Preset } from './presets.js'

/** Where the server is and how to reach it. */
export interface ServerOptions {
  address: ServerAddress
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
  #client: OpenAI | undefined
  /** One a method: paths hold ids, and there is no end of them. */
  #frames = new Map<string, Frame>()

  /** @throws {LlmError} `config` for a password in the address beside a key, where one header would hold both */
  constructor(options: ServerOptions) {
    const { hostname, host } = new URL(options.address.baseURL)
    this.#options = options
    this.isOwn = isOwnHost(hostname)
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
    { signal, headers, clock, status, onFailure }: CallContext,
    method: 'get' | 'post',
    path: string,
    body?: object,
  ): Promise<Response> {
    const { address, preset } = this.#options
    const { keyHeader } = preset
    const apiKey = this.#key()
    const options = {
      fetch: this.#options.fetch ?? globalThis.fetch,
      signal,
      status,
      ...(onFailure && { onFailure }),
      address,
      headers: { ...headers, ...(apiKey && { [keyHeader ?? 'api-key']: apiKey }) },
      failed: (response: Response, asked: string) => fromResponse(response, this.who, clock.now(), asked),
      who: this.who,
      hint: this.isOwn ? 'Check the network.' : 'Is it running? Check baseURL.',
    }
    return exchange(options, async () => {
      // A server of one's own needs no key, but the client insists on one.
      const { url, headers: usual } = await this.#frame(apiKey || 'none', method, path)
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

  #key(): string | undefined {
    const { address, apiKey, preset } = this.#options
    // A password in the address is what the server wants; a key of the environment is somebody else's.
    if (address.authorization !== undefined && !apiKey) return undefined
    const key = apiKey ?? environment(preset.key)
    if (key || (!this.isOwn && preset.key === 'OPENAI_API_KEY')) return key
    throw new LlmError(
      'authentication',
      `There is no key for ${this.who}. Pass apiKey, or set ${preset.key}.`,
    )
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
    const frame = frames.get(method) ?? (await frameOf(client, method))
    frames.set(method, frame)
    return { ...frame, url: `${frame.url}${path}` }
  }
}

/** What the client says of a request with this method, up to its path. */
async function frameOf(client: OpenAI, method: 'get' | 'post'): Promise<Frame> {
  const { url, req } = await client.buildRequest({
    method,
    path: '/',
    ...(method === 'post' && { body: {} }),
  })
  return { url: url.replace(/\/$/, ''), headers: Object.fromEntries(req.headers) }
}
