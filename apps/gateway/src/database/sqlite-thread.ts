// SQLite in a thread of its own, so that a slow disk delays no call. The thread's code is the source text of a function in this
// file, so it needs no file of its own wherever this package is bundled.
import { createRequire } from 'node:module'
import { Worker } from 'node:worker_threads'
import { LlmError } from '@patchbay/core'

/** The rows of a query, or the number of rows that it changed. */
export interface SqliteResult {
  rows: unknown[]
  changes?: number
}

interface Settings {
  driver: string
  file: string
}

/** The part of the driver that is used. It has the interface of better-sqlite3. */
interface Driver {
  prepare(sql: string): {
    reader: boolean
    all(...parameters: unknown[]): unknown[]
    run(...parameters: unknown[]): { changes: number }
  }
  exec(sql: string): void
}

/** Runs in the thread, so it uses nothing from outside, and only plain syntax that needs no helpers of a compiler. */
function work(): void {
  const { parentPort, workerData } = process.getBuiltinModule('node:worker_threads')
  const { createRequire } = process.getBuiltinModule('node:module')
  const { driver, file } = workerData as Settings
  const Database = createRequire(driver)(driver) as new (file: string, options: object) => Driver
  const db = new Database(file, { timeout: 10_000 })
  // Readers and a writer do not wait for each other. A commit survives the end of the process; the last ones before a power
  // failure may be lost, but nothing is damaged.
  for (const pragma of ['journal_mode = WAL', 'synchronous = NORMAL']) db.exec(`PRAGMA ${pragma}`)
  if (parentPort === null) return
  parentPort.on('message', ({ id, sql, parameters }: { id: number; sql: string; parameters: unknown[] }) => {
    try {
      const statement = db.prepare(sql)
      if (statement.reader) parentPort.postMessage({ id, rows: statement.all(...parameters) })
      else parentPort.postMessage({ id, rows: [], changes: statement.run(...parameters).changes })
    } catch (error) {
      parentPort.postMessage({ id, problem: String((error as Error).message) })
    }
  })
}

/** A connection to a database file, one query after the other. */
export class SqliteThread {
  readonly #worker: Worker
  readonly #waiting = new Map<number, { resolve(result: SqliteResult): void; reject(error: Error): void }>()
  #last = 0
  #ended: Error | undefined

  constructor(file: string) {
    const workerData: Settings = { driver: driverPath(), file }
    this.#worker = new Worker(`(${work})()`, { eval: true, name: 'patchbay-database', workerData })
    this.#worker.unref()
    this.#worker.on('message', ({ id, problem, ...result }) => {
      const waiting = this.#waiting.get(id)
      this.#waiting.delete(id)
      if (problem === undefined) waiting?.resolve(result)
      else waiting?.reject(new Error(problem))
      // An idle thread keeps no process alive.
      if (this.#waiting.size === 0) this.#worker.unref()
    })
    this.#worker.on('error', (error) => this.#end(error))
    this.#worker.on('exit', () => this.#end(new Error('The thread of the database has ended.')))
  }

  /** Runs one statement. */
  query(sql: string, parameters: readonly unknown[]): Promise<SqliteResult> {
    return new Promise((resolve, reject) => {
      if (this.#ended !== undefined) return reject(this.#ended)
      const id = ++this.#last
      this.#worker.postMessage({ id, sql, parameters })
      this.#waiting.set(id, { resolve, reject })
      this.#worker.ref()
    })
  }

  async close(): Promise<void> {
    await this.#worker.terminate()
  }

  #end(error: Error): void {
    this.#ended ??= error
    for (const { reject } of this.#waiting.values()) reject(this.#ended)
    this.#waiting.clear()
  }
}

/** @throws {LlmError} `config` if the driver is not installed */
function driverPath(): string {
  try {
    return createRequire(import.meta.url).resolve('libsql')
  } catch (cause) {
    throw new LlmError('config', 'gateway.database: SQLite needs a package. Run: npm install libsql', {
      cause,
    })
  }
}
