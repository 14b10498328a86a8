// The gateway without its socket: one server over all configured providers, and the change to a new configuration.
import { isDeepStrictEqual } from 'node:util'
import { isRedis, type Loaded } from '@patchbay/config'
import { LlmError } from '@patchbay/core'
import { AdminKeys, type Guesses } from '../admin/admin-keys.js'
import { GatewayDatabase } from '../database/gateway-database.js'
import { BackgroundAnswers } from '../protocols/responses/background.js'
import { type AnswerJob, BackgroundJobs } from '../protocols/responses/background-jobs.js'
import { ResponseStore } from '../protocols/responses/response-store.js'
import { createApp } from './app.js'
import { assets } from './assets.js'
import type { MetricsSnapshot } from './combined-metrics.js'
import { Metrics } from './metrics.js'
import { Connections, type ProviderFactory, ProviderRegistry } from './provider-registry.js'
import type { RequestListener, RequestRecord, RequestRecorder } from './request-record.js'

/** Options of `gateway`. */
export interface GatewayOptions {
  /** The configuration: `await loadConfig()`. */
  loaded: Loaded
  /** Whether an unknown model name is an error instead of the default provider. Default: `gateway.strictModels`, otherwise false. */
  strictModels?: boolean
  /** Makes the provider that answers if none is configured. */
  otherwise?: ProviderFactory
  /** Whether other machines can reach the gateway; then host names are not checked. Default false. */
  public?: boolean
  /** Called with the record of each finished request, for logs. It never holds prompts or answers. */
  onRequest?: RequestListener
  /** Makes the text of `/metrics`, for several processes behind one address: see `CombinedMetrics`. Default: its own metrics. */
  metricsPage?: () => Promise<string>
}

/** A gateway without its socket. */
export interface Gateway {
  /** Answers one HTTP request. `connection`: what the server knows of it; `@hono/node-server` passes it. */
  fetch(request: Request, connection?: object): Response | Promise<Response>
  /**
   * Waits until `gateway.database` is open, a few seconds at most. Without it, the gateway starts as well.
   * @throws {LlmError} `config` if its address is wrong or its driver is not installed
   */
  ready(): Promise<void>
  /**
   * Uses a new configuration from now on. Running requests finish with the old one.
   * @throws {LlmError} `config` if its files or all its keys are gone, or if it names another database; then the old one stays
   */
  reload(loaded: Loaded): void
  /** Its own metrics now. */
  metrics(): Promise<MetricsSnapshot>
  /** From now on `/readyz` answers 503. */
  drain(): void
  /** Aborts running requests. Clients get an error of their protocol; open streams end with its error event. */
  cut(): void
  /** Waits for running requests, and closes all providers. */
  close(): Promise<void>
}

const defaultKeepRequests = 30

/**
 * The gateway as a fetch handler, for any server that takes one.
 * @example Bun.serve({ fetch: gateway({ loaded: await loadConfig(), public: true }).fetch })
 */
export function gateway(options: GatewayOptions): Gateway {
  const { strictModels, otherwise, onRequest } = options
  const metrics = new Metrics()
  const responses = new ResponseStore(() => current.connections.state())
  let jobs: BackgroundJobs | undefined
  const background = new BackgroundAnswers(responses, () => jobs)
  const { database: address, keepRequests = defaultKeepRequests } = options.loaded.gateway
  const database = address === undefined ? undefined : new GatewayDatabase({ address, keepRequests })
  if (database !== undefined) metrics.watch(database)
  const guesses: Guesses = new Map()
  const closing = new Set<Promise<void>>()
  const running = new Set<RequestRecorder>()
  let draining = false

  /** The routes of one configuration. */
  const serveConfig = (loaded: Loaded, connections: Connections) => {
    const { gateway: settings } = loaded
    const routes = createApp({
      registry: new ProviderRegistry(connections, settings, strictModels ?? settings.strictModels ?? false),
      settings,
      loopback: options.public !== true,
      responses,
      background,
      metrics,
      metricsPage: options.metricsPage,
      listeners: [onRequest ?? logProblem],
      onLeave: () => connections.release(),
      running,
      isReady: () => !draining,
      database,
      admins: AdminKeys.of(process.env.PATCHBAY_ADMIN_KEY, settings.admins, guesses),
      prices: loaded.prices,
      assets: settings.playground === false ? new Map() : assets(),
    })
    const fetch = (request: Request, connection?: object) => {
      connections.hold()
      return routes.fetch(request, connection)
    }
    return { loaded, connections, fetch }
  }
  let current = serveConfig(options.loaded, new Connections(options.loaded, otherwise))
  const answerJob: AnswerJob = async (request, { id, owner }) => {
    // It came just before.
    if (draining) return 'leave'
    const response = await current.fetch(request)
    // Its readers are elsewhere.
    if (response.ok) await response.body?.cancel()
    if (response.ok) return (await background.find(owner, `resp_${id}`)?.ended()) ?? 'done'
    // Something is not there yet, or just now.
    if (response.status === 503) return 'leave'
    const { error } = (await response.json()) as { error?: { message?: string } }
    await responses.end(owner, `resp_${id}`, {
      status: 'failed',
      error: { code: 'server_error', message: error?.message ?? 'The request could not be answered.' },
    })
    return 'done'
  }
  /** Jobs are where the state is shared in a Redis. */
  const jobsOf = ({ shared }: Loaded) =>
    shared !== undefined && isRedis(shared.place)
      ? new BackgroundJobs(shared.place, responses, answerJob)
      : undefined
  jobs = jobsOf(options.loaded)

  const closeLater = (closed: Promise<void> | undefined) => {
    if (closed === undefined) return
    closing.add(closed)
    void closed.finally(() => closing.delete(closed))
  }

  return {
    fetch: (request, connection) => current.fetch(request, connection),
    ready: async () => database?.ready(),
    reload(loaded) {
      checkStillProtected(current.loaded, loaded)
      if (database !== undefined) database.keepRequests = loaded.gateway.keepRequests ?? defaultKeepRequests
      const { connections } = current
      if (current.loaded.shared?.place !== loaded.shared?.place) {
        closeLater(jobs?.close())
        jobs = jobsOf(loaded)
      }
      if (isDeepStrictEqual(providersOf(current.loaded), providersOf(loaded))) {
        current = serveConfig(loaded, connections)
        return
      }
      current = serveConfig(loaded, new Connections(loaded, otherwise))
      closeLater(connections.retire())
    },
    metrics: () => metrics.snapshot(),
    drain() {
      draining = true
      // The others take what has not begun.
      void jobs?.pause()
    },
    cut() {
      for (const recorder of running) recorder.client.cut()
    },
    async close() {
      draining = true
      // Side by side: what does not answer keeps nothing else open. Only the database waits, for the records of running requests.
      const ended = Promise.all([...closing, current.connections.retire()])
      await Promise.all([jobs?.close(), ended.finally(() => database?.close())])
    },
  }
}

/** Default listener: logs what only the gateway's operator can fix. */
function logProblem({ id, error, problem }: RequestRecord): void {
  if (problem !== undefined) console.error(`Request ${id} failed. ${error}: ${problem}`)
}

/**
 * A file that is gone or half written must not open a gateway that needed keys.
 * @throws {LlmError} `config`
 */
function checkStillProtected(before: Loaded, next: Loaded): void {
  if (before.gateway.database !== next.gateway.database)
    throw new LlmError('config', 'gateway.database has changed. Restart the gateway to use the new one.')
  const gone = before.files.filter((file) => !next.files.includes(file))
  if (next.files.length < before.files.length)
    throw new LlmError('config', `${gone.join(' and ')} is gone. Restart the gateway to run without it.`)
  // With an admin, every request needs a key, and keys are made at run time.
  if (AdminKeys.of(process.env.PATCHBAY_ADMIN_KEY, next.gateway.admins) !== undefined) return
  const { keys = {}, admins = {} } = before.gateway
  const hadKeys = Object.keys({ ...keys, ...admins }).length > 0
  if (hadKeys && Object.keys(next.gateway.keys ?? {}).length === 0)
    throw new LlmError(
      'config',
      'The new configuration has no keys, but the old one had: anybody could use the gateway. Restart it to run without keys.',
    )
}

/** The part of a configuration that providers are made from: only a change of this part makes new providers. */
function providersOf({ gateway, files: _, warnings: __, ...providers }: Loaded): unknown {
  return { ...providers, telemetry: gateway.telemetry ?? false }
}
