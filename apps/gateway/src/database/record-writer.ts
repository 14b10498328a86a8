// Writes finished requests to the database, beside the path of calls: batched, with a bound on what waits. A database that is
// slow, full or gone delays no call.
import type { Database, RequestRow, SpendRow } from './tables.js'

/** Milliseconds between writes. What a killed process loses is what ended since the last write. */
const writeMs = 500
/** Rows of one write. */
const batchSize = 500
/** Rows that may wait for a database that is gone; more are lost, and counted. */
const maxWaiting = 10_000
const maxPauseMs = 10_000

/** Where the rows go. */
export interface RecordTarget {
  /** @throws {Error} while the database cannot be used */
  write(rows: readonly RequestRow[]): Promise<void>
  /** Called when writing fails for the first time, and with `undefined` when it works again. */
  onChange(problem: unknown | undefined): void
  /** Called with the number of rows that are lost. */
  onLost(rows: number): void
}

export class RecordWriter {
  #waiting: RequestRow[] = []
  #timer: NodeJS.Timeout | undefined
  #writing: Promise<void> | undefined
  #pauseMs = writeMs
  #failing = false
  #lostNow = 0
  written = 0
  lost = 0

  constructor(private readonly target: RecordTarget) {}

  /** Rows that are not written yet. */
  get waiting(): number {
    return this.#waiting.length
  }

  /** Takes a row to write soon. */
  add(row: RequestRow): void {
    if (this.#waiting.length >= maxWaiting) {
      this.lost++
      this.#lostNow++
      return
    }
    this.#waiting.push(row)
    if (this.#waiting.length >= batchSize && !this.#failing) void this.#writeAll()
    else this.#schedule()
  }

  /** Writes what waits, once. What cannot be written is lost. */
  async close(): Promise<void> {
    clearTimeout(this.#timer)
    await this.#writing
    await this.#writeAll()
    clearTimeout(this.#timer)
    this.lost += this.#waiting.length
    if (this.#waiting.length + this.#lostNow > 0) this.target.onLost(this.#waiting.length + this.#lostNow)
    this.#waiting = []
  }

  #schedule(): void {
    this.#timer ??= setTimeout(() => void this.#writeAll(), this.#pauseMs).unref()
  }

  #writeAll(): Promise<void> {
    clearTimeout(this.#timer)
    this.#timer = undefined
    this.#writing ??= this.#batches().finally(() => {
      this.#writing = undefined
      if (this.#waiting.length > 0) this.#schedule()
    })
    return this.#writing
  }

  async #batches(): Promise<void> {
    while (this.#waiting.length > 0) {
      const batch = this.#waiting.slice(0, batchSize)
      try {
        await this.target.write(batch)
      } catch (error) {
        if (!this.#failing) this.target.onChange(error)
        this.#failing = true
        this.#pauseMs = Math.min(this.#pauseMs * 2, maxPauseMs)
        return
      }
      this.#waiting.splice(0, batch.length)
      this.written += batch.length
      if (this.#lostNow > 0) this.target.onLost(this.#lostNow)
      if (this.#failing) this.target.onChange(undefined)
      this.#failing = false
      this.#lostNow = 0
      this.#pauseMs = writeMs
    }
  }
}

/** Writes rows and adds them to the sums, in one transaction. A row that an earlier, interrupted write did commit is not counted again. */
export async function writeRequests(db: Database, rows: readonly RequestRow[]): Promise<void> {
  await db.transaction().execute(async (transaction) => {
    const fresh = await transaction
      .insertInto('patchbay_requests')
      .values([...rows])
      .onConflict((conflict) => conflict.column('id').doNothing())
      .returning('id')
      .execute()
    const ids = new Set(fresh.map(({ id }) => id))
    const sums = sumsOf(rows.filter(({ id }) => ids.has(id)))
    if (sums.length === 0) return
    await transaction
      .insertInto('patchbay_spend')
      .values(sums)
      .onConflict((conflict) =>
        conflict.columns(['day', 'key', 'team', 'provider', 'model']).doUpdateSet((eb) => {
          const added = (name: (typeof counts)[number]) =>
            eb(`patchbay_spend.${name}`, '+', eb.ref(`excluded.${name}`))
          return {
            requests: added('requests'),
            errors: added('errors'),
            input_tokens: added('input_tokens'),
            output_tokens: added('output_tokens'),
            cached_input_tokens: added('cached_input_tokens'),
            usd: added('usd'),
          }
        }),
      )
      .execute()
  })
}

const counts = [
  'requests',
  'errors',
  'input_tokens',
  'output_tokens',
  'cached_input_tokens',
  'usd',
] as const satisfies (keyof SpendRow)[]

/** The sums by day, key, team, provider and model: in one order, so that instances that write together do not wait for each other in a circle. */
function sumsOf(rows: readonly RequestRow[]): SpendRow[] {
  const sums = new Map<string, SpendRow>()
  for (const row of rows) {
    const day = new Date(row.at).toISOString().slice(0, 10)
    const [key, team, provider, model] = [row.key, row.team, row.provider, row.answered_by].map(
      (name) => name ?? '',
    ) as [string, string, string, string]
    const name = JSON.stringify([day, key, team, provider, model])
    const zero = { requests: 0, errors: 0, input_tokens: 0, output_tokens: 0, cached_input_tokens: 0, usd: 0 }
    const sum = sums.get(name) ?? { day, key, team, provider, model, ...zero }
    sum.requests++
    if (row.error !== null || row.status >= 400) sum.errors++
    // An answer from a cache used no tokens of the provider.
    if (row.cached === null) {
      sum.input_tokens += row.input_tokens ?? 0
      sum.output_tokens += row.output_tokens ?? 0
      sum.cached_input_tokens += row.cached_input_tokens ?? 0
      sum.usd += row.usd ?? 0
    }
    sums.set(name, sum)
  }
  return [...sums].sort(([one], [other]) => (one < other ? -1 : 1)).map(([, sum]) => sum)
}
