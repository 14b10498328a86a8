// One server over all configured providers, without its socket: one configuration at a time, and the change to the next.
import { isDeepStrictEqual } from 'node:util'
import type { Loaded } from '@patchbay/config'
import { LlmError } from '@patchbay/core'
import { KeptResponses } from '../protocols/responses/kept.js'
import { app } from './app.js'
import { assets } from './assets.js'
import { Metrics } from './metrics.js'
import { Connections, type Otherwise, Targets } from './provider-registry.js'
import type { Visit, VisitRecord, Watcher } from './request-record.js'

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
  /**
   * From now on this is the configuration; what runs finishes with the one it began with.
   * @throws {LlmError} `config` for one that has lost its files, or all keys; the one before stays
   */
  reload(loaded: Loaded): void
  /** From now on `/readyz` says that it takes no more. */
  drain(): void
  /** Ends what runs: clients are told so in their protocol, streams that have begun with its error event. */
  cut(): void
  /** Waits for what runs, and closes all providers. */
  close(): Promise<void>
}

/** The gateway as a handler of requests, for any server that has such a thing. */
export function gateway(options: GatewayOptions): Gateway {
  const { strictModels, otherwise, onRequest } = options
  const metrics = new Metrics()
  const kept = new KeptResponses(() => current.connections.state())
  const closing = new Set<Promise<void>>()
  const running = new Set<Visit>()
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
      watchers: [() => connections.release(), onRequest ?? tellProblem],
      running,
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
      checkStillClosed(current.loaded, loaded)
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
    cut() {
      for (const visit of running) visit.cut()
    },
    async close() {
      draining = true
      await Promise.all([...closing, current.connections.retire()])
    },
  }
}

/** Where nobody keeps records, what only the gateway's operator can fix is told all the same. */
function tellProblem({ id, error, problem }: VisitRecord): void {
  if (problem !== undefined) console.error(`Request ${id} failed. ${error}: ${problem}`)
}

/**
 * A file that is gone, or half written, must not open what keys had closed.
 * @throws {LlmError} `config`
 */
function checkStillClosed(before: Loaded, next: Loaded): void {
  const gone = before.files.filter((file) => !next.files.includes(file))
  if (next.files.length < before.files.length)
    throw new LlmError('config', `${gone.join(' and ')} is not there any more. Start anew to do without it.`)
  const { keys = {} } = next.gateway
  if (Object.keys(before.gateway.keys ?? {}).length > 0 && Object.keys(keys).length === 0)
    throw new LlmError(
      'config',
      'The new configuration has no keys, and the one before had some: anybody could ask. Start anew to do without keys.',
    )
}

/** What providers are made of: a change of it makes new ones, and a change of anything else does not. */
function providersOf({ gateway, files: _, warnings: __, ...providers }: Loaded): unknown {
  return { ...providers, telemetry: gateway.telemetry ?? false }
}
