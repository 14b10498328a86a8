// Opens the database of an address: a SQLite file, or Postgres.
import { LlmError } from '@patchbay/core'
import type { Dialect } from 'kysely'
import type { Database, Tables } from './tables.js'

/** Milliseconds for a connection, and for a query. */
const connectMs = 5000
const queryMs = 15_000

/**
 * Opens a database. Nothing is sent before the first query. The query builder and the driver are loaded here, so that gateways
 * without a database do not load them.
 * @throws {LlmError} `config` for an address of another kind, and for a driver that is not installed
 */
export async function openDatabase(address: string): Promise<Database> {
  const dialect = /^postgres(?:ql)?:\/\//.test(address)
    ? await postgres(address)
    : await sqlite(/^sqlite:(.+)$/.exec(address)?.[1])
  const { Kysely } = await import('kysely')
  return new Kysely<Tables>({ dialect })
}

async function sqlite(file: string | undefined): Promise<Dialect> {
  // The address may hold a password, so it is not quoted.
  if (file === undefined)
    throw new LlmError(
      'config',
      'gateway.database must be sqlite:FILE or postgres://USER:PASSWORD@HOST/NAME.',
    )
  const { sqliteDialect } = await import('./sqlite-dialect.js')
  return sqliteDialect(file)
}

async function postgres(connectionString: string): Promise<Dialect> {
  const { default: pg } = await import('pg').catch((cause: unknown) => {
    throw new LlmError('config', 'gateway.database: Postgres needs a package. Run: npm install pg', { cause })
  })
  const { PostgresDialect } = await import('kysely')
  const pool = new pg.Pool({
    connectionString,
    max: 4,
    connectionTimeoutMillis: connectMs,
    query_timeout: queryMs,
    statement_timeout: queryMs,
    idle_in_transaction_session_timeout: queryMs,
    keepAlive: true,
    allowExitOnIdle: true,
    application_name: 'patchbay',
    types: { getTypeParser: (type, format) => numbers.get(type) ?? pg.types.getTypeParser(type, format) },
  })
  // A connection that breaks while it is idle: the next query opens another one, or reports it.
  pool.on('error', () => {})
  return new PostgresDialect({ pool })
}

/** Large integers and sums come as text. Tokens and milliseconds fit into a number. */
const numbers = new Map<number, (text: string) => number>([
  [20, Number],
  [1700, Number],
])
