// Session: the connections of one caller, opened with his first call, and the heartbeat that keeps his calls alive.
import { randomUUID } from 'node:crypto'
import { LlmError } from '@patchbay/core'
import type { Queue } from 'bullmq'
import type { QueueSettings } from '../options.js'
import { type Connection, connect, disconnect, replyMs, unreachable, unref } from '../redis/connection.js'
import { baseOf, bullName, bullOptions, mailboxOf } from '../redis/keys.js'
import { type Letter, readMailbox } from '../redis/mailbox.js'
import { historyOf, waitForReplica } from '../redis/replication.js'
import {
  acknowledge,
  enter,
  heartbeatMs,
  leave,
  removeMailbox,
  renewCalls,
  type Script,
} from '../redis/scripts.js'
import type { JobData } from '../wire/job.js'
import { Reply } from './reply.js'

/** Who calls, how urgent it is, and until when. */
export interface Turn {
  caller: string
  level: number
  /** Milliseconds until the deadline. */
  leftMs: number
}

// The last priority of BullMQ. Those of calls are below.
const behindCalls = 2 ** 21 - 1

export class Session {
  /** Set when the Redis was lost: the next call opens another session. */
  ended = false
  readonly #id = randomUUID()
  readonly #replies = new Map<string, Reply>()
  /** Calls that are being ended in Redis. */
  readonly #leaving = new Set<Promise<unknown>>()
  readonly #settings: QueueSettings
  readonly #base: string
  #redis!: Connection
  #reader!: Connection
  #queue!: Queue
  #heardAt = Date.now()
  #heartbeat: ReturnType<typeof setInterval> | undefined

  private constructor(settings: QueueSettings) {
    this.#settings = settings
    this.#base = baseOf(settings.name)
  }

  /** @throws {LlmError} `network` if the Redis cannot be reached */
  static async open(settings: QueueSettings): Promise<Session> {
    const session = new Session(settings)
    await session.#open()
    return session
  }

  async #open(): Promise<void> {
    const { redis: url, name, lease } = this.#settings
    // An app that waits for nothing may end: a lost connection is then not opened again.
    const keep = () => !this.ended && this.#replies.size > 0
    const { Queue } = await import('bullmq')
    this.#redis = await connect(url, { keep })
    try {
      // Its reads have no time limit, whose timer would keep the app alive: the heartbeat finds out.
      this.#reader = await connect(url, { keep, commandTimeout: undefined })
    } catch (error) {
      this.#redis.disconnect()
      throw error
    }
    for (const redis of [this.#redis, this.#reader]) {
      unref(redis)
      redis.on('end', () => this.end(unreachable(url, 'the connection was closed')))
    }
    this.#queue = new Queue(bullName(name), { ...bullOptions, connection: this.#redis })
    // Whoever waits for a command gets its error.
    this.#queue.on('error', () => {})
    void readMailbox(
      this.#reader,
      mailboxOf(name, this.#id),
      (letter) => this.#receive(letter),
      () => this.ended,
    )
    this.#heartbeat = setInterval(() => void this.#renew(), heartbeatMs(lease)).unref()
  }

  /**
   * Puts a call into the queue.
   * @throws {LlmError} `queue-full`; `network` if the Redis does not answer
   */
  async submit(
    data: JobData,
    { caller, level, leftMs }: Turn,
  ): Promise<{ id: string; reply: Reply; position: number }> {
    const { bound, lease, name } = this.#settings
    const id = randomUUID()
    const args = [id, bound, this.#id, caller, level, lease, Math.max(0, Math.ceil(leftMs))]
    const [priority = -1, position = 0] = (await this.run(enter, args)) as number[]
    if (priority < 0)
      throw new LlmError(
        'queue-full',
        `The queue ${name} is full: ${position} calls are waiting. Try again later, start more workers, or raise \`bound\`.`,
      )
    const reply = new Reply((characters) => this.#acknowledge(id, characters))
    this.#replies.set(id, reply)
    try {
      await this.#queue.add(data.operation, data, { jobId: id, priority })
      reply.isAdded = true
    } catch (error) {
      this.leave(id)
      throw error instanceof TypeError ? error : unreachable(this.#settings.redis, error)
    }
    return { id, reply, position }
  }

  /** Adds requests of a batch, behind all calls. Harmless to repeat: the ids of the jobs are those of the requests. */
  async addBatch(jobs: readonly JobData[]): Promise<void> {
    const entries = jobs.map((data) => ({
      name: 'batch',
      data,
      opts: { jobId: `${data.batch?.id}.${data.batch?.index}`, priority: behindCalls },
    }))
    for (let tries = 1; ; tries++) {
      try {
        await this.#queue.addBulk(entries)
        return
      } catch (error) {
        if (error instanceof TypeError) throw error
        // Many of them keep a slow Redis busy for a while.
        if (this.ended || tries === 3) throw unreachable(this.#settings.redis, error)
      }
    }
  }

  /**
   * Writes something that nobody waits for, and that a failover must not lose once it is accepted: if there is a replica, it has it then.
   * @throws {LlmError} `network` if the Redis does not answer, or failed over meanwhile
   */
  async writeDurably(write: () => Promise<void>): Promise<void> {
    const history = await this.#asked(historyOf(this.#redis))
    await write()
    await this.#asked(waitForReplica(this.#redis, history))
  }

  async #asked<T>(answer: Promise<T>): Promise<T> {
    return answer.catch((error: unknown) => {
      throw unreachable(this.#settings.redis, error)
    })
  }

  /** Ends a call, wherever it is; one whose worker has ended it only forgets its reply. Not waited for. */
  leave(id: string, isOver = false): void {
    if (!this.#replies.delete(id) || isOver) return
    const leaving = this.#tell(leave, [id])
      // A job that a worker has begun with is the worker's to remove.
      .then((begun) => (begun === 0 ? this.#queue.remove(id) : undefined))
      .catch(() => {})
      .finally(() => this.#leaving.delete(leaving))
    this.#leaving.add(leaving)
  }

  /** Ends the session: its calls fail with this error. */
  end(error: LlmError): void {
    if (this.ended) return
    this.ended = true
    clearInterval(this.#heartbeat)
    for (const reply of this.#replies.values()) reply.fail(error)
    this.#replies.clear()
    this.#redis.disconnect()
    this.#reader.disconnect()
  }

  async close(): Promise<void> {
    await Promise.all(this.#leaving)
    if (!this.ended) await this.run(removeMailbox, [this.#id]).catch(() => {})
    const closed = Promise.all([disconnect(this.#redis), disconnect(this.#reader)])
    this.end(new LlmError('closed', 'This provider is closed. Make a new one.'))
    await closed
  }

  #receive(letter: Letter): void {
    this.#replies.get(letter.call)?.receive(letter)
  }

  #acknowledge(id: string, characters: number): void {
    const worker = this.#replies.get(id)?.worker
    if (worker !== undefined) this.#tell(acknowledge, [worker, id, characters]).catch(() => {})
  }

  async #renew(): Promise<void> {
    const calls = [...this.#replies].flatMap(([id, { isAdded }]) => [id, isAdded ? 1 : 0])
    if (calls.length === 0) {
      this.#heardAt = Date.now()
      return
    }
    try {
      const gone = await this.run(renewCalls, [this.#id, this.#settings.lease, ...calls])
      for (const id of Array.isArray(gone) ? gone : [])
        this.#replies
          .get(String(id))
          ?.fail(
            new LlmError(
              'network',
              'The Redis no longer has this call: it was restarted or emptied, failed over, or did not hear from this process in time. Try again.',
            ),
          )
      this.#heardAt = Date.now()
    } catch (error) {
      // A connection that broke opens again. Others have the rest of the lease to notice one that does not.
      if (Date.now() - this.#heardAt >= replyMs) this.end(error as LlmError)
    }
  }

  /** Runs a step that is harmless to repeat, again if the connection broke meanwhile. */
  async #tell(script: Script, args: readonly (string | number)[]): Promise<unknown> {
    for (const since = Date.now(); ; ) {
      try {
        return await this.run(script, args)
      } catch (error) {
        if (this.ended || Date.now() - since >= replyMs) throw error
        await new Promise((resolve) => setTimeout(resolve, 100).unref())
      }
    }
  }

  /** @throws {LlmError} `network` if the Redis does not answer */
  async run(script: Script, args: readonly (string | number)[]): Promise<unknown> {
    try {
      return await script.run(this.#redis, this.#base, args)
    } catch (error) {
      throw unreachable(this.#settings.redis, error)
    }
  }
}
