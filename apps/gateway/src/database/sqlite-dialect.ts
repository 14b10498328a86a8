// Kysely's dialect for SQLite in its thread.
import {
  type CompiledQuery,
  type DatabaseConnection,
  type Dialect,
  type Driver,
  type QueryResult,
  SqliteAdapter,
  SqliteIntrospector,
  SqliteQueryCompiler,
} from 'kysely'
import { SqliteThread } from './sqlite-thread.js'

/** Migrations run in one transaction: several processes that open the file together make each table once. */
class Adapter extends SqliteAdapter {
  override get supportsTransactionalDdl(): boolean {
    return true
  }
}

/** The dialect for a database file. */
export function sqliteDialect(file: string): Dialect {
  return {
    createAdapter: () => new Adapter(),
    createDriver: () => new ThreadDriver(file),
    createIntrospector: (db) => new SqliteIntrospector(db),
    createQueryCompiler: () => new SqliteQueryCompiler(),
  }
}

class ThreadDriver implements Driver {
  #connection: ThreadConnection | undefined
  /** One user after the other: transactions of one connection must not mix. */
  #free = Promise.resolve()
  #release: () => void = () => {}

  constructor(private readonly file: string) {}

  async init(): Promise<void> {
    this.#connection = new ThreadConnection(new SqliteThread(this.file))
  }

  async acquireConnection(): Promise<DatabaseConnection> {
    const before = this.#free
    let release = () => {}
    this.#free = new Promise((resolve) => {
      release = resolve
    })
    await before
    this.#release = release
    return this.#connection as ThreadConnection
  }

  async releaseConnection(): Promise<void> {
    this.#release()
  }

  async beginTransaction(connection: DatabaseConnection): Promise<void> {
    // It takes the write lock at once: a transaction that reads first could not get it while another process writes.
    await (connection as ThreadConnection).run('begin immediate')
  }

  async commitTransaction(connection: DatabaseConnection): Promise<void> {
    await (connection as ThreadConnection).run('commit')
  }

  async rollbackTransaction(connection: DatabaseConnection): Promise<void> {
    // SQLite has rolled back by itself after some errors, such as a full disk.
    await (connection as ThreadConnection).run('rollback').catch(() => {})
  }

  async destroy(): Promise<void> {
    await this.#connection?.thread.close()
  }
}

class ThreadConnection implements DatabaseConnection {
  constructor(readonly thread: SqliteThread) {}

  async executeQuery<Row>({ sql, parameters }: CompiledQuery): Promise<QueryResult<Row>> {
    const { rows, changes } = await this.thread.query(sql, parameters)
    return { rows: rows as Row[], ...(changes !== undefined && { numAffectedRows: BigInt(changes) }) }
  }

  async run(sql: string): Promise<void> {
    await this.thread.query(sql, [])
  }

  // biome-ignore lint/correctness/useYield: no query of the gateway is streamed
  async *streamQuery<Row>(): AsyncIterableIterator<QueryResult<Row>> {
    throw new Error('Queries are not streamed.')
  }
}
