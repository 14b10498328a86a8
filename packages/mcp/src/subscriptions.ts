// Subscriptions to resources: the app is told when one changes, also after the connection was made again.
import type { Client } from '@modelcontextprotocol/client'
import { LlmError } from '@patchbay/core'
import { asFailure, nameOfServer } from './errors.js'
import type { ProcessServer, RemoteServer } from './server.js'
import { anything, asObject } from './tool-list.js'

/** The connection that has the subscriptions. */
interface Connected {
  readonly server: ProcessServer | RemoteServer
  readonly timeout: number
  throwIfClosed(cause?: unknown): void
  use<T>(work: (client: Client) => Promise<T>): Promise<T>
}

/** The resources that are watched, and who is told. */
export class Subscriptions {
  readonly #watchers = new Map<string, Set<() => void>>()

  /** Listens on a client, and subscribes again to what was watched on the one before. */
  async attach(client: Client, timeout: number): Promise<void> {
    client.setNotificationHandler('notifications/resources/updated', { params: anything }, (params) => {
      const uri = asObject(params)?.uri
      if (typeof uri === 'string') this.#tell(uri)
    })
    for (const uri of this.#watchers.keys())
      await request(client, 'resources/subscribe', uri, timeout).then(
        // Nobody knows what happened in between.
        () => this.#tell(uri),
        () => {},
      )
  }

  /**
   * Subscribes; the function that it returns ends that.
   * @throws {LlmError} `unsupported` by a server without subscriptions, and like a call of a tool
   */
  async watch(connection: Connected, uri: string, onChange: () => void): Promise<() => Promise<void>> {
    const { server, timeout } = connection
    // Each call is told by itself, also with the same function.
    const watcher = () => onChange()
    try {
      await connection.use(async (client) => {
        if (client.getServerCapabilities()?.resources?.subscribe !== true)
          throw new LlmError(
            'unsupported',
            `${nameOfServer(server)} has no subscriptions to resources. Read the resource again when you need it.`,
          )
        if (!this.#watchers.has(uri)) await request(client, 'resources/subscribe', uri, timeout)
      })
    } catch (thrown) {
      connection.throwIfClosed(thrown)
      throw asFailure(
        thrown,
        server,
        `${nameOfServer(server)} could not be asked to watch ${uri}`,
        'Try again.',
      )
    }
    const watchers = this.#watchers.get(uri) ?? new Set()
    this.#watchers.set(uri, watchers.add(watcher))
    return async () => {
      if (!watchers.delete(watcher) || watchers.size > 0) return
      this.#watchers.delete(uri)
      // A connection that is gone has no subscriptions.
      await connection.use((client) => request(client, 'resources/unsubscribe', uri, timeout)).catch(() => {})
    }
  }

  #tell(uri: string): void {
    for (const watcher of this.#watchers.get(uri) ?? []) {
      try {
        watcher()
      } catch {
        // One that fails is no failure of the others, nor of the connection.
      }
    }
  }
}

function request(client: Client, method: string, uri: string, timeout: number): Promise<unknown> {
  return client.request({ method, params: { uri } }, anything, { timeout })
}
