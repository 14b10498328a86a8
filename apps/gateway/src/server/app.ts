// The routes of one configuration, and what all of them have in common: who may ask, how large, and how it is told.
import type { GatewayEntry } from '@patchbay/config'
import { type Context, Hono, type MiddlewareHandler } from 'hono'
import { bodyLimit } from 'hono/body-limit'
import { matchedRoutes } from 'hono/route'
import type { ContentfulStatusCode } from 'hono/utils/http-status'
import { failureOf, refused, retryHeaders, statusOf } from '../answer/http-status.js'
import { anthropicRoutes } from '../protocols/anthropic/routes.js'
import { ollamaRoutes } from '../protocols/ollama/routes.js'
import { openaiRoutes } from '../protocols/openai/routes.js'
import { protocolOf } from '../protocols/protocols.js'
import type { KeptResponses } from '../protocols/responses/kept.js'
import { responsesRoutes } from '../protocols/responses/routes.js'
import { Keys } from './api-keys.js'
import type { Assets } from './assets.js'
import type { Metrics } from './metrics.js'
import { border } from './origin-guard.js'
import type { Targets } from './provider-registry.js'
import type { Env } from './request-context.js'
import { Visit, type Watcher } from './request-record.js'
import { traced } from './spans.js'

/** What the routes are over. */
export interface World {
  targets: Targets
  settings: GatewayEntry
  /** Can only this machine reach it? */
  loopback: boolean
  kept: KeptResponses
  metrics: Metrics
  watchers: readonly Watcher[]
  /** The requests that run. */
  running: Set<Visit>
  /** Does it take requests? */
  ready(): boolean
  /** The web page. */
  assets: Assets
}

export function app(world: World): Hono<Env> {
  const { targets, settings, loopback, kept, metrics, watchers, running, ready, assets } = world
  const { origins = [], hosts = [], maxBytes = 20 * 1024 * 1024 } = settings
  const keys = new Keys(settings.keys)
  const app = new Hono<Env>({ strict: false })

  app.use(async (context, next) => {
    const visit = new Visit(context.req.raw, settings, watchers)
    context.set('visit', visit)
    context.header('x-request-id', visit.id)
    metrics.began()
    visit.watch(metrics.ended)
    running.add(visit)
    visit.watch(() => running.delete(visit))
    visit.found({ path: pathOf(context) })
    if (settings.telemetry) await traced(context, visit, next)
    else await next()
    if (visit.streamed) return
    for (const [name, value] of Object.entries(visit.noteHeaders())) context.header(name, value)
    visit.end(context.res.status)
  })
  app.onError((thrown, context) => {
    const error = failureOf(thrown)
    const told = context.var.visit.failed(error)
    const protocol = protocolOf({ path: context.req.path, headers: context.req.raw.headers })
    for (const [name, value] of Object.entries(retryHeaders(error))) context.header(name, value)
    return context.json(protocol.error(told), statusOf(error) as ContentfulStatusCode)
  })
  app.notFound(({ req }) => {
    throw refused(`There is no ${req.method} ${req.path} here.`, 404)
  })
  app.use(border({ loopback, origins, hosts }))
  app.get('/healthz', (context) => context.text('ok'))
  app.get('/readyz', (context) => (ready() ? context.text('ok') : context.text('ending', 503)))
  for (const [path, { body, headers }] of assets) app.get(path, () => new Response(body, { headers }))
  app.use(async (context, next) => {
    if (keys.wanted) {
      const client = keys.of(context.req.raw.headers)
      context.set('client', client)
      context.var.visit.found({ key: client.name })
    }
    await next()
  })
  app.get('/metrics', async (context) => {
    const { text, contentType } = await metrics.text()
    return context.text(text, 200, { 'content-type': contentType })
  })
  app.use(limited(maxBytes), readable)
  app.route('/api', ollamaRoutes(targets))
  app.route('/v1', anthropicRoutes(targets))
  app.route('/v1', openaiRoutes(targets))
  app.route('/v1', responsesRoutes(targets, kept))
  return app
}

/** Bodies are JSON in UTF-8. */
const readable: MiddlewareHandler = (context, next) => {
  const { 'content-encoding': encoding = 'identity', 'content-type': type = '' } = context.req.header()
  const charset = /;\s*charset="?([^\s;"]+)/i.exec(type)?.[1] ?? 'utf-8'
  if (encoding !== 'identity')
    throw refused(
      `content-encoding: ${encoding}: the gateway does not unpack bodies. Send JSON as it is.`,
      415,
    )
  if (!/^(utf-?8|us-ascii)$/i.test(charset))
    throw refused(`content-type: charset ${charset}: must be utf-8.`, 415)
  return next()
}

/** Most requests say how long they are; those that do not are counted as they come. */
function limited(maxSize: number): MiddlewareHandler {
  const refuse = () => {
    throw refused(`The request has more than ${maxSize} bytes.`, 413)
  }
  const counted = bodyLimit({ maxSize, onError: refuse })
  return (context, next) => {
    const length = context.req.header('content-length')
    if (length === undefined || context.req.header('transfer-encoding') !== undefined)
      return counted(context, next)
    return Number(length) > maxSize ? refuse() : next()
  }
}

/** The route, never what a client made up: that has no end. */
function pathOf(context: Context): string {
  return matchedRoutes(context).findLast(({ path }) => !path.endsWith('*'))?.path ?? 'other'
}
