// Transports to a server: standard input and output, streamable HTTP, and server-sent events for servers of before March 2025.
import {
  isJSONRPCRequest,
  type JSONRPCMessage,
  SdkHttpError,
  SSEClientTransport,
  StreamableHTTPClientTransport,
  type Transport,
  type TransportSendOptions,
} from '@modelcontextprotocol/client'
import { LlmError } from '@patchbay/core'
import type { ProcessServer, RemoteServer } from './server.js'

/** Which of the two ways over HTTP; a process has its own. */
export type HttpWay = 'streamable' | 'sse'

/** The message of a call whose answer can no longer come. */
export const answerLost = 'The connection broke before the answer came.'

/** A transport that can end a sign-in, if it is one over HTTP. */
export type SignInTransport = Transport & { finishAuth?(callback: URLSearchParams): Promise<void> }

export async function transportTo(
  server: ProcessServer | RemoteServer,
  way: HttpWay,
): Promise<SignInTransport> {
  if ('url' in server) {
    const { url, headers, fetch, auth } = server
    if (!URL.canParse(url)) throw new LlmError('config', 'The url of the MCP server is not a valid URL.')
    const options = {
      ...(headers ? { fetch: withHeaders(headers, url, fetch) } : fetch && { fetch }),
      ...(auth && { authProvider: auth }),
    }
    return way === 'sse'
      ? new SSEClientTransport(new URL(url), options)
      : new Streamable(new URL(url), options)
  }
  // Loaded only to start processes; everything else works in a browser.
  const { getDefaultEnvironment, StdioClientTransport } = await import('@modelcontextprotocol/client/stdio')
  const { env, ...rest } = server
  return new StdioClientTransport({ ...rest, env: { ...getDefaultEnvironment(), ...env }, stderr: 'ignore' })
}

/** A `fetch` that adds the headers to requests of the server itself: a sign-in asks other hosts too, which the server names. */
function withHeaders(
  headers: Record<string, string>,
  url: string,
  fetch: typeof globalThis.fetch = globalThis.fetch,
): typeof globalThis.fetch {
  const { origin } = new URL(url)
  return (input, init) => {
    const address = typeof input === 'string' || input instanceof URL ? input : input.url
    if (new URL(address).origin !== origin) return fetch(input, init)
    const all = new Headers(init?.headers)
    for (const [name, value] of Object.entries(headers)) all.set(name, value)
    return fetch(input, { ...init, headers: all })
  }
}

/** The official client waits for ever for an answer whose stream has ended (2.4.0): here such a call fails. */
class Streamable extends StreamableHTTPClientTransport {
  override send(message: JSONRPCMessage | JSONRPCMessage[], options?: TransportSendOptions): Promise<void> {
    const onRequestStreamEnd = () => {
      options?.onRequestStreamEnd?.()
      if (!Array.isArray(message) && isJSONRPCRequest(message))
        // An answer that did come has been handled by now, and this one is ignored.
        this.onmessage?.({ jsonrpc: '2.0', id: message.id, error: { code: -32000, message: answerLost } })
    }
    return super.send(message, { ...options, onRequestStreamEnd } as Parameters<
      StreamableHTTPClientTransport['send']
    >[1])
  }
}

/** Whether a server refused a connection as one does that knows only server-sent events (specification, "Backwards Compatibility"). */
export function mayWantSse(error: unknown): boolean {
  return error instanceof SdkHttpError && [400, 404, 405].includes(error.status)
}
