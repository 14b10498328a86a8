// Tables of the gateway's database, as its queries see them. Times are milliseconds since 1970, and days are UTC.
import type { Generated, Kysely } from 'kysely'

/** An API key that was made at run time. */
export interface KeyRow {
  name: string
  /** SHA-256 of the key, in hex. The key itself is stored nowhere. */
  hash: string
  /** The hash before the last rotation; it is valid until `previous_until`. */
  previous_hash: string | null
  previous_until: number | null
  team: string | null
  /** JSON of `providers`, `limit` and `budget`. */
  rights: string
  expires: number | null
  created: number
}

/** A team: its rights hold for all its keys together. */
export interface TeamRow {
  name: string
  /** JSON of `providers`, `limit` and `budget`. */
  rights: string
  created: number
}

/** One request. Never holds prompts or answers. */
export interface RequestRow {
  id: string
  at: number
  key: string | null
  team: string | null
  model: string | null
  provider: string | null
  answered_by: string | null
  path: string
  status: number
  error: string | null
  streamed: number
  ms: number
  first_ms: number | null
  input_tokens: number | null
  output_tokens: number | null
  cached_input_tokens: number | null
  usd: number | null
  /** 1 if tokens or price are an estimate, because the answer was cut off. */
  estimated: number
  cached: string | null
  trace_id: string | null
}

/** Sums of one day. They stay when the requests are deleted. */
export interface SpendRow {
  day: string
  key: string
  team: string
  provider: string
  model: string
  requests: number
  errors: number
  input_tokens: number
  output_tokens: number
  cached_input_tokens: number
  usd: number
}

/** Something that an admin did. */
export interface AuditRow {
  id: string
  at: number
  admin: string
  action: string
  name: string
  /** JSON of the request body. It never holds a key. */
  change: string | null
}

export interface Tables {
  patchbay_keys: KeyRow
  patchbay_teams: TeamRow
  patchbay_requests: RequestRow
  patchbay_spend: SpendRow
  patchbay_audit: AuditRow
  /** One row: its version grows with each change of keys and teams, so that all instances see it. */
  patchbay_changes: { id: Generated<number>; version: number }
}

export type Database = Kysely<Tables>
