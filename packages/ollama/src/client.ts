// One request to an Ollama server, made by the official client. Its own reading of answers has no time-out, drops
// lines that are not JSON and prints to the console.
import type { CallContext } from '@patchbay/core'
import { exchange, requestOf } from '@patchbay/core/wire'
import type { Ollama } from 'ollama/browser'
import { fromResponse } from './errors.js'

/** Where the server is and how to reach it. */
export interface Server {
  host: string
  headers: Record<string, string>
  fetch: typeof fetch
  /** For messages. */
  model: string
}

/**
 * The response of whatever `call` asks the client for.
 * @throws {LlmError} for every response that is no success, and for a server that is not there
 */
export async function send(
  server: Server,
  { signal, headers, clock }: Pick<CallContext, 'signal' | 'headers' | 'clock'>,
  call: (client: Ollama) => Promise<unknown>,
): Promise<Response> {
  const { Ollama } = await import('ollama/browser')
  const options = {
    fetch: server.fetch,
    signal,
    failed: (response: Response) => fromResponse(response, server.model, clock.now()),
    who: `The Ollama server at ${hostOf(server.host)}`,
    hint: 'Is it running? Start it with: ollama serve.',
  }
  const ask = (fetch: typeof globalThis.fetch) =>
    call(new Ollama({ host: server.host, headers: { ...server.headers, ...headers }, fetch }))
  return exchange(options, () => requestOf(ask))
}

function hostOf(host: string): string {
  try {
    return new URL(host).host
  } catch {
    return host
  }
}

/** The address of a server, from a host that may lack scheme or port, as `OLLAMA_HOST` may. */
export function addressOf(host: string): string {
  const address = new URL(
    host.includes('://') ? host : `http://${host.startsWith(':') ? `127.0.0.1${host}` : host}`,
  )
  if (address.port === '' && !host.includes('://')) address.port = '11434'
  // What a server listens on is not always where it can be reached.
  if (address.hostname === '0.0.0.0' || address.hostname === '[::]') address.hostname = '127.0.0.1'
  return address.href.replace(/\/+$/, '')
}
