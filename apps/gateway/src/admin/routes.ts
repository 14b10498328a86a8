// Routes of the admin interface, made of its operations.
import type { HttpBindings } from '@hono/node-server'
import type { KeyEntry } from '@patchbay/config'
import { violation } from '@patchbay/core/json-schema'
import { type Context, Hono } from 'hono'
import { bodyLimit } from 'hono/body-limit'
import { requestError } from '../answer/http-status.js'
import type { GatewayDatabase } from '../database/gateway-database.js'
import type { Database } from '../database/tables.js'
import type { ProviderRegistry } from '../server/provider-registry.js'
import type { Env } from '../server/request-context.js'
import type { AdminKeys } from './admin-keys.js'
import { toCsv } from './csv.js'
import { errorsOperation } from './errors.js'
import { healthOperation } from './health.js'
import { HealthChecks } from './health-checks.js'
import { keyOperations } from './keys.js'
import { openApiDocument } from './openapi.js'
import type { AdminCall, Operation } from './operation.js'
import { requestOperations } from './requests.js'
import { spendOperation } from './spend.js'
import { teamOperations } from './teams.js'

/** What the admin interface works with. */
export interface AdminOptions {
  admins: AdminKeys
  database: GatewayDatabase | undefined
  registry: ProviderRegistry
  /** The keys of the configuration. */
  keys: Record<string, KeyEntry>
}

const maxBytes = 64 * 1024

const operations: readonly Operation[] = [
  ...keyOperations,
  ...teamOperations,
  spendOperation,
  ...requestOperations,
  errorsOperation,
  healthOperation,
]

export function adminRoutes({ admins, database, registry, keys }: AdminOptions): Hono<Env> {
  const app = new Hono<Env>()
  app.use(async (context, next) => {
    refuseCrossSite(context)
    const admin = admins.nameOf(context.req.raw.headers, addressOf(context))
    context.set('admin', admin)
    context.get('recorder').note({ key: admin })
    context.header('cache-control', 'no-store')
    context.header('x-content-type-options', 'nosniff')
    await next()
  })
  const onError = () => {
    throw requestError(`The request has more than ${maxBytes} bytes.`, 413)
  }
  app.use(bodyLimit({ maxSize: maxBytes, onError }))
  const document = openApiDocument(operations)
  const health = new HealthChecks((name) => registry.open(name))
  app.get('/openapi.json', (context) => context.json(document))
  for (const operation of operations)
    app.on(operation.method, operation.path.replace('{name}', ':name'), async (context) => {
      if (database === undefined)
        throw requestError('The admin interface needs a database. Set gateway.database: sqlite:FILE.', 404)
      const body = await bodyOf(context, operation)
      const call: AdminCall<never> = {
        database,
        configured: keys,
        providers: registry.providerNames(),
        health,
        name: context.req.param('name') ?? '',
        query: queryOf(context, operation),
        body: body as never,
        change: changing(database, context.get('admin') ?? '', operation.id, body),
      }
      const answer = await operation.run(call)
      const wantsCsv = call.query.format === 'csv' || context.req.header('accept') === 'text/csv'
      if (operation.csv && wantsCsv) {
        const { data } = answer as { data: Record<string, unknown>[] }
        const text = toCsv(operation.csv(call.query), data)
        return context.body(text, 200, { 'content-type': 'text/csv; charset=utf-8' })
      }
      return context.json(answer as object, operation.status ?? 200)
    })
  app.all('*', notHere)
  return app
}

/** Answers 404 below `/admin`, whatever keys a request has. */
export function notHere({ req }: Context): never {
  throw requestError(`There is no ${req.method} ${req.path} here.`, 404)
}

/** A page of another site must not reach the interface, whatever else of the gateway it may use. */
function refuseCrossSite({ req }: Context): void {
  const origin = req.header('origin')
  const site = req.header('sec-fetch-site') ?? 'same-origin'
  const isOwn =
    origin === undefined || (URL.canParse(origin) && new URL(origin).host === new URL(req.url).host)
  if (isOwn && (site === 'same-origin' || site === 'none')) return
  throw requestError('The admin interface does not answer for pages of other sites.', 403)
}

/** The address of the client, or of the last proxy; empty where the server does not tell it. */
function addressOf(context: Context): string {
  const { incoming } = (context.env ?? {}) as Partial<HttpBindings>
  return incoming?.socket?.remoteAddress ?? ''
}

function queryOf({ req }: Context, { query = {} }: Operation): Record<string, string | undefined> {
  const given = req.query()
  for (const [name, value] of Object.entries(given)) {
    const schema = Object.hasOwn(query, name) ? query[name] : undefined
    if (schema === undefined)
      throw requestError(`There is no parameter ${JSON.stringify(name.slice(0, 100))} here.`)
    // Postgres has no NUL.
    const problem = value.includes('\0')
      ? `${name} must not hold NUL`
      : violation(schema, value, schema, name)
    if (problem !== undefined) throw requestError(`${problem}.`)
  }
  return given
}

/** Refuses numbers such as 1e999, which JSON cannot write again. */
function finite(_: string, value: unknown): unknown {
  if (typeof value === 'number' && !Number.isFinite(value)) throw new RangeError('The number is too large.')
  return value
}

async function bodyOf({ req }: Context, { body: schema }: Operation): Promise<unknown> {
  if (schema === undefined) return undefined
  const text = await req.text()
  // Forms of web pages cannot send this type without asking first.
  if (text !== '' && !/^application\/json\b/i.test(req.header('content-type') ?? ''))
    throw requestError('content-type: must be application/json.', 415)
  let body: unknown
  try {
    body = text === '' ? {} : JSON.parse(text, finite)
  } catch {
    throw requestError('The body must be JSON.')
  }
  const problem = violation(schema, body, schema, 'body')
  if (problem !== undefined) throw requestError(`${problem}.`)
  return body
}

/** Makes a change with its entry in the audit trail, both or none. */
function changing(database: GatewayDatabase, admin: string, action: string, body: unknown) {
  const change = body === undefined ? null : JSON.stringify(body)
  return async <T>(name: string, work: (db: Database) => Promise<T>): Promise<T> => {
    return database.change(async (db) => {
      const result = await work(db)
      const entry = { id: crypto.randomUUID(), at: Date.now(), admin, action, name, change }
      await db.insertInto('patchbay_audit').values(entry).execute()
      return result
    })
  }
}
