// Cache of calibrations: measurements of this machine by model, in a JSON file that several processes may write, and how long each is valid.
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

/** A measurement, and what tells whether it still holds. */
export interface Measurement {
  threads: number
  batchSize: number
  /** Time of one decoding step, in milliseconds. */
  stepMs: number
  /** The times, for people. */
  why: string
  /** Version of the engine that was measured. */
  engine: string
  /** Milliseconds since 1970. */
  measuredAt: number
  /** Other programs took the cores while it was measured. */
  busy: boolean
}

const hour = 3_600_000
/** How long a result is believed: drivers, kernels and neighbours change. One of a busy machine is measured again sooner. */
const lifetimeMs = { quiet: 30 * 24 * hour, busy: hour }

export class CalibrationCache {
  constructor(
    private readonly dir: string | undefined,
    private readonly key: string,
  ) {}

  /** The last measurement, if this engine made it and it is not too old. */
  async read(engine: string, now = Date.now()): Promise<Measurement | undefined> {
    const known = (await this.#all())[this.key]
    if (known === undefined || known.engine !== engine) return undefined
    const age = now - known.measuredAt
    return age >= 0 && age < lifetimeMs[known.busy ? 'busy' : 'quiet'] ? known : undefined
  }

  /** Stores a measurement; without one, forgets the last. */
  async write(measurement: Measurement | undefined): Promise<void> {
    if (this.dir === undefined) return
    try {
      const { [this.key]: _, ...others } = await this.#all()
      await mkdir(this.dir, { recursive: true })
      const draft = join(this.dir, `calibration.${process.pid}.tmp`)
      await writeFile(draft, JSON.stringify({ ...others, [this.key]: measurement }, null, 2))
      await rename(draft, join(this.dir, 'calibration.json'))
    } catch {
      // A read-only folder only costs a measurement at each start.
    }
  }

  async #all(): Promise<Record<string, Measurement>> {
    if (this.dir === undefined) return {}
    try {
      const file: unknown = JSON.parse(await readFile(join(this.dir, 'calibration.json'), 'utf8'))
      return Object.fromEntries(Object.entries(file ?? {}).filter(([, entry]) => isMeasurement(entry)))
    } catch {
      // Missing or not readable: measure again.
      return {}
    }
  }
}

// Far above every machine and every batch that is tried: a number beyond comes from a damaged file, and the engine would take its memory for it.
const most = { threads: 4096, batchSize: 65_536 }

function isMeasurement(entry: unknown): entry is Measurement {
  const { threads, batchSize, stepMs, why, engine, measuredAt, busy } = (entry ?? {}) as Partial<
    Record<keyof Measurement, unknown>
  >
  return (
    isCount(threads, most.threads) &&
    isCount(batchSize, most.batchSize) &&
    [stepMs, measuredAt].every((value) => Number.isFinite(value) && Number(value) >= 0) &&
    [why, engine].every((value) => typeof value === 'string') &&
    typeof busy === 'boolean'
  )
}

function isCount(value: unknown, max: number): boolean {
  return Number.isInteger(value) && Number(value) > 0 && Number(value) <= max
}
