// Worker: takes the calls of a queue as jobs of BullMQ, and does them with a provider.
import { randomUUID } from 'node:crypto'
import { isLlmError, LlmError, type Provider } from '@patchbay/core'
import type { Job } from 'bullmq'
import { type WorkerOptions, workerSettings } from '../options.js'
import { BullWorker, Connections, leaveJob } from '../redis/bull-worker.js'
import { type Connection, unreachable } from '../redis/connection.js'
import { baseOf, bullName, mailboxOf } from '../redis/keys.js'
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
  /** Calls that were aborted while Redis told that they had begun. */
  readonly #abortedEarly = new Set<string>()
  readonly #settings: ReturnType<typeof workerSettings>
  readonly #base: string
  readonly #connections: Connections
  readonly #bull: BullWorker<JobData>
  #closing: Promise<void> | undefined
  #redis!: Connection
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
    this.#connections = new Connections(this.#settings.redis)
    this.#bull = new BullWorker(this.#connections)
  }

  async open(): Promise<void> {
    const { name, redis: url, lease } = this.#settings
    try {
      this.#redis = await this.#connections.open()
      const reader = await this.#connections.open({ commandTimeout: undefined })
      await this.#renew()
      // What keeps it from working is found by the heartbeat.
      await this.#bull.open(bullName(name), this.#settings, (job) => this.#do(job))
      void readMailbox(
        reader,
        mailboxOf(name, this.#id),
        (letter) => this.#receive(letter),
        () => this.#connections.isClosed,
      )
      this.#heartbeat = setInterval(() => void this.#renew().catch(() => {}), heartbeatMs(lease))
    } catch (error) {
      this.#closing ??= this.#bull.abandon()
      await this.#closing
      throw isLlmError(error) ? error : unreachable(url, error)
    }
  }

  /** Takes no more calls, finishes those that are running, and closes the connections. */
  close(): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  async #close(): Promise<void> {
    await this.#bull.close(async (isInOrder) => {
      clearInterval(this.#heartbeat)
      if (isInOrder) await this.#run(removeMailbox, [this.#id]).catch(() => {})
    })
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
        if (this.#closing !== undefined) throw leaveJob()
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
    if (this.#failing || this.#closing !== undefined) return
    this.#failing = true
    try {
      this.#settings.onError(unreachable(this.#settings.redis, error))
    } catch {
      // The app's own problem must not end the worker.
    }
  }
}
