// One request to an Ollama server, made by the official client. Its own reading of answers has no time-out, drops
// lines that are not JSON and prints to the console.
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
  /** For messages. */
  model: string
}

/** The official client sends it to this very host by itself, and nowhere else. */
const environmentKey = { variable: 'OLLAMA_API_KEY', hosts: ['ollama.com'] }

/**
 * The response of whatever `call` asks the client for.
 * @throws {LlmError} for every response that is no success, and for a server that is not there
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
  // The client knows its own header by two spellings alone.
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
  // The client writes the environment's key into the headers it is given; a password in the address comes before that.
  const ask = (fetch: typeof globalThis.fetch) =>
    call(new Ollama({ host: address.baseURL, headers: { ...all }, fetch }))
  return exchange(options, () => requestOf(ask))
}

/**
 * The address of a server, from a host that may lack scheme or port, as `OLLAMA_HOST` may.
 * @throws {LlmError} `config` for what is not an address, told without its password
 */
export function addressOf(host: string): ServerAddress {
  const text = host.includes('://') ? host : `http://${host.startsWith(':') ? `127.0.0.1${host}` : host}`
  const address = serverAddress(text, 'http://127.0.0.1:11434')
  const url = new URL(address.baseURL)
  if (url.port === '' && !host.includes('://')) url.port = '11434'
  // What a server listens on is not always where it can be reached.
  if (url.hostname === '0.0.0.0' || url.hostname === '[::]') url.hostname = '127.0.0.1'
  return { ...address, baseURL: url.href.replace(/\/+$/, '') }
}
