// A worker of BullMQ and its connections: opened and closed in bounded time, although BullMQ waits for Redis as long as it takes.
import type { Job, Worker } from 'bullmq'
import { type Connection, connect, disconnect, replyMs, within } from './connection.js'
import { bullOptions } from './keys.js'

/** The connections of one process to one Redis, which are closed together. */
export class Connections {
  readonly #open: Connection[] = []
  #isClosed = false

  constructor(private readonly url: string) {}

  get isClosed(): boolean {
    return this.#isClosed
  }

  /** @throws {LlmError} `network` if the server cannot be reached */
  async open(options: { commandTimeout?: number | undefined } = {}): Promise<Connection> {
    const connection = await connect(this.url, { keep: () => !this.#isClosed, ...options })
    this.#open.push(connection)
    return connection
  }

  /**
   * One for commands that block, for as long as it takes. BullMQ makes more of it, which are closed with the others.
   * @throws {LlmError} `network` if the server cannot be reached
   */
  async openBlocking(): Promise<Connection> {
    const connection = await this.open({ commandTimeout: undefined })
    const duplicate = connection.duplicate.bind(connection) as (...given: unknown[]) => Connection
    connection.duplicate = (...given: unknown[]) => {
      const own = duplicate(...given)
      this.#open.push(own)
      return own as never
    }
    return connection
  }

  async close(): Promise<void> {
    this.#isClosed = true
    await Promise.all(this.#open.map(disconnect))
  }
}

/** What a worker tells. */
interface WorkerEvents {
  /** Redis cannot be used. */
  error?(error: Error): void
  /** Redis can be used again. */
  ready?(): void
}

/** A worker that takes jobs of a name. Whether one may be done again is for `work` to say. */
export class BullWorker<Data> {
  readonly #running = new Set<Promise<void>>()
  #worker: Worker<Data> | undefined

  constructor(private readonly connections: Connections) {}

  /**
   * Resolves when it takes jobs.
   * @throws {LlmError} `network` if the server cannot be reached
   */
  async open(
    name: string,
    { lease, concurrency }: { lease: number; concurrency: number },
    work: (job: Job<Data>) => Promise<void>,
    { error = () => {}, ready = () => {} }: WorkerEvents = {},
  ): Promise<void> {
    const { Worker } = await import('bullmq')
    const connection = await this.connections.openBlocking()
    this.#worker = new Worker<Data>(name, (job) => this.#track(work(job)), {
      prefix: bullOptions.prefix,
      connection,
      concurrency,
      lockDuration: lease,
      stalledInterval: lease / 2,
      maxStalledCount: Number.MAX_SAFE_INTEGER,
      runRetryDelay: 1000,
      removeOnComplete: { count: 0 },
      removeOnFail: { count: 0 },
    })
    this.#worker.on('error', error)
    connection.on('ready', ready)
    await this.#worker.waitUntilReady()
  }

  /** Takes no more jobs; those that run go on. */
  async pause(): Promise<void> {
    await this.#worker?.pause(true).catch(() => {})
  }

  /**
   * Takes no more jobs, waits for those that run, and then for Redis, but only for as long as a reply may take. `last` is done
   * before the connections are closed; it is told whether Redis has answered. What is not put in order there ends by itself: locks and
   * leases run out.
   */
  async close(last: (isInOrder: boolean) => Promise<void> = async () => {}): Promise<void> {
    const closed = this.#closeWorker()
    let isClosed = false
    // A job may have come just before.
    do {
      await Promise.all(this.#running)
      isClosed = await within(replyMs, closed)
    } while (!isClosed && this.#running.size > 0)
    await last(isClosed)
    await this.connections.close()
    await within(replyMs, closed)
  }

  /** After `open` has failed: nothing runs. */
  async abandon(): Promise<void> {
    const closed = this.#closeWorker(true)
    await this.connections.close()
    await within(replyMs, closed)
  }

  #closeWorker(force = false): Promise<void> {
    return Promise.resolve(this.#worker?.close(force)).catch(() => {})
  }

  #track(work: Promise<void>): Promise<void> {
    const running = work.catch(() => {}).finally(() => this.#running.delete(running))
    this.#running.add(running)
    return work
  }
}

/** For a job that does not end in Redis: its lock runs out, and it is taken again. BullMQ knows such errors by their name. */
export function leaveJob(): Error {
  return Object.assign(new Error('left'), { name: 'WaitingError' })
}
