// Jobs that nobody waits for: kept in Redis until one of the processes of a name has done them, whichever dies meanwhile.
import { isLlmError, LlmError } from '@patchbay/core'
import type { Job, Queue } from 'bullmq'
import { type WorkerOptions, workerSettings } from '../options.js'
import { BullWorker, Connections, leaveJob } from '../redis/bull-worker.js'
import { type Connection, unreachable } from '../redis/connection.js'
import { freePlace, takePlace } from '../redis/job-scripts.js'
import { baseOf, bullName, bullOptions, jobsName } from '../redis/keys.js'
import type { Script } from '../redis/scripts.js'

/** A job: text that its process understands. */
export interface QueuedJob {
  /** Unique: a job of an id that is there already is not added again. */
  id: string
  /** Whose it is: an owner may have so many at a time. */
  owner: string
  data: string
}

/**
 * Does a job; `'leave'` leaves it to another process, or to this one later. What it throws goes to `onError`, and the job is tried again
 * after the `lease`: up to five times, by whichever process; then it is given up. `isLastTry`: it is given up if this time throws, too.
 */
export type DoJob = (job: QueuedJob & { isLastTry: boolean }) => Promise<'done' | 'leave'>

/** Jobs of a name, as one process sees them. */
export interface Jobs {
  /**
   * Adds a job. `most`: how many its owner may have; `keep`: milliseconds after which it no longer counts, at the latest. False if the owner
   * has too many.
   * @throws {LlmError} `network` if the Redis does not answer
   */
  add(job: QueuedJob, limits: { most: number; keep: number }): Promise<boolean>
  /**
   * Takes back a job that no process has begun. False if one has, or it is done.
   * @throws {LlmError} `network` if the Redis does not answer
   */
  remove(job: Pick<QueuedJob, 'id' | 'owner'>): Promise<boolean>
  /** Takes no more jobs; those that run go on. */
  pause(): Promise<void>
  /** Takes no more jobs, waits for those that run, and closes the connections; a Redis that does not answer keeps it for seconds. */
  close(): Promise<void>
}

interface Data extends Omit<QueuedJob, 'id'> {
  /** How often its work has thrown. */
  thrown?: number
}

/** A job whose work has thrown so often is given up: a mistake in the work would be repeated for ever. */
const mostThrown = 5

/**
 * Opens the jobs of a name, and does them with `work`, as many at a time as `concurrency` says. A job whose process dies is given to another
 * one after the `lease`: `work` must know what it has begun before. Resolves when it takes jobs.
 * @throws {LlmError} `network` if the Redis cannot be reached; `config` for invalid options
 * @example
 * const answers = await jobs('answers', async ({ data }) => { await answer(JSON.parse(data)); return 'done' })
 * await answers.add({ id: randomUUID(), owner: 'ann', data: '{}' }, { most: 100, keep: 3_600_000 })
 */
export async function jobs(name: string, work: DoJob, options: WorkerOptions = {}): Promise<Jobs> {
  const opened = new OpenJobs(name, work, options)
  await opened.open()
  return opened
}

class OpenJobs implements Jobs {
  readonly #settings: ReturnType<typeof workerSettings>
  readonly #base: string
  readonly #connections: Connections
  readonly #worker: BullWorker<Data>
  #redis!: Connection
  #queue!: Queue<Data>
  #closing: Promise<void> | undefined
  /** Redis cannot be used, and this was told. */
  #failing = false

  constructor(
    name: string,
    private readonly work: DoJob,
    options: WorkerOptions,
  ) {
    this.#settings = workerSettings(name, options)
    this.#base = baseOf(jobsName(name))
    this.#connections = new Connections(this.#settings.redis)
    this.#worker = new BullWorker(this.#connections)
  }

  async open(): Promise<void> {
    const { name, redis: url } = this.#settings
    try {
      const { Queue } = await import('bullmq')
      this.#redis = await this.#connections.open()
      this.#queue = new Queue<Data>(bullName(jobsName(name)), { ...bullOptions, connection: this.#redis })
      this.#queue.on('error', () => {})
      await this.#worker.open(bullName(jobsName(name)), this.#settings, (job) => this.#do(job), {
        error: (error) => this.#reportRedis(error),
        ready: () => {
          this.#failing = false
        },
      })
    } catch (error) {
      this.#closing ??= this.#worker.abandon()
      await this.#closing
      throw isLlmError(error) ? error : unreachable(url, error)
    }
  }

  async add({ id, ...data }: QueuedJob, { most, keep }: { most: number; keep: number }): Promise<boolean> {
    if ((await this.#run(takePlace, [id, data.owner, most, keep])) === 0) return false
    try {
      await this.#queue.add('job', data, { jobId: id })
    } catch (error) {
      await this.#run(freePlace, [id, data.owner]).catch(() => {})
      throw unreachable(this.#settings.redis, error)
    }
    return true
  }

  async remove({ id, owner }: Pick<QueuedJob, 'id' | 'owner'>): Promise<boolean> {
    try {
      const job = await this.#queue.getJob(id)
      if (job === undefined) return false
      await job.remove()
    } catch (error) {
      // A process has it.
      if (String(error).includes('locked')) return false
      throw unreachable(this.#settings.redis, error)
    }
    await this.#run(freePlace, [id, owner])
    return true
  }

  pause(): Promise<void> {
    return this.#worker.pause()
  }

  close(): Promise<void> {
    this.#closing ??= this.#worker.close()
    return this.#closing
  }

  async #do(job: Job<Data>): Promise<void> {
    this.#failing = false
    const { id = '', data } = job
    const { thrown = 0, ...rest } = data
    let how: 'done' | 'leave'
    try {
      how = await this.work({ id, ...rest, isLastTry: thrown + 1 >= mostThrown })
    } catch (error) {
      how = await this.#afterThrown(job, error)
    }
    if (how === 'leave') throw leaveJob()
    await this.#run(freePlace, [id, data.owner]).catch(() => {})
  }

  /** Tells what the work has thrown, and counts it where every process sees it. */
  async #afterThrown(job: Job<Data>, error: unknown): Promise<'done' | 'leave'> {
    const thrown = (job.data.thrown ?? 0) + 1
    const isGivenUp = thrown >= mostThrown
    const why = error instanceof Error ? error.message : String(error)
    const next = isGivenUp
      ? `It is given up: it has failed ${thrown} times.`
      : `It is tried again in about ${Math.ceil(this.#settings.lease / 1000)} seconds.`
    const about = `The job ${job.id} of ${this.#settings.name} has failed: ${why}`
    this.#report(
      new LlmError(isLlmError(error) ? error.code : 'server-error', `${about}\n${next}`, { cause: error }),
    )
    if (isGivenUp) return 'done'
    // Not counted if Redis does not answer.
    await job.updateData({ ...job.data, thrown }).catch(() => {})
    return 'leave'
  }

  /** Tells that Redis cannot be used, once each time. */
  #reportRedis(error: Error): void {
    // A job that another process has by now: `work` knows what that means.
    if (/\block\b/.test(error.message)) return
    if (this.#failing) return
    this.#failing = true
    this.#report(unreachable(this.#settings.redis, error))
  }

  #report(error: LlmError): void {
    if (this.#closing !== undefined) return
    try {
      this.#settings.onError(error)
    } catch {
      // The app's own problem must not end the worker.
    }
  }

  async #run(script: Script, args: readonly (string | number)[]): Promise<unknown> {
    try {
      return await script.run(this.#redis, this.#base, args)
    } catch (error) {
      throw unreachable(this.#settings.redis, error)
    }
  }
}
