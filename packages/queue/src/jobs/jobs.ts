// Jobs that nobody waits for: kept in Redis until one of the processes of a name has done them, whichever dies meanwhile.
import { isLlmError } from '@patchbay/core'
import type { Job, Queue, Worker } from 'bullmq'
import { type WorkerOptions, workerSettings } from '../options.js'
import { type Connection, connect, disconnect, replyMs, unreachable, within } from '../redis/connection.js'
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

/** Does a job; `'leave'` leaves it to another process, or to this one later. */
export type DoJob = (job: QueuedJob) => Promise<'done' | 'leave'>

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
  /** Takes no more jobs, waits for those that run, and closes the connections. */
  close(): Promise<void>
}

type Data = Omit<QueuedJob, 'id'>

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
  #ended = false
  #closing: Promise<void> | undefined

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
      this.#worker = new Worker<Data>(bullName(jobsName(name)), (job) => this.#do(job), {
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
      this.#worker.on('error', (error) => this.#report(error))
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

  async #do({ id = '', data }: Job<Data>): Promise<void> {
    if ((await this.work({ id, ...data }).catch(() => 'leave')) === 'leave') throw left()
    await this.#run(freePlace, [id, data.owner]).catch(() => {})
  }

  async #close(): Promise<void> {
    // Waits for what runs, which has its own deadline.
    await this.#worker?.close().catch(() => {})
    this.#ended = true
    await within(replyMs, Promise.all(this.#connections.map(disconnect)))
  }

  #report(error: Error): void {
    if (this.#ended || this.#closing !== undefined) return
    try {
      this.#settings.onError(unreachable(this.#settings.redis, error))
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
