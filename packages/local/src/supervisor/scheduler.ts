// The owner: one bounded queue in front of one worker. It hands out jobs as sequences come free, and tells callers
// where they stand and how it ended.
import { type CallContext, LlmError } from '@patchbay/core'
import { fromWire, notSendable } from '../errors.js'
import { Queue, type Waiting } from './fair-queue.js'
import { Job, nextId } from './job.js'
import type { ChatJob, JobRequest, ReadyInfo } from './protocol.js'
import { Tally, type WorkerStats } from './stats.js'
import { type JobMessage, type LifeSettings, WorkerLife } from './worker-supervisor.js'

/** What an owner is made with. */
export interface OwnerSettings extends LifeSettings {
  model: string
  queue: number
  whenFull: 'reject' | 'wait'
}

interface Waiter<T> {
  resolve: (value: T) => void
  reject: (error: LlmError) => void
  context: CallContext
}

export class Owner {
  readonly #settings: OwnerSettings
  readonly #life: WorkerLife
  readonly #queue = new Queue<Job>()
  readonly #running = new Map<number, Job>()
  readonly #counting = new Map<number, Waiter<number>>()
  readonly #readyWaiters = new Set<Waiter<ReadyInfo>>()
  readonly #tally = new Tally()
  /** Positions will be told once the caller's own code has come to rest: a burst of calls is one change. */
  #tellingPositions = false
  #handles = 0
  #closed = false

  constructor(settings: OwnerSettings) {
    this.#settings = settings
    this.#life = new WorkerLife(settings, {
      loading: (progress) => this.#tellLoading(progress),
      ready: (info) => {
        for (const { resolve } of this.#readyWaiters) resolve(info)
        this.#readyWaiters.clear()
        this.#next()
      },
      message: (message) => this.#onMessage(message),
      died: (error) => this.#lost(error),
      restarting: ({ message }, delayMs) => {
        for (const context of this.#waiting())
          context.status({ type: 'restarting', delayMs, reason: message })
      },
      failed: (error) => this.#failed(error),
    })
  }

  get stats(): WorkerStats {
    return {
      queued: this.#queue.size,
      running: this.#running.size,
      ...this.#tally.numbers,
      restarts: this.#life.restarts,
      unloads: this.#life.unloads,
      pid: this.#life.pid,
      handles: this.#handles,
      loaded: this.#life.loaded,
    }
  }

  /** A handle more. */
  acquire(): void {
    if (this.#closed)
      throw new LlmError('closed', 'The worker of this handle has ended. Make a new one with local().')
    this.#handles++
  }

  /** A handle less; the last one waits for what is queued and for the end of the process. */
  async release(): Promise<void> {
    if (--this.#handles > 0) return
    this.#closed = true
    await this.#life.end()
  }

  /**
   * Takes a job in.
   * @throws {LlmError} `queue-full`
   */
  submit(request: JobRequest, turn: Waiting, context: CallContext): Job {
    const { queue, whenFull, model, load } = this.#settings
    if (whenFull === 'reject' && this.#queue.size + this.#running.size >= queue + load.parallel)
      throw new LlmError(
        'queue-full',
        `All ${queue} places in the queue of ${model} are taken. Try again later, raise \`queue\`, or set \`whenFull: 'wait'\`.`,
      )
    const job = new Job(request, turn, context, (characters) => {
      if (this.#running.has(job.id)) this.#life.send({ type: 'credit', id: job.id, characters })
    })
    this.#queue.add(job)
    if (this.#life.loaded === undefined) context.status({ type: 'loading', model })
    this.#next()
    return job
  }

  /** The caller is gone: a waiting job is dropped before it starts, a running one stops at its next step. */
  cancel(job: Job, reason: LlmError): void {
    if (job.ended) return
    job.fail(reason)
    // The sequence of a running one is free once the worker says so.
    if (!this.#queue.remove(job)) this.#life.send({ type: 'cancel', id: job.id })
    this.#next()
  }

  /** The loaded model's facts; loads it first if need be. */
  ready(context: CallContext): Promise<ReadyInfo> {
    const { loaded } = this.#life
    if (loaded !== undefined) return Promise.resolve(loaded)
    context.status({ type: 'loading', model: this.#settings.model })
    return new Promise((resolve, reject) => {
      const waiter = { resolve, reject, context }
      this.#readyWaiters.add(waiter)
      this.#onEnd(context, () => {
        if (this.#readyWaiters.delete(waiter)) reject(context.signal.reason)
      })
      this.#next()
    })
  }

  /** Counts the tokens of a prompt. */
  async count(
    { messages, tools }: Pick<ChatJob, 'messages' | 'tools'>,
    context: CallContext,
  ): Promise<number> {
    await this.ready(context)
    const id = nextId()
    return new Promise((resolve, reject) => {
      try {
        this.#life.send({ type: 'count', id, messages, ...(tools && { tools }) })
      } catch (cause) {
        return reject(notSendable(cause))
      }
      this.#counting.set(id, { resolve, reject, context })
      this.#onEnd(context, () => {
        if (this.#counting.delete(id)) reject(context.signal.reason)
      })
      this.#next()
    })
  }

  /** Whoever has gone waits for nothing any more, and keeps nobody alive. */
  #onEnd({ signal }: CallContext, leave: () => void): void {
    const left = () => {
      leave()
      this.#next()
    }
    if (signal.aborted) left()
    else signal.addEventListener('abort', left, { once: true })
  }

  /** Gives the worker what it can take, and tells its life and those who wait how things stand. */
  #next(): void {
    while (this.#life.open && this.#running.size < (this.#life.loaded?.parallel ?? 0)) {
      const job = this.#queue.take()
      if (job === undefined) break
      try {
        this.#life.send({ type: 'run', id: job.id, request: job.request })
      } catch (cause) {
        job.fail(notSendable(cause))
        continue
      }
      this.#running.set(job.id, job)
      job.started()
      this.#tally.began(job)
    }
    this.#tellPositions()
    this.#life.work({
      waiting: this.#queue.size + this.#readyWaiters.size > 0,
      running: this.#running.size + this.#counting.size > 0,
    })
  }

  #onMessage(message: JobMessage): void {
    const job = this.#running.get(message.id)
    switch (message.type) {
      case 'text':
      case 'reasoning':
        return job?.text(message.type, message.text)
      case 'call':
        return job?.call(message.name, message.input)
      case 'done':
        this.#life.well()
        this.#tally.done(message.result)
        job?.done(message.result)
        return this.#finish(message.id)
      case 'counted':
        this.#counting.get(message.id)?.resolve(message.tokens)
        return this.#finish(message.id)
      case 'failed':
        this.#counting.get(message.id)?.reject(fromWire(message.error))
        job?.fail(fromWire(message.error))
        return this.#finish(message.id)
    }
  }

  #finish(id: number): void {
    this.#counting.delete(id)
    if (this.#running.delete(id)) this.#tally.finished++
    this.#next()
  }

  /** The process has died: what it was at has failed, what waits goes on waiting. */
  #lost(error: LlmError): void {
    this.#tally.finished += this.#running.size
    for (const job of this.#running.values()) job.fail(error)
    this.#running.clear()
    for (const { reject } of this.#counting.values()) reject(error)
    this.#counting.clear()
    this.#next()
  }

  /** A model that cannot be loaded: everybody waiting is told, and the next call may try again. */
  #failed(error: LlmError): void {
    for (const { reject } of this.#readyWaiters) reject(error)
    this.#readyWaiters.clear()
    for (let job = this.#queue.take(); job !== undefined; job = this.#queue.take()) job.fail(error)
    this.#next()
  }

  *#waiting(): Generator<CallContext> {
    for (const { context } of this.#queue) yield context
    for (const { context } of this.#readyWaiters) yield context
  }

  #tellLoading(progress: number | undefined): void {
    const { model } = this.#settings
    for (const context of this.#waiting())
      context.status({ type: 'loading', model, ...(progress !== undefined && { progress }) })
  }

  #tellPositions(): void {
    if (this.#tellingPositions || this.#queue.size === 0) return
    this.#tellingPositions = true
    queueMicrotask(() => {
      this.#tellingPositions = false
      if (this.#life.loaded === undefined) return
      let position = 0
      for (const job of this.#queue) job.standsAt(++position)
    })
  }
}
