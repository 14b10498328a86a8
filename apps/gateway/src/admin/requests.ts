// Operations that read single requests, and what admins did.
import { requestError } from '../answer/http-status.js'
import type { RequestRow } from '../database/tables.js'
import { hasFailed } from './failed-requests.js'
import { operation } from './operation.js'
import { period, periodOf } from './period.js'
import * as schema from './schemas.js'

const optional = ['key', 'team', 'model', 'provider', 'answeredBy', 'error', 'cached', 'traceId'] as const
/** What requests can be filtered by. */
const filters = ['key', 'team', 'model', 'provider', 'error'] as const
const numbers = ['firstMs', 'inputTokens', 'outputTokens', 'cachedInputTokens', 'usd'] as const

const page: Record<string, Record<string, unknown>> = {
  limit: { type: 'string', pattern: '^[0-9]{1,4}$', description: 'How many, at most 1000. Default 100.' },
  before: { type: 'string', maxLength: 100, description: '`next` of the page before.' },
}
const next: Record<string, unknown> = {
  type: 'string',
  description: 'Pass it as `before` for the next page.',
}

export const requestOperations = [
  operation({
    id: 'listRequests',
    method: 'get',
    path: '/requests',
    summary: 'Single requests, the newest first: never prompts or answers.',
    query: {
      ...page,
      ...period,
      ...Object.fromEntries(filters.map((name) => [name, schema.text])),
      failed: { enum: ['true', 'false'], description: 'Only requests that failed, or that did not.' },
    },
    answer: schema.list(
      schema.closed(
        {
          id: schema.text,
          at: schema.time,
          path: schema.text,
          status: schema.count,
          streamed: { type: 'boolean' },
          ms: { type: 'number' },
          estimated: {
            type: 'boolean',
            description: 'Whether tokens and price are an estimate, because the answer was cut off.',
          },
          ...Object.fromEntries(optional.map((name) => [name, schema.text])),
          ...Object.fromEntries(numbers.map((name) => [name, { type: 'number' }])),
        },
        ['id', 'at', 'path', 'status', 'streamed', 'ms', 'estimated'],
      ),
      { next },
    ),
    async run({ query, database }) {
      const { before, failed } = query
      const { from, to } = periodOf(query)
      const most = limitOf(query.limit)
      const rows = await database.use((db) => {
        let found = db.selectFrom('patchbay_requests').selectAll()
        for (const name of filters) {
          const value = query[name]
          if (value !== undefined) found = found.where(name, '=', value)
        }
        if (from !== undefined) found = found.where('at', '>=', from)
        if (to !== undefined) found = found.where('at', '<', to)
        if (failed === 'true') found = found.where(hasFailed)
        if (failed === 'false') found = found.where('error', 'is', null).where('status', '<', 400)
        const after = before === undefined ? undefined : cursorOf(before)
        if (after !== undefined)
          found = found.where((eb) =>
            eb.or([eb('at', '<', after.at), eb.and([eb('at', '=', after.at), eb('id', '<', after.id)])]),
          )
        return found.orderBy('at', 'desc').orderBy('id', 'desc').limit(most).execute()
      })
      return { data: rows.map(toRequest), ...nextOf(rows, most) }
    },
  }),
  operation({
    id: 'listAudit',
    method: 'get',
    path: '/audit',
    summary: 'What admins did, the newest first.',
    query: {
      ...page,
      admin: schema.text,
      action: { ...schema.text, description: 'The `operationId`.' },
      name: { ...schema.text, description: 'The key or the team.' },
    },
    answer: schema.list(
      schema.closed(
        {
          at: schema.time,
          admin: schema.text,
          action: { ...schema.text, description: 'The `operationId`.' },
          name: { ...schema.text, description: 'The key or the team.' },
          change: { description: 'The body of the request.' },
        },
        ['at', 'admin', 'action', 'name'],
      ),
      { next },
    ),
    async run({ query: { limit, before, ...query }, database }) {
      const most = limitOf(limit)
      const rows = await database.use((db) => {
        let found = db.selectFrom('patchbay_audit').selectAll()
        for (const name of ['admin', 'action', 'name'] as const) {
          const value = query[name]
          if (value !== undefined) found = found.where(name, '=', value)
        }
        const after = before === undefined ? undefined : cursorOf(before)
        if (after !== undefined)
          found = found.where((eb) =>
            eb.or([eb('at', '<', after.at), eb.and([eb('at', '=', after.at), eb('id', '<', after.id)])]),
          )
        return found.orderBy('at', 'desc').orderBy('id', 'desc').limit(most).execute()
      })
      const data = rows.map(({ at, admin, action, name, change }) => ({
        at: new Date(at).toISOString(),
        admin,
        action,
        name,
        ...(change !== null && { change: JSON.parse(change) }),
      }))
      return { data, ...nextOf(rows, most) }
    },
  }),
]

function toRequest(row: RequestRow): object {
  const given = {
    key: row.key,
    team: row.team,
    model: row.model,
    provider: row.provider,
    answeredBy: row.answered_by,
    error: row.error,
    cached: row.cached,
    traceId: row.trace_id,
    firstMs: row.first_ms,
    inputTokens: row.input_tokens,
    outputTokens: row.output_tokens,
    cachedInputTokens: row.cached_input_tokens,
    usd: row.usd,
  } satisfies Record<(typeof optional)[number] | (typeof numbers)[number], unknown>
  return {
    id: row.id,
    at: new Date(row.at).toISOString(),
    path: row.path,
    status: row.status,
    streamed: row.streamed === 1,
    ms: row.ms,
    estimated: row.estimated === 1,
    ...Object.fromEntries(Object.entries(given).filter(([, value]) => value !== null)),
  }
}

function limitOf(limit = '100'): number {
  const most = Number(limit)
  if (most >= 1 && most <= 1000) return most
  throw requestError('limit: must be from 1 to 1000.')
}

interface Cursor {
  at: number
  id: string
}

/** The place after the last row of a page. */
function nextOf(rows: readonly Cursor[], most: number): { next?: string } {
  const last = rows.at(-1)
  return last === undefined || rows.length < most ? {} : { next: `${last.at}.${last.id}` }
}

function cursorOf(before: string): Cursor {
  const [, at, id] = /^(\d{1,16})\.([\w-]+)$/.exec(before) ?? []
  if (at === undefined || id === undefined) throw requestError('before: must be `next` of a page.')
  return { at: Number(at), id }
}
