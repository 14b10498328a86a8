// The connection to a server, which is made anew when it is needed and gone: the process has ended, or the server at the
// address has forgotten the session (404).
import {
  Client,
  SdkError,
  SdkErrorCode,
  SdkHttpError,
  StreamableHTTPClientTransport,
} from '@modelcontextprotocol/client'
import { LlmError } from '@patchbay/core'
import { nameOfServer } from './failure.js'
import type { ProcessServer, RemoteServer } from './server.js'

export class Connection {
  #client: Promise<Client> | undefined
  #closing: Promise<void> | undefined
  readonly #calls = new WeakMap<Client, number>()

  constructor(
    readonly server: ProcessServer | RemoteServer,
    readonly timeout: number,
  ) {}

  /** The client, connected. @throws what hinders it */
  client(signal?: AbortSignal): Promise<Client> {
    if (this.#closing !== undefined)
      return Promise.reject(
        new LlmError('closed', `${nameOfServer(this.server)} was closed. Connect to it again.`),
      )
    if (this.#client === undefined) {
      const made: Promise<Client> = this.#connect(() => this.#forget(made), signal)
      this.#client = made
      made.catch(() => this.#forget(made))
    }
    return this.#client
  }

  /** Works with the client; a second time with a new one where the server has not even looked at the first request. */
  async use<T>(work: (client: Client) => Promise<T>): Promise<T> {
    const first = this.client()
    try {
      return await this.#with(first, work)
    } catch (error) {
      if (!wasNotHandled(error)) throw error
      this.#forget(first)
      return await this.#with(this.client(), work)
    }
  }

  async #with<T>(connecting: Promise<Client>, work: (client: Client) => Promise<T>): Promise<T> {
    const client = await connecting
    this.#calls.set(client, (this.#calls.get(client) ?? 0) + 1)
    try {
      return await work(client)
    } finally {
      const left = (this.#calls.get(client) ?? 1) - 1
      this.#calls.set(client, left)
      // The last of the calls that were under way when it was given up.
      if (left === 0 && this.#client !== connecting) client.close().catch(() => {})
    }
  }

  /** Idempotent. */
  close(): Promise<void> {
    const client = this.#client
    this.#closing ??= (async () => (await client?.catch(() => undefined))?.close())()
    return this.#closing
  }

  #forget(client: Promise<Client>): void {
    if (this.#client === client) this.#client = undefined
  }

  async #connect(onClose: () => void, signal: AbortSignal | undefined): Promise<Client> {
    const client = new Client({ name: 'patchbay', version: '0.1.0' })
    const transport = await transportTo(this.server)
    try {
      await client.connect(transport, { timeout: this.timeout, ...(signal && { signal }) })
    } catch (error) {
      await client.close().catch(() => {})
      throw error
    }
    client.onclose = onClose
    return client
  }
}

function wasNotHandled(error: unknown): boolean {
  // The specification's answer to a session that is gone is 404; the SDK's own examples say 400, "No valid session ID
  // provided" (modelcontextprotocol/servers, everything, August 2026).
  if (error instanceof SdkHttpError)
    return error.status === 404 || (error.status === 400 && /session/i.test(error.message))
  return error instanceof SdkError && error.code === SdkErrorCode.NotConnected
}

async function transportTo(server: ProcessServer | RemoteServer) {
  if ('url' in server) {
    const { url, headers, fetch } = server
    if (!URL.canParse(url)) throw new LlmError('config', 'The url of the MCP server is no address.')
    return new StreamableHTTPClientTransport(new URL(url), {
      ...(headers && { requestInit: { headers } }),
      ...(fetch && { fetch }),
    })
  }
  // Only who starts processes needs what starts them; the rest works in a browser.
  const { getDefaultEnvironment, StdioClientTransport } = await import('@modelcontextprotocol/client/stdio')
  const { env, ...rest } = server
  return new StdioClientTransport({ ...rest, env: { ...getDefaultEnvironment(), ...env }, stderr: 'ignore' })
}
