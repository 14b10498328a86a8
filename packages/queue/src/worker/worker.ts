// Worker: takes the calls of a queue as jobs of BullMQ, and does them with a provider.
import { randomUUID } from 'node:crypto'
import { isLlmError, LlmError, type Provider } from '@patchbay/core'
import type { Job, Worker } from 'bullmq'
import { type WorkerOptions, workerSettings } from '../options.js'
import { closeWorker } from '../redis/close-worker.js'
import { type Connection, connect, disconnect, replyMs, unreachable, within } from '../redis/connection.js'
import { baseOf, bullName, bullOptions, mailboxOf } from '../redis/keys.js'
import { type Letter, readMailbox } from '../redis/mailbox.js'
import { begin, heartbeatMs, post, removeMailbox, renewWorker, type Script } from '../redis/scripts.js'
import { toWireError } from '../wire/errors.js'
import type { JobData } from '../wire/job.js'
import { Outbox } from './outbox.js'
import { runBatched } from './run-batched.js'
import { runOperation } from './run-operation.js'

// A call that so many workers died of is not given to another one.
const mostAttempts = 3

interface Attempt {
  token: string
  outbox: Outbox
  controller: AbortController
}

export class CallWorker {
  readonly #id = randomUUID()
  readonly #attempts = new Map<string, Attempt>()
  readonly #running = new Set<Promise<void>>()
  /** Calls that were aborted while Redis told that they had begun. */
  readonly #abortedEarly = new Set<string>()
  readonly #settings: ReturnType<typeof workerSettings>
  readonly #base: string
  #closing: Promise<void> | undefined
  #ended = false
  #redis!: Connection
  #connections: Connection[] = []
  #bull: Worker<JobData> | undefined
  #heartbeat: ReturnType<typeof setInterval> | undefined
  #heardAt = Date.now()
  #failing = false

  constructor(
    name: string,
    private readonly provider: Provider,
    options: WorkerOptions,
  ) {
    this.#settings = workerSettings(name, options)
    this.#base = baseOf(name)
  }

  async open(): Promise<void> {
    const { name, redis: url, lease, concurrency } = this.#settings
    const { Worker } = await import('bullmq')
    const open = async (options = {}) => {
      const redis = await connect(url, { keep: () => !this.#ended, ...options })
      this.#connections.push(redis)
      return redis
    }
    try {
      this.#redis = await open()
      const reader = await open({ commandTimeout: undefined })
      // BullMQ waits for jobs with commands that block, and for as long as it takes.
      const jobs = await open({ commandTimeout: undefined })
      const duplicate = jobs.duplicate.bind(jobs) as (...given: unknown[]) => Connection
      jobs.duplicate = (...given: unknown[]) => {
        const own = duplicate(...given)
        this.#connections.push(own)
        return own as never
      }
      await this.#renew()
      const bull = new Worker<JobData>(bullName(name), (job) => this.#track(this.#do(job)), {
        prefix: bullOptions.prefix,
        connection: jobs,
        concurrency,
        lockDuration: lease,
        stalledInterval: lease / 2,
        // Whether a call may be tried again is decided when it begins.
        maxStalledCount: Number.MAX_SAFE_INTEGER,
        runRetryDelay: 1000,
        removeOnComplete: { count: 0 },
        removeOnFail: { count: 0 },
      })
      // What keeps it from working is found by the heartbeat, too.
      this.#bull = bull
      bull.on('error', () => {})
      await bull.waitUntilReady()
      void readMailbox(
        reader,
        mailboxOf(name, this.#id),
        (letter) => this.#receive(letter),
        () => this.#ended,
      )
      this.#heartbeat = setInterval(() => void this.#renew().catch(() => {}), heartbeatMs(lease))
    } catch (error) {
      const closed = this.#bull?.close(true).catch(() => {})
      await this.#disconnect()
      if (closed !== undefined) await within(replyMs, closed)
      throw isLlmError(error) ? error : unreachable(url, error)
    }
  }

  /** Takes no more calls, finishes those that are running, and closes the connections. */
  close(): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  async #close(): Promise<void> {
    await closeWorker(this.#bull, this.#running, async (isClosed) => {
      clearInterval(this.#heartbeat)
      if (isClosed) await this.#run(removeMailbox, [this.#id]).catch(() => {})
      await this.#disconnect()
    })
  }

  async #disconnect(): Promise<void> {
    this.#ended = true
    await Promise.all(this.#connections.map(disconnect))
  }

  #track(work: Promise<void>): Promise<void> {
    const running = work.catch(() => {}).finally(() => this.#running.delete(running))
    this.#running.add(running)
    return work
  }

  async #do(job: Job<JobData>): Promise<void> {
    if (job.data.batch !== undefined) {
      const steps = (script: Script, args: readonly (string | number)[]) => this.#persist(script, args)
      return runBatched(this.provider, job.data, job.data.batch, mostAttempts, steps)
    }
    const id = job.id as string
    const token = randomUUID()
    const args = [id, this.#id, mostAttempts, token]
    const [isMine = 0, leftMs = 0] = (await this.#persist(begin, args)) as number[]
    if (isMine === 0 || this.#abortedEarly.delete(id)) return
    const controller = new AbortController()
    const outbox: Outbox = new Outbox((...part) => this.#post(id, [token, ...part], controller, outbox))
    // One of before a failover, of which Redis knows nothing any more.
    this.#abort(id, 'The call was begun again.')
    this.#attempts.set(id, { token, outbox, controller })
    const options = {
      ...job.data.options,
      signal: controller.signal,
      timeout: { total: Math.min(leftMs, this.provider.timeouts?.total ?? leftMs) },
      onStatus: (status: object) => outbox.status(status),
    }
    try {
      const result = await runOperation(this.provider, job.data, options, outbox)
      await outbox.finish('done', result)
    } catch (error) {
      if (!controller.signal.aborted) await outbox.finish('failed', toWireError(error)).catch(() => {})
    } finally {
      if (this.#attempts.get(id)?.token === token) this.#attempts.delete(id)
    }
  }

  /** Tries until Redis answers: a job that fails is gone from the queue. */
  async #persist(script: Script, args: readonly (string | number)[]): Promise<unknown> {
    for (;;) {
      try {
        return await this.#run(script, args)
      } catch (error) {
        this.#report(error)
        // To BullMQ, the job is then nobody's: its lock ends, and another worker gets it.
        if (this.#closing !== undefined) throw Object.assign(new Error('closing'), { name: 'WaitingError' })
        await new Promise((resolve) => setTimeout(resolve, 100))
      }
    }
  }

  /** Posts once, however often the connection breaks meanwhile. */
  async #post(
    id: string,
    part: (string | number)[],
    controller: AbortController,
    outbox: Outbox,
  ): Promise<boolean> {
    for (const since = Date.now(); ; ) {
      if (controller.signal.aborted) throw controller.signal.reason
      try {
        if ((await this.#run(post, [id, ...part])) === 1) return true
        this.#stop(controller, 'The caller is gone, or another worker has this call.', outbox)
      } catch (error) {
        this.#report(error)
        if (Date.now() - since > this.#settings.lease)
          this.#stop(controller, 'The Redis of the queue cannot be used.', outbox)
        else await new Promise((resolve) => setTimeout(resolve, 100))
      }
    }
  }

  #receive({ call, kind, body }: Letter): void {
    const attempt = this.#attempts.get(call)
    if (attempt === undefined) {
      if (kind === 'abort') this.#abortedEarly.add(call)
    } else if (kind === 'read') attempt.outbox.read(Number(body))
    else if (kind === 'abort')
      this.#stop(attempt.controller, 'The caller has aborted the call.', attempt.outbox)
  }

  #stop(controller: AbortController, why: string, outbox: Outbox): void {
    controller.abort(new LlmError('aborted', why))
    outbox.read(Number.POSITIVE_INFINITY)
  }

  async #renew(): Promise<void> {
    const running = [...this.#attempts].flatMap(([id, { token }]) => [id, token])
    try {
      const stop = (await this.#run(renewWorker, [this.#id, this.#settings.lease, ...running])) as string[]
      this.#heardAt = Date.now()
      this.#failing = false
      // Those of calls that had ended by then.
      this.#abortedEarly.clear()
      for (const id of stop) this.#abort(id, 'The caller is gone, or another worker has this call.')
    } catch (error) {
      this.#report(error)
      // Others count this worker as gone by now.
      if (Date.now() - this.#heardAt > this.#settings.lease)
        for (const id of this.#attempts.keys()) this.#abort(id, 'The Redis of the queue cannot be used.')
      throw error
    }
  }

  #abort(id: string, why: string): void {
    const attempt = this.#attempts.get(id)
    if (attempt !== undefined) this.#stop(attempt.controller, why, attempt.outbox)
  }

  async #run(script: Script, args: readonly (string | number)[]): Promise<unknown> {
    return script.run(this.#redis, this.#base, args)
  }

  /** Tells the app that Redis cannot be used, once each time. */
  #report(error: unknown): void {
    if (this.#failing || this.#ended || this.#closing !== undefined) return
    this.#failing = true
    try {
      this.#settings.onError(unreachable(this.#settings.redis, error))
    } catch {
      // The app's own problem must not end the worker.
    }
  }
}
