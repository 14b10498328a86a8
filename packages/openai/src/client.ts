// One request to OpenAI or a compatible server, as the official client makes it. The client is asked once how a request
// to a path looks; every call fills in its body. Its own reading of answers has no time-out, and ends silently on cut
// streams.
import { type CallContext, LlmError } from '@patchbay/core'
import { environment, exchange, wholeJson } from '@patchbay/core/wire'
import type OpenAI from 'openai'
import { fromResponse, notAnAnswer } from './errors.js'
import type { Preset } from './presets.js'

/** Where the server is and how to reach it. */
export interface ServerOptions {
  baseURL: string
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
  #frames = new Map<string, Frame>()

  constructor(options: ServerOptions) {
    const { hostname, host } = new URL(options.baseURL)
    this.#options = options
    this.isOwn = hostname === 'api.openai.com'
    this.who = this.isOwn ? 'OpenAI' : `The server at ${host}`
  }

  /**
   * The response to a request; a form goes as a form, anything else as JSON.
   * @throws {LlmError} for every response that is no success, and for a key that is not there
   */
  async send(
    { signal, headers, clock, status }: CallContext,
    method: 'get' | 'post',
    path: string,
    body?: object,
  ): Promise<Response> {
    const { keyHeader } = this.#options.preset
    const apiKey = this.#key()
    const options = {
      fetch: this.#options.fetch ?? globalThis.fetch,
      signal,
      status,
      failed: (response: Response) => fromResponse(response, this.who, clock.now()),
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

  /** @throws {LlmError} `bad-response` for what is no JSON */
  jsonOf(response: Response): Promise<Record<string, unknown>> {
    return wholeJson(response, (text) => notAnAnswer(text, this.who))
  }

  #key(): string | undefined {
    const { apiKey, preset } = this.#options
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
      const { baseURL } = this.#options
      this.#client = new Client({ apiKey, baseURL, logLevel: 'off', dangerouslyAllowBrowser: true })
      this.#frames = new Map()
    }
    // With another key there would be another client by the time the frame is made.
    const [client, frames] = [this.#client, this.#frames]
    const known = frames.get(path)
    if (known !== undefined) return known
    const { url, req } = await client.buildRequest({
      method,
      path,
      ...(method === 'post' && { body: {} }),
    })
    const frame = { url, headers: Object.fromEntries(req.headers) }
    frames.set(path, frame)
    return frame
  }
}
