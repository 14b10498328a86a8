// One server over all configured providers, without its socket: one configuration at a time, and the change to the next.
import { isDeepStrictEqual } from 'node:util'
import type { Loaded } from '@patchbay/config'
import { app } from './app.js'
import { assets } from './assets.js'
import { Metrics } from './metrics.js'
import { KeptResponses } from './responses/kept.js'
import { Connections, type Otherwise, Targets } from './targets.js'
import type { Watcher } from './visit.js'

/** Options of `gateway`. */
export interface GatewayOptions {
  /** What is configured: `await loadConfig()`. */
  loaded: Loaded
  /** A model nobody knows is an error, rather than the default one. Default: what is configured, else false. */
  strictModels?: boolean
  /** Who answers where nothing is configured. */
  otherwise?: Otherwise
  /** Can others than this machine reach it? Then names of hosts and origins say nothing of who asks. Default false. */
  public?: boolean
  /** Told when a request has ended, what is known of it: for logs. What was said in it is not. */
  onRequest?: Watcher
}

/** A gateway without its socket. */
export interface Gateway {
  fetch(request: Request): Response | Promise<Response>
  /** From now on this is the configuration; what runs finishes with the one it began with. */
  reload(loaded: Loaded): void
  /** From now on `/readyz` says that it takes no more. */
  drain(): void
  /** Waits for what runs, and closes all providers. */
  close(): Promise<void>
}

/** The gateway as a handler of requests, for any server that has such a thing. */
export function gateway(options: GatewayOptions): Gateway {
  const { strictModels, otherwise, onRequest } = options
  const metrics = new Metrics()
  const kept = new KeptResponses(() => current.connections.state())
  const closing = new Set<Promise<void>>()
  let draining = false

  /** What one configuration serves. */
  const served = (loaded: Loaded, connections: Connections) => {
    const { gateway: settings } = loaded
    const routes = app({
      targets: new Targets(connections, settings, strictModels ?? settings.strictModels ?? false),
      settings,
      loopback: options.public !== true,
      kept,
      metrics,
      watchers: [() => connections.release(), ...(onRequest === undefined ? [] : [onRequest])],
      ready: () => !draining,
      assets: settings.playground === false ? new Map() : assets(),
    })
    const fetch = (request: Request) => {
      connections.hold()
      return routes.fetch(request)
    }
    return { loaded, connections, fetch }
  }
  let current = served(options.loaded, new Connections(options.loaded, otherwise))

  return {
    fetch: (request) => current.fetch(request),
    reload(loaded) {
      const { connections } = current
      if (isDeepStrictEqual(providersOf(current.loaded), providersOf(loaded))) {
        current = served(loaded, connections)
        return
      }
      current = served(loaded, new Connections(loaded, otherwise))
      const closed = connections.retire()
      closing.add(closed)
      void closed.finally(() => closing.delete(closed))
    },
    drain() {
      draining = true
    },
    async close() {
      draining = true
      await Promise.all([...closing, current.connections.retire()])
    },
  }
}

/** What providers are made of: a change of it makes new ones, and a change of anything else does not. */
function providersOf({ gateway, files: _, warnings: __, ...providers }: Loaded): unknown {
  return { ...providers, telemetry: gateway.telemetry ?? false }
}
