// From the record of a request to its row.
import type { RequestRecord } from '../server/request-record.js'
import type { RequestRow } from './tables.js'

// Names that clients choose are cut: a row must stay small.
const maxName = 200
// Postgres stores no NUL.
const text = (value: string | undefined) => value?.replaceAll('\0', '').slice(0, maxName) ?? null
const count = (value: number | undefined) =>
  value !== undefined && Number.isFinite(value) ? Math.round(value) : null

/** Whether a request is one that a model answers, from a client that may ask. Others are not stored: anybody could send millions. */
export function isStored({ method, path, status, key }: RequestRecord): boolean {
  if (method !== 'POST' || !/^\/(?:v1|v1beta|api)\//.test(path)) return false
  if (/(?:count_tokens|countTokens|input_tokens|show|cancel)$/.test(path)) return false
  return key !== undefined || status !== 401
}

/** The row of a request that ended now. `usd`: its price, if the record has none. */
export function rowOf(record: RequestRecord, usd = record.cost): RequestRow {
  const { usage, cached } = record
  return {
    id: record.id,
    at: Date.now(),
    key: record.key ?? null,
    team: record.team ?? null,
    model: text(record.model),
    provider: text(record.provider),
    answered_by: text(record.answeredBy),
    path: record.path,
    status: record.status,
    error: record.error ?? (record.status === 499 ? 'aborted' : null),
    streamed: Number(record.streamed),
    ms: record.ms,
    first_ms: record.firstMs ?? null,
    input_tokens: count(usage?.inputTokens),
    output_tokens: count(usage?.outputTokens),
    cached_input_tokens: count(usage?.cachedInputTokens),
    usd: usd !== undefined && Number.isFinite(usd) ? usd : null,
    estimated: Number(record.estimated ?? false),
    cached: typeof cached === 'string' ? cached : null,
    trace_id: record.traceId ?? null,
  }
}
