// Requests to an Ollama server: built by the official client, sent and read by us. The client's own reading of answers has no
// timeout, drops lines that are not JSON and prints to the console.
import type { CallContext } from '@patchbay/core'
import {
  type ExchangeOptions,
  environment,
  exchange,
  missingKeyAdvice,
  requestOf,
  type ServerAddress,
  serverAddress,
} from '@patchbay/core/wire'
import type { Ollama } from 'ollama/browser'
import { fromResponse } from './errors.js'

/** Where the server is and how to reach it. */
export interface Server {
  address: ServerAddress
  headers: Record<string, string>
  fetch: typeof fetch
  /** The model's name, for error messages. */
  model: string
}

/** The official client adds it by itself, to this host only. */
const environmentKey = { variable: 'OLLAMA_API_KEY', hosts: ['ollama.com'] }

/**
 * The response to the request that the client builds in `call`. The client has no way to build one without sending it, so it
 * gets a `fetch` that records the request.
 * @throws {LlmError} for every response that is not a success, and for a server that cannot be reached
 */
export async function send(
  server: Server,
  {
    signal,
    headers,
    clock,
    onFailure,
    large,
  }: Pick<CallContext, 'signal' | 'headers' | 'clock' | 'onFailure'> & Pick<ExchangeOptions, 'large'>,
  call: (client: Ollama) => Promise<unknown>,
): Promise<Response> {
  const { Ollama } = await import('ollama/browser')
  const { address } = server
  const all = { ...server.headers }
  // The client only looks for two spellings of `authorization`.
  for (const [name, value] of Object.entries(headers)) all[name.toLowerCase()] = value
  const { protocol, hostname } = new URL(address.baseURL)
  const [host] = environmentKey.hosts
  const keySent = protocol === 'https:' && hostname === host && environment(environmentKey.variable)
  const advice =
    address.authorization || keySent ? {} : missingKeyAdvice(address.baseURL, environmentKey, all)
  const options = {
    fetch: server.fetch,
    signal,
    ...(onFailure && { onFailure }),
    address,
    large,
    headers: all,
    failed: (response: Response) => fromResponse(response, server.model, clock.now(), advice),
    who: `The Ollama server at ${new URL(address.baseURL).host}`,
    hint: 'Is it running? Start it with: ollama serve.',
  }
  // The client adds the environment's key to the headers it is given, hence a copy.
  const ask = (fetch: typeof globalThis.fetch) =>
    call(new Ollama({ host: address.baseURL, headers: { ...all }, fetch }))
  return exchange(options, () => requestOf(ask))
}

/**
 * The address of a server, from a host that may lack scheme or port, as `OLLAMA_HOST` may.
 * @throws {LlmError} `config` for an invalid address; the message does not contain its password
 */
export function addressOf(host: string): ServerAddress {
  const text = host.includes('://') ? host : `http://${host.startsWith(':') ? `127.0.0.1${host}` : host}`
  const address = serverAddress(text, 'http://127.0.0.1:11434')
  const url = new URL(address.baseURL)
  if (url.port === '' && !host.includes('://')) url.port = '11434'
  // These are addresses to listen on, not to connect to.
  if (url.hostname === '0.0.0.0' || url.hostname === '[::]') url.hostname = '127.0.0.1'
  return { ...address, baseURL: url.href.replace(/\/+$/, '') }
}
