// An operation of the admin interface: its route, its schemas and what it does. Routes and the OpenAPI document are made of these.
import type { KeyEntry } from '@patchbay/config'
import type { JsonSchema } from '@patchbay/core'
import type { GatewayDatabase } from '../database/gateway-database.js'
import type { Database } from '../database/tables.js'
import type { HealthChecks } from './health-checks.js'

/** What operations work with. */
export interface AdminContext {
  database: GatewayDatabase
  /** The keys of the configuration. */
  configured: Record<string, KeyEntry>
  /** The names of providers. */
  providers: readonly string[]
  health: HealthChecks
}

/** One request of an admin. */
export interface AdminCall<Body = unknown> extends AdminContext {
  /** The name in the path; empty without one. */
  name: string
  query: Readonly<Record<string, string | undefined>>
  body: Body
  /**
   * Makes a change of keys or teams, which all instances see, together with its entry in the audit trail.
   * @throws {LlmError} what the work throws; then nothing has changed
   */
  change<T>(name: string, work: (db: Database) => Promise<T>): Promise<T>
}

export interface Operation<Body = never> {
  id: string
  method: 'get' | 'post' | 'patch' | 'delete'
  /** Below `/admin`; `{name}` is a key or a team. */
  path: string
  summary: string
  /** Parameters of the query: each with its schema. */
  query?: Readonly<Record<string, JsonSchema>>
  body?: JsonSchema
  /** Default 200. */
  status?: 200 | 201
  answer: JsonSchema
  /** If the answer can be CSV, too: its columns. */
  csv?: (query: AdminCall['query']) => readonly string[]
  run(call: AdminCall<Body>): Promise<unknown>
}

/** An operation whose body was checked by its schema. */
export function operation<Body = undefined>(given: Operation<Body>): Operation {
  return given as Operation
}
