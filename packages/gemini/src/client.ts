// Requests to the Gemini API and to Vertex AI. The official client takes half a second to load, and its reading of answers has no
// time limit: so it is loaded for Google's own credentials alone.
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
  refuseInBrowser,
  type ServerAddress,
  serverAddress,
  wholeJson,
} from '@patchbay/core/wire'
import type { GoogleHeaders } from './vertex.js'

const officialAddress = 'https://generativelanguage.googleapis.com'
const addressVariable = 'GEMINI_BASE_URL'
const keyHeader = 'x-goog-api-key'
const environmentKey: EnvironmentKey = {
  variable: 'GEMINI_API_KEY',
  hosts: [new URL(officialAddress).host],
}

/** A project on Vertex AI, asked with Google's own credentials. */
export interface VertexOptions {
  /** The project's id. Default: `GOOGLE_CLOUD_PROJECT`; without either, a call is a `config` error. */
  project?: string | undefined
  /** The region: `'europe-west4'`. Default: `GOOGLE_CLOUD_LOCATION`, else `'global'`. */
  location?: string | undefined
}

/** Where the server is and how to reach it. */
export interface ServerOptions {
  apiKey?: string | undefined
  baseURL?: string | undefined
  apiVersion?: string | undefined
  vertex?: VertexOptions | boolean | undefined
  fetch?: typeof fetch | undefined
  allowBrowser?: boolean | undefined
}

/** The Gemini API, Vertex AI, or a server that speaks like one of them. */
export class Server {
  /** Its host, with the port if that is not the default. */
  readonly host: string
  readonly isVertex: boolean
  readonly #options: ServerOptions
  readonly #address: ServerAddress
  readonly #keyed: KeyedServer
  #credentials: GoogleHeaders | undefined

  /** @throws {LlmError} `config` for a `baseURL` that is not an address */
  constructor(options: ServerOptions) {
    this.#options = options
    const { vertex = false, apiKey } = options
    this.isVertex = vertex !== false
    const usual = this.isVertex
      ? vertexAddress(apiKey === undefined ? this.#location() : 'global')
      : (environment(addressVariable) ?? officialAddress)
    const { baseURL = usual } = options
    this.#address = serverAddress(baseURL.replace(/\/$/, ''), 'http://127.0.0.1:8080')
    this.host = new URL(this.#address.baseURL).host
    const isTrusted = isNamedBy(addressVariable, baseURL) || isKeyFor(this.#address.baseURL, environmentKey)
    this.#keyed = {
      ...{ who: 'Gemini', header: keyHeader, baseURL: this.#address.baseURL },
      ...{ environmentKey, isTrusted },
    }
  }

  #location(): string {
    const { vertex } = this.#options
    const own = typeof vertex === 'object' ? vertex.location : undefined
    return own ?? environment('GOOGLE_CLOUD_LOCATION') ?? 'global'
  }

  /**
   * The name of a model in paths and bodies: `models/gemini-3-flash`.
   * @throws {LlmError} `config` for what would be another path
   */
  resource(model: string): string {
    // It stands in the path of every request.
    if (
      /[?#%\\\s]/.test(model) ||
      model.split('/').some((part) => part === '' || part === '.' || part === '..')
    )
      throw new LlmError(
        'config',
        `${JSON.stringify(model.slice(0, 100))} is not the name of a Gemini model.`,
      )
    if (/^(models|tunedModels|publishers|projects)\//.test(model)) return model
    return this.isVertex ? `publishers/google/models/${model}` : `models/${model}`
  }

  /**
   * The response to a request; `body` goes as JSON.
   * @param path after the version of the API
   * @throws {LlmError} for every response that is not a success, and `authentication` without a key for Google
   */
  async send(
    { signal, headers, clock, status, onFailure, large }: CallContext & Pick<ExchangeOptions, 'large'>,
    method: 'GET' | 'POST',
    path: string,
    body?: object,
  ): Promise<Response> {
    const { fetch = globalThis.fetch, apiKey, allowBrowser = false } = this.#options
    if (!allowBrowser) refuseInBrowser('gemini')
    const usesGoogleAuth = this.isVertex && apiKey === undefined && !hasKey(headers, keyHeader)
    const key = usesGoogleAuth ? undefined : keyFor(this.#keyed, apiKey, headers)
    const own: Record<string, string> = { ...(key && { [keyHeader]: key }), ...headers }
    const advice =
      key || usesGoogleAuth || this.#address.authorization || this.#keyed.isTrusted
        ? {}
        : missingKeyAdvice(this.#address.baseURL, environmentKey, headers)
    const options = {
      fetch,
      signal,
      status,
      ...(onFailure && { onFailure }),
      address: this.#address,
      large,
      headers: own,
      failed: async (response: Response, path: string) =>
        (await import('./errors.js')).fromResponse(response, clock.now(), path, advice),
      who: 'Gemini',
      hint: 'Check the network and baseURL.',
    }
    return exchange(options, async () => {
      const auth = usesGoogleAuth ? await this.#googleAuth(signal) : {}
      const all: Record<string, string> = {
        ...(body && { 'content-type': 'application/json' }),
        ...auth,
      }
      for (const [name, value] of Object.entries(own)) all[name.toLowerCase()] = value
      return {
        url: `${this.#address.baseURL}/${this.#version()}/${this.#project(path)}${path}`,
        init: { method, headers: all, ...(body && { body: JSON.stringify(body) }) },
      }
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
  jsonOf(response: Response, most?: number): Promise<Record<string, unknown>> {
    return wholeJson(response, async (text) => (await import('./errors.js')).notAnAnswer(text), most)
  }

  #version(): string {
    return this.#options.apiVersion ?? (this.isVertex ? 'v1beta1' : 'v1beta')
  }

  /**
   * What stands before a path: the project, unless a key says whose call it is. The models of Google are listed outside of projects.
   * @throws {LlmError} `config` without a project
   */
  #project(path: string): string {
    const { vertex, apiKey } = this.#options
    if (!this.isVertex || apiKey !== undefined || /^(projects\/|publishers\/google\/models\?)/.test(path))
      return ''
    const own = typeof vertex === 'object' ? vertex.project : undefined
    const project = own ?? environment('GOOGLE_CLOUD_PROJECT')
    if (project !== undefined) return `projects/${project}/locations/${this.#location()}/`
    throw new LlmError(
      'config',
      'No project for Vertex AI. Pass vertex: { project }, or set GOOGLE_CLOUD_PROJECT.',
    )
  }

  async #googleAuth(signal: AbortSignal): Promise<Record<string, string>> {
    const { googleHeaders } = await import('./vertex.js')
    this.#credentials ??= googleHeaders()
    return this.#credentials(signal)
  }
}

/** As the official client has them: @google/genai 2.32.0. */
function vertexAddress(location: string): string {
  if (location === 'global') return 'https://aiplatform.googleapis.com'
  if (location === 'us' || location === 'eu') return `https://aiplatform.${location}.rep.googleapis.com`
  return `https://${location}-aiplatform.googleapis.com`
}
