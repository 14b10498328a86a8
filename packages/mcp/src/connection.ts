// Connection to an MCP server. It reconnects when the process has ended or the server has forgotten the session (404).
import {
  Client,
  type ClientCapabilities,
  type ClientContext,
  type Request,
  type Result,
  SdkError,
  SdkErrorCode,
  SdkHttpError,
  SseError,
  UnauthorizedError,
} from '@modelcontextprotocol/client'
import { LlmError } from '@patchbay/core'
import { unlessAborted } from '@patchbay/core/wire'
import { nameOfServer } from './errors.js'
import type { ProcessServer, RemoteServer } from './server.js'
import type { ServerRequests } from './server-requests.js'
import { Subscriptions } from './subscriptions.js'
import { type HttpWay, mayWantSse, type SignInTransport, transportTo } from './transport.js'

const reportEveryMs = 250
const statelessProtocol = '2026-07-28'
/** The code of "Unsupported protocol version" of that protocol. */
const unsupportedVersion = -32022

export class Connection {
  #client: Promise<Client> | undefined
  #closing: Promise<void> | undefined
  /** The connected clients, with their number of running calls. */
  readonly #connected = new Map<Client, number>()
  /** Called while the server waits for the user or a model: the time of a call does not run out meanwhile. */
  readonly calls = new Set<() => void>()
  readonly subscriptions = new Subscriptions()
  /** The way that the server takes, once it is known. */
  #way: HttpWay = 'streamable'
  /** The server refused the protocol that begins with a handshake, and named the one without. */
  #isStateless = false
  #isSignedIn = false
  #signingIn: Promise<void> | undefined

  constructor(
    readonly server: ProcessServer | RemoteServer,
    readonly requests: ServerRequests,
    readonly timeout: number,
  ) {}

  /** The connected client. @throws the error of the connection */
  client(signal?: AbortSignal): Promise<Client> {
    try {
      this.throwIfClosed()
    } catch (error) {
      return Promise.reject(error)
    }
    if (this.#client === undefined) {
      const made: Promise<Client> = this.#connect(() => this.#forget(made), signal)
      this.#client = made
      made.catch(() => this.#forget(made))
    }
    return this.#client
  }

  /** @throws {LlmError} `closed` */
  throwIfClosed(cause?: unknown): void {
    if (this.#closing !== undefined)
      throw new LlmError('closed', `${nameOfServer(this.server)} was closed. Connect to it again.`, { cause })
  }

  /** Runs work with the client; again with a new client if the server has certainly not processed the first request. */
  async use<T>(work: (client: Client) => Promise<T>): Promise<T> {
    const first = this.client()
    let session: string | undefined
    try {
      return await this.#with(first, (client) => {
        session = client.transport?.sessionId
        return work(client)
      })
    } catch (error) {
      if (error instanceof UnauthorizedError && (await this.#signIn((await first).transport)))
        return await this.#with(first, work)
      if (!wasNotHandled(error, session)) throw error
      this.#forget(first)
      await first.then(
        (client) => this.#closeUnused(client, first),
        () => {},
      )
      return await this.#with(this.client(), work)
    }
  }

  async #with<T>(connecting: Promise<Client>, work: (client: Client) => Promise<T>): Promise<T> {
    const client = await connecting
    const count = (more: number) => this.#connected.set(client, (this.#connected.get(client) ?? 0) + more)
    count(1)
    try {
      return await work(client)
    } finally {
      if (this.#connected.has(client)) count(-1)
      this.#closeUnused(client, connecting)
    }
  }

  /** Closes a replaced client, with the stream it listens to, after its last call. */
  #closeUnused(client: Client, connecting: Promise<Client>): void {
    if (this.#connected.get(client) === 0 && this.#client !== connecting) client.close().catch(() => {})
  }

  /** Closes all clients. Idempotent. */
  close(): Promise<void> {
    const client = this.#client
    this.requests.close()
    this.#closing ??= (async () => {
      await client?.catch(() => {})
      await Promise.all([...this.#connected.keys()].map((each) => each.close()))
    })()
    return this.#closing
  }

  #forget(client: Promise<Client>): void {
    if (this.#client === client) this.#client = undefined
  }

  async #connect(onClose: () => void, signal: AbortSignal | undefined): Promise<Client> {
    const client = await this.#connectOnce(this.#way, signal).catch(async (error) => {
      if (!this.#isStateless && wantsStateless(error)) {
        this.#isStateless = true
        return this.#connectOnce(this.#way, signal)
      }
      if (this.#way !== 'streamable' || !mayWantSse(error)) throw error
      const found = await this.#connectOnce('sse', signal).catch(() => undefined)
      // What the server says to today's way is worth more.
      if (found === undefined) throw error
      this.#way = 'sse'
      return found
    })
    this.#connected.set(client, 0)
    client.onclose = () => {
      this.#connected.delete(client)
      onClose()
    }
    // A stream of events that broke has no answers for the calls of before.
    client.onerror = (error) => {
      if (error instanceof SseError) client.close().catch(() => {})
    }
    return client
  }

  #keepCallsAlive(): () => void {
    const report = () => {
      for (const call of this.calls) call()
    }
    report()
    const timer = setInterval(report, reportEveryMs)
    return () => {
      clearInterval(timer)
      report()
    }
  }

  /** Waits for the user, who was sent to the sign-in; `false` if the app does not wait. Calls at the same time wait together. */
  async #signIn(
    transport: SignInTransport | undefined,
    signal = new AbortController().signal,
  ): Promise<boolean> {
    const callback = 'url' in this.server ? this.server.callback : undefined
    if (typeof callback !== 'function' || transport?.finishAuth === undefined) return false
    const finish = async () => transport.finishAuth?.((await callback()).searchParams)
    await unlessAborted(signal, () => {
      this.#signingIn ??= finish().finally(() => {
        this.#signingIn = undefined
      })
      return this.#signingIn
    })
    return true
  }

  async #connectOnce(way: HttpWay, signal: AbortSignal | undefined): Promise<Client> {
    const { server, timeout } = this
    const callback = 'url' in server ? server.callback : undefined
    const start = async () => {
      const transport = await transportTo(server, way)
      // The user came back before: the code in the address is good for one time.
      if (callback instanceof URL && !this.#isSignedIn) {
        this.#isSignedIn = true
        await transport.finishAuth?.(callback.searchParams)
      }
      const client = new Client(
        { name: 'patchbay', version: '0.1.0' },
        {
          capabilities: this.requests.capabilities,
          ...(this.#isStateless && { versionNegotiation: { mode: { pin: statelessProtocol } } }),
        },
      )
      const answer = async (request: Request, { mcpReq }: ClientContext): Promise<Result> => {
        const stop = this.#keepCallsAlive()
        try {
          // Whoever answers may not listen to the signal; nobody waits for an answer after it.
          return await unlessAborted(mcpReq.signal, () => this.requests.answer(request, mcpReq.signal))
        } finally {
          stop()
        }
      }
      client.fallbackRequestHandler = answer
      // In the stateless protocol, a server's questions are in the result of a call, and go to handlers of their own only.
      if (this.#isStateless) answerByMethod(client, this.requests.capabilities, answer)
      try {
        await client.connect(transport, { timeout, ...(signal && { signal }) })
        await this.subscriptions.attach(client, timeout)
        return client
      } catch (error) {
        await client.close().catch(() => {})
        if (error instanceof UnauthorizedError && (await this.#signIn(transport, signal))) return undefined
        throw error
      }
    }
    const client = (await start()) ?? (await start())
    if (client === undefined) throw new UnauthorizedError('The sign-in did not help.')
    return client
  }
}

function answerByMethod(
  client: Client,
  { elicitation, roots, sampling }: ClientCapabilities,
  answer: (request: Request, context: ClientContext) => Promise<Result>,
): void {
  const handler = answer as (request: Request, context: ClientContext) => Promise<never>
  if (elicitation) client.setRequestHandler('elicitation/create', handler)
  if (roots) client.setRequestHandler('roots/list', handler)
  if (sampling) client.setRequestHandler('sampling/createMessage', handler)
}

/**
 * Whether the server speaks only the protocol without handshakes. Asked after a refusal, not before each connection: servers of
 * both kinds know the older one too (MCP specification of 2026-07-28, "Versioning"), and a question in advance would start the
 * process of a server twice.
 */
function wantsStateless(error: unknown): boolean {
  const refusal = error instanceof SdkHttpError ? parsed(error.data.text)?.error : error
  if (typeof refusal !== 'object' || refusal === null) return false
  const { code, data } = refusal as { code?: unknown; data?: { supported?: unknown } }
  return (
    code === unsupportedVersion &&
    Array.isArray(data?.supported) &&
    data.supported.includes(statelessProtocol)
  )
}

function parsed(text: unknown): { error?: unknown } | undefined {
  try {
    return JSON.parse(String(text)) ?? undefined
  } catch {
    return undefined
  }
}

/** `session` is the one that the request was sent in. */
function wasNotHandled(error: unknown, session: string | undefined): boolean {
  // The specification's answer to a session that is gone is 404 (modelcontextprotocol.io/specification/2025-06-18,
  // transports, "Session Management"). Servers made after the SDK's first example say 400 with the words below: there it is
  // the answer to all that is in no session they know, before anything is done (modelcontextprotocol/servers, everything,
  // August 2026).
  if (error instanceof SdkHttpError)
    return (
      session !== undefined &&
      (error.status === 404 || (error.status === 400 && /no valid session id provided/i.test(error.message)))
    )
  return error instanceof SdkError && error.code === SdkErrorCode.NotConnected
}
