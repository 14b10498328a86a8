// From the record of a request to its row.
import type { RequestRecord } from '../server/request-record.js'
import type { RequestRow } from './tables.js'

// Names that clients choose are cut: a row must stay small.
const maxName = 200
// Postgres stores no NUL.
const text = (value: string | undefined) => value?.replaceAll('\0', '').slice(0, maxName) ?? null
// What no service can have counted must not keep the other rows from being written.
const maxCount = 1e12
const count = (value: number | undefined) =>
  value !== undefined && Number.isFinite(value) ? Math.min(Math.max(Math.round(value), 0), maxCount) : null

/** Whether a request is one that a model answers. */
export function isStored({ method, path }: RequestRecord): boolean {
  if (method !== 'POST' || !/^\/(?:v1|v1beta|api)\//.test(path)) return false
  return !/(?:count_tokens|countTokens|input_tokens|show|cancel)$/.test(path)
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
