// Jobs that nobody waits for: kept in Redis until one of the processes of a name has done them, whichever dies meanwhile.
import { isLlmError, LlmError } from '@patchbay/core'
import type { Job, Queue, Worker } from 'bullmq'
import { type WorkerOptions, workerSettings } from '../options.js'
import { closeWorker } from '../redis/close-worker.js'
import { type Connection, connect, disconnect, unreachable } from '../redis/connection.js'
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

/** Each end of a job that is not its end in Redis: its lock runs out, and it is taken again. */
const left = () => Object.assign(new Error('left'), { name: 'WaitingError' })

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
  #connections: Connection[] = []
  #redis!: Connection
  #queue!: Queue<Data>
  #worker!: Worker<Data>
  readonly #running = new Set<Promise<void>>()
  #ended = false
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
  }

  async open(): Promise<void> {
    const { name, redis: url, lease, concurrency } = this.#settings
    const { Queue, Worker } = await import('bullmq')
    const open = async (more = {}) => {
      const redis = await connect(url, { keep: () => !this.#ended, ...more })
      this.#connections.push(redis)
      return redis
    }
    try {
      this.#redis = await open()
      // It waits for jobs with commands that block, and for as long as it takes.
      const blocking = await open({ commandTimeout: undefined })
      const duplicate = blocking.duplicate.bind(blocking) as (...given: unknown[]) => Connection
      blocking.duplicate = (...given: unknown[]) => {
        const own = duplicate(...given)
        this.#connections.push(own)
        return own as never
      }
      this.#queue = new Queue<Data>(bullName(jobsName(name)), { ...bullOptions, connection: this.#redis })
      this.#queue.on('error', () => {})
      this.#worker = new Worker<Data>(bullName(jobsName(name)), (job) => this.#track(this.#do(job)), {
        prefix: bullOptions.prefix,
        connection: blocking,
        concurrency,
        lockDuration: lease,
        stalledInterval: lease / 2,
        // Whether a job may be done again is for `work` to say.
        maxStalledCount: Number.MAX_SAFE_INTEGER,
        runRetryDelay: 1000,
        removeOnComplete: { count: 0 },
        removeOnFail: { count: 0 },
      })
      this.#worker.on('error', (error) => this.#reportRedis(error))
      blocking.on('ready', () => {
        this.#failing = false
      })
      await this.#worker.waitUntilReady()
    } catch (error) {
      await this.close()
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

  async pause(): Promise<void> {
    await this.#worker.pause(true).catch(() => {})
  }

  close(): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  #track(work: Promise<void>): Promise<void> {
    const running = work.catch(() => {}).finally(() => this.#running.delete(running))
    this.#running.add(running)
    return work
  }

  async #do(job: Job<Data>): Promise<void> {
    const { id = '', data } = job
    const { thrown = 0, ...rest } = data
    let how: 'done' | 'leave'
    try {
      how = await this.work({ id, ...rest, isLastTry: thrown + 1 >= mostThrown })
    } catch (error) {
      how = await this.#afterThrown(job, error)
    }
    if (how === 'leave') throw left()
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

  async #close(): Promise<void> {
    await closeWorker(this.#worker, this.#running, async () => {
      this.#ended = true
      await Promise.all(this.#connections.map(disconnect))
    })
  }

  /** Tells that Redis cannot be used, once each time. */
  #reportRedis(error: Error): void {
    if (this.#failing) return
    this.#failing = true
    this.#report(unreachable(this.#settings.redis, error))
  }

  #report(error: LlmError): void {
    if (this.#ended || this.#closing !== undefined) return
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
