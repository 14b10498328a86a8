// All routes of one configuration, with what they share: request record, error shape, origin guard, keys and body limits.
import type { HttpBindings } from '@hono/node-server'
import type { GatewayEntry } from '@patchbay/config'
import type { Provider } from '@patchbay/core'
import { costOfUsage, type Prices } from '@patchbay/policies'
import { type Context, Hono, type MiddlewareHandler } from 'hono'
import { bodyLimit } from 'hono/body-limit'
import { matchedRoutes } from 'hono/route'
import type { ContentfulStatusCode } from 'hono/utils/http-status'
import type { AdminKeys } from '../admin/admin-keys.js'
import { adminRoutes, notHere } from '../admin/routes.js'
import { requestError, retryHeaders, statusOf, toLlmError } from '../answer/http-status.js'
import type { GatewayDatabase } from '../database/gateway-database.js'
import { anthropicRoutes } from '../protocols/anthropic/routes.js'
import { completionsRoutes } from '../protocols/completions/routes.js'
import { ollamaRoutes } from '../protocols/ollama/routes.js'
import { mediaRoutes } from '../protocols/openai/media-routes.js'
import { openaiRoutes } from '../protocols/openai/routes.js'
import { protocolOf } from '../protocols/protocols.js'
import type { BackgroundAnswers } from '../protocols/responses/background.js'
import { jobOf } from '../protocols/responses/background-jobs.js'
import type { ResponseStore } from '../protocols/responses/response-store.js'
import { responsesRoutes } from '../protocols/responses/routes.js'
import { ApiKeys } from './api-keys.js'
import { type Assets, adminPage, assetResponse } from './assets.js'
import { ClientConnection } from './client-connection.js'
import { decompress } from './decompress.js'
import type { Metrics } from './metrics.js'
import { originGuard } from './origin-guard.js'
import type { ProviderRegistry } from './provider-registry.js'
import type { Env } from './request-context.js'
import { type RequestListener, type RequestRecord, RequestRecorder } from './request-record.js'
import { traceRequest } from './spans.js'

/** What the routes need. */
export interface AppOptions {
  registry: ProviderRegistry
  settings: GatewayEntry
  /** Whether only this machine can reach the gateway. */
  loopback: boolean
  responses: ResponseStore
  background: BackgroundAnswers
  metrics: Metrics
  /** The text of `/metrics`, if it is not of this gateway alone. */
  metricsPage: (() => Promise<string>) | undefined
  listeners: readonly RequestListener[]
  /** Called when a request has ended here. */
  onLeave(): void
  /** The running requests. */
  running: Set<RequestRecorder>
  /** Whether the gateway accepts requests. */
  isReady(): boolean
  /** The web page. */
  assets: Assets
  database: GatewayDatabase | undefined
  /** Keys of the admin interface; undefined if there is none. */
  admins: AdminKeys | undefined
  prices: Prices
}

/** The hono app of one configuration. */
export function createApp(options: AppOptions): Hono<Env> {
  const { registry, settings, loopback, responses, metrics, listeners, running, isReady, assets } = options
  const { background, database, admins, prices } = options
  const { origins = [], hosts = [], maxBytes = 20 * 1024 * 1024 } = settings
  const keys = new ApiKeys(settings.keys, database?.keys, admins !== undefined)
  const app = new Hono<Env>({ strict: false })

  app.use(async (context, next) => {
    // Other servers than Node's tell nothing of the connection.
    const { outgoing } = (context.env ?? {}) as Partial<HttpBindings>
    const job = jobOf(context.req.raw)
    if (job !== undefined) context.set('job', job)
    const client = new ClientConnection(context.req.raw, outgoing)
    const recorder = new RequestRecorder(context.req.method, client, settings, listeners, job?.id)
    context.set('recorder', recorder)
    for (const [name, value] of Object.entries(recorder.idHeaders)) context.header(name, value)
    metrics.began()
    recorder.onEnd(metrics.ended)
    recorder.onLeave(() => metrics.endedHere())
    running.add(recorder)
    recorder.onLeave(() => running.delete(recorder))
    recorder.onLeave(options.onLeave)
    recorder.note({ path: routeOf(context) })
    if (settings.telemetry) await traceRequest(context, recorder, next)
    else await next()
    if (recorder.endsLater) return
    for (const [name, value] of Object.entries(recorder.responseHeaders())) context.header(name, value)
    recorder.end(context.res.status)
  })
  app.onError((thrown, context) => {
    const error = toLlmError(thrown)
    const clientError = context.get('recorder').recordFailure(error)
    const protocol = protocolOf({ path: context.req.path, headers: context.req.raw.headers })
    for (const [name, value] of Object.entries(retryHeaders(error))) context.header(name, value)
    return context.json(protocol.error(clientError), statusOf(error) as ContentfulStatusCode)
  })
  app.notFound(({ req }) => {
    throw requestError(`There is no ${req.method} ${req.path} here.`, 404)
  })
  app.use(originGuard({ loopback, origins, hosts }))
  app.get('/healthz', (context) => context.text('ok'))
  app.get('/readyz', (context) => (isReady() ? context.text('ok') : context.text('draining', 503)))
  for (const [path, asset] of assets)
    if (path !== adminPage || admins !== undefined)
      app.get(path, ({ req }) => assetResponse(asset, req.header('accept-encoding')))
  if (admins === undefined) app.all('/admin/*', notHere)
  else app.route('/admin', adminRoutes({ admins, database, registry, keys: settings.keys ?? {} }))
  app.use(async (context, next) => {
    const recorder = context.get('recorder')
    if (keys.isRequired) {
      const job = context.get('job')
      // Its key was checked when it came, and may have been deleted since.
      const client = job === undefined ? keys.clientOf(context.req.raw.headers) : keys.clientNamed(job.owner)
      context.set('client', client)
      recorder.note({ key: client.name, ...(client.team && { team: client.team.name }) })
    }
    // Only from here on, since anybody could send millions that are refused before.
    recorder.onEnd((record) => database?.add(record, priceOf(record, recorder.place, prices)))
    await next()
  })
  app.get('/metrics', async (context) => {
    const text = await (options.metricsPage?.() ?? metrics.text())
    return context.text(text, 200, { 'content-type': metrics.contentType })
  })
  app.use(limitBody(maxBytes), checkCharset, decompress(maxBytes))
  app.route('/api', ollamaRoutes(registry))
  app.route('/v1', anthropicRoutes(registry))
  app.route('/v1', openaiRoutes(registry))
  app.route('/v1', mediaRoutes(registry))
  app.route('/v1', completionsRoutes(registry))
  app.route('/v1', responsesRoutes(registry, responses, background))
  return app
}

/** The price of a usage that was estimated; others have their cost, if it is known. */
function priceOf(
  { estimated, usage, answeredBy: model }: RequestRecord,
  place: Provider | undefined,
  prices: Prices,
) {
  if (!estimated || usage === undefined || place === undefined) return undefined
  return () => costOfUsage(place, usage, { prices, ...(model !== undefined && { model }) })
}

/** Refuses bodies that are not UTF-8. */
const checkCharset: MiddlewareHandler = (context, next) => {
  const charset = /;\s*charset="?([^\s;"]+)/i.exec(context.req.header('content-type') ?? '')?.[1] ?? 'utf-8'
  if (!/^(utf-?8|us-ascii)$/i.test(charset))
    throw requestError(`content-type: charset ${charset}: must be utf-8.`, 415)
  return next()
}

/** Limits the size of bodies: by `content-length`, or by counting chunks. */
function limitBody(maxSize: number): MiddlewareHandler {
  const refuse = () => {
    throw requestError(`The request has more than ${maxSize} bytes.`, 413)
  }
  const limitChunked = bodyLimit({ maxSize, onError: refuse })
  return (context, next) => {
    const length = context.req.header('content-length')
    if (length === undefined || context.req.header('transfer-encoding') !== undefined)
      return limitChunked(context, next)
    return Number(length) > maxSize ? refuse() : next()
  }
}

/** The route pattern for metrics; never the path itself, which clients choose freely. */
function routeOf(context: Context): string {
  return matchedRoutes(context).findLast(({ path }) => !path.endsWith('*'))?.path ?? 'other'
}
