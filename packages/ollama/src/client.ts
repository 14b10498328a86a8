// Requests to an Ollama server. The official client has no way to build a request without sending it, and its own reading of answers
// has no timeout, drops lines that are not JSON and prints to the console: only its types are used.
import type { CallContext } from '@patchbay/core'
import {
  type ExchangeOptions,
  environment,
  exchange,
  missingKeyAdvice,
  type ServerAddress,
  serverAddress,
} from '@patchbay/core/wire'
import { fromResponse } from './errors.js'

/** Where the server is and how to reach it. */
export interface Server {
  address: ServerAddress
  headers: Record<string, string>
  fetch: typeof fetch
  /** The model's name, for error messages. */
  model: string
}

/** The official client sends it too, to this host only. */
const environmentKey = { variable: 'OLLAMA_API_KEY', hosts: ['ollama.com'] }

/**
 * The response to a request: a `GET`, or a `POST` with a body, which goes as JSON.
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
  path: string,
  body?: object,
): Promise<Response> {
  const { address } = server
  const all = { ...server.headers }
  for (const [name, value] of Object.entries(headers)) all[name.toLowerCase()] = value
  const { protocol, hostname, host } = new URL(address.baseURL)
  const isKeyed = protocol === 'https:' && environmentKey.hosts.includes(hostname)
  const key = isKeyed ? environment(environmentKey.variable) : undefined
  const advice = address.authorization || key ? {} : missingKeyAdvice(address.baseURL, environmentKey, all)
  if (key && address.authorization === undefined) all.authorization ??= `Bearer ${key}`
  const options = {
    fetch: server.fetch,
    signal,
    ...(onFailure && { onFailure }),
    address,
    large,
    headers: all,
    failed: (response: Response) => fromResponse(response, server.model, clock.now(), advice),
    who: `The Ollama server at ${host}`,
    hint: 'Is it running? Start it with: ollama serve.',
  }
  return exchange(options, async () => ({
    url: `${address.baseURL}${path}`,
    init: {
      method: body === undefined ? 'GET' : 'POST',
      headers: { 'content-type': 'application/json', accept: 'application/json', ...all },
      ...(body && { body: JSON.stringify(body) }),
    },
  }))
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
