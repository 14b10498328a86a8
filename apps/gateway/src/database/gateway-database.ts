// The database of a running gateway: opened beside it and again when it was gone, with its keys in memory and its records written
// in batches.
import { isLlmError, LlmError } from '@patchbay/core'
import { withoutKeys } from '@patchbay/core/wire'
import type { RequestRecord } from '../server/request-record.js'
import { withDeadline } from '../server/with-deadline.js'
import { migrate } from './migrations.js'
import { openDatabase } from './open.js'
import { RecordWriter, writeRequests } from './record-writer.js'
import { isStored, rowOf } from './request-row.js'
import { RuntimeKeys } from './runtime-keys.js'
import type { Database } from './tables.js'

/** Milliseconds after which a change of another instance is seen. */
const pollMs = 1000
const maxPollMs = 10_000
/** Milliseconds to wait for the database at start, and for the last records at the end. */
const startMs = 5000
const endMs = 5000
/** Milliseconds to wait for the last prices. */
const priceMs = 500
const pruneMs = 3_600_000
const dayMs = 86_400_000

/** Options of a gateway's database. */
export interface DatabaseOptions {
  address: string
  /** Days that single requests are kept. */
  keepRequests: number
}

export class GatewayDatabase {
  readonly keys = new RuntimeKeys()
  readonly records: RecordWriter
  #db: Database | undefined
  #timer: NodeJS.Timeout | undefined
  #pauseMs = pollMs
  readonly #failing = new Set<'reading' | 'writing'>()
  #isOpened = false
  #isClosed = false
  #isMigrated = false
  #pruned = 0
  /** Adds the records that wait for their price. */
  readonly #unpriced = new Map<() => void, Promise<void>>()
  readonly #opened: Promise<void>

  /** Days that single requests are kept. */
  keepRequests: number

  constructor(private readonly options: DatabaseOptions) {
    this.keepRequests = options.keepRequests
    this.records = new RecordWriter({
      write: (rows) => writeRequests(this.open(), rows),
      onChange: (problem) => this.#report('writing', problem),
      onLost: (rows) =>
        console.error(`${rows} records of requests were not stored, because the database could not be used.`),
    })
    this.#opened = this.#poll()
    this.#opened.catch(() => {})
  }

  /** Whether reading and writing work. */
  get isUp(): boolean {
    return this.#isOpened && this.#failing.size === 0
  }

  /**
   * Waits for the database, a few seconds at most.
   * @throws {LlmError} `config` if the address is wrong or a driver is missing
   */
  async ready(): Promise<void> {
    await withDeadline(startMs, this.#opened).catch((error) => {
      if (isLlmError(error, 'config')) throw error
    })
  }

  /**
   * The open database.
   * @throws {LlmError} `network` (503) before it is open
   */
  open(): Database {
    if (this.#db !== undefined && this.keys.isLoaded) return this.#db
    throw unreachable()
  }

  /**
   * The result of work with the database.
   * @throws {LlmError} `network` (503) if it cannot be reached
   */
  async use<T>(work: (db: Database) => Promise<T>): Promise<T> {
    try {
      return await work(this.open())
    } catch (cause) {
      throw isLlmError(cause) ? cause : unreachable(cause)
    }
  }

  /** Changes keys or teams, and lets all instances know. */
  async change<T>(work: (db: Database) => Promise<T>): Promise<T> {
    const result = await this.use((db) =>
      db.transaction().execute(async (transaction) => {
        // First, so that changes wait for each other here.
        await transaction
          .updateTable('patchbay_changes')
          .set((eb) => ({ version: eb('version', '+', 1) }))
          .execute()
        return work(transaction)
      }),
    )
    // The change is made: what fails now is reported, and read again, by the next look.
    await this.use((db) => this.keys.refresh(db)).catch(() => {})
    return result
  }

  /** Stores the record of a request soon. `price`: of its usage, if the record has no cost. */
  add(record: RequestRecord, price?: () => Promise<number | undefined>): void {
    if (!isStored(record)) return
    const add = (usd?: number) => this.records.add(rowOf(record, usd))
    if (price === undefined || record.cost !== undefined) return add()
    const addOnce = (usd?: number) => {
      if (this.#unpriced.delete(addOnce)) add(usd)
    }
    this.#unpriced.set(
      addOnce,
      price().then(addOnce, () => addOnce()),
    )
  }

  /** Writes the last records and closes the database, within a few seconds. */
  async close(): Promise<void> {
    this.#isClosed = true
    clearTimeout(this.#timer)
    await withDeadline(priceMs, Promise.all(this.#unpriced.values())).catch(() => {})
    for (const add of this.#unpriced.keys()) add()
    await withDeadline(endMs, this.records.close()).catch(() => {})
    await withDeadline(endMs, this.#db?.destroy() ?? Promise.resolve()).catch(() => {})
  }

  /** Opens the database if needed, reads what has changed, and plans the next time. */
  async #poll(): Promise<void> {
    try {
      const db = (this.#db ??= await openDatabase(this.options.address))
      if (!this.#isMigrated) await migrate(db)
      this.#isMigrated = true
      await this.keys.refresh(db)
      await this.#prune(db)
      this.#pauseMs = pollMs
      this.#isOpened = true
      this.#report('reading', undefined)
    } catch (error) {
      // Nothing but a restart mends it.
      if (isLlmError(error, 'config')) throw error
      if (this.#isClosed) return
      // A thread or a pool that has failed may not come back: the next time opens another one.
      await this.#abandon()
      this.#pauseMs = Math.min(this.#pauseMs * 2, maxPollMs)
      this.#report('reading', error)
    }
    if (!this.#isClosed)
      this.#timer = setTimeout(() => void this.#poll().catch(() => {}), this.#pauseMs).unref()
  }

  async #abandon(): Promise<void> {
    const db = this.#db
    this.#db = undefined
    this.#isMigrated = false
    await withDeadline(endMs, db?.destroy() ?? Promise.resolve()).catch(() => {})
  }

  async #prune(db: Database): Promise<void> {
    const now = Date.now()
    if (now - this.#pruned < pruneMs) return
    this.#pruned = now
    await db
      .deleteFrom('patchbay_requests')
      .where('at', '<', now - this.keepRequests * dayMs)
      .execute()
  }

  /** Says once that reading or writing fails, and once that both work again. */
  #report(part: 'reading' | 'writing', problem: unknown): void {
    const wasFailing = this.#failing.size > 0
    if (problem === undefined) this.#failing.delete(part)
    else this.#failing.add(part)
    const isFailing = this.#failing.size > 0
    if (isFailing === wasFailing) return
    if (!isFailing) return console.error('The database can be used again.')
    const why = withoutKeys(problem instanceof Error ? problem.message : String(problem))
    console.error(
      `The database cannot be used: ${why}. Calls go on; ${this.records.waiting} records wait, at most 10,000 are kept.`,
    )
  }
}

function unreachable(cause?: unknown): LlmError {
  const message = "The gateway's database cannot be reached. Try again later."
  return new LlmError('network', message, { status: 503, cause })
}
