// Scheduler: a bounded queue in front of one worker. Starts jobs when sequences are free, and reports to their callers.
import { type CallContext, LlmError } from '@patchbay/core'
import { notSerializable, workerFailure } from '../errors.js'
import { FairQueue, type QueueEntry } from './fair-queue.js'
import { Job, nextId } from './job.js'
import type { ModelQueue, QueueContext } from './model-queue.js'
import type { JobRequest, PromptRequest, ReadyInfo } from './protocol.js'
import { StatsCounter, type WorkerStats } from './stats.js'
import type { Report } from './worker-state.js'
import {
  type JobMessage,
  type ProcessHost,
  type SupervisorSettings,
  WorkerSupervisor,
} from './worker-supervisor.js'

export interface SchedulerSettings extends SupervisorSettings {
  /** The model's short name. */
  model: string
  /** Jobs that may wait. */
  queue: number
  whenFull: 'reject' | 'wait'
}

/** A caller that waits for something other than a job. */
interface Waiter<T> {
  resolve: (value: T) => void
  reject: (error: LlmError) => void
  context: QueueContext
}

type CountRequest = Waiter<number> & { id: number; prompt: PromptRequest }

export class Scheduler implements ModelQueue {
  readonly #settings: SchedulerSettings
  readonly #supervisor: WorkerSupervisor
  readonly #queue = new FairQueue<Job>()
  readonly #running = new Map<number, Job>()
  readonly #waitingCounts = new Set<CountRequest>()
  readonly #runningCounts = new Map<number, CountRequest>()
  readonly #readyWaiters = new Set<Waiter<ReadyInfo>>()
  readonly #counter = new StatsCounter()
  /** Positions are reported once the caller's own code has come to rest: a burst of calls is one change. */
  #positionsScheduled = false
  #handles = 0
  #closed = false

  constructor(settings: SchedulerSettings, host?: ProcessHost) {
    this.#settings = settings
    this.#supervisor = new WorkerSupervisor(
      settings,
      {
        report: (report) => this.#onReport(report),
        progress: (progress) => this.#reportLoading(progress),
        message: (message) => this.#onMessage(message),
      },
      host,
    )
  }

  get stats(): WorkerStats {
    return {
      queued: this.#queue.size,
      running: this.#running.size,
      ...this.#counter.totals,
      restarts: this.#supervisor.restarts,
      unloads: this.#supervisor.unloads,
      pid: this.#supervisor.pid,
      handles: this.#handles,
      loaded: this.#supervisor.loaded,
    }
  }

  /**
   * One handle more.
   * @throws {LlmError} `closed` after the last handle was closed
   */
  acquire(): void {
    if (this.#closed)
      throw new LlmError('closed', 'The worker of this handle has ended. Make a new one with local().')
    this.#handles++
  }

  /** One handle less; the last one waits for what is queued and for the end of the process. */
  async release(): Promise<void> {
    if (--this.#handles > 0) return
    this.#closed = true
    await this.#supervisor.close()
  }

  /**
   * Adds a job to the queue.
   * @throws {LlmError} `queue-full`
   */
  submit(request: JobRequest, turn: QueueEntry, context: QueueContext): Job {
    const { queue, whenFull, model, load } = this.#settings
    if (whenFull === 'reject' && this.#queue.size + this.#running.size >= queue + load.parallel)
      throw new LlmError(
        'queue-full',
        `All ${queue} places in the queue of ${model} are taken. Try again later, raise \`queue\`, or set \`whenFull: 'wait'\`.`,
      )
    const job = new Job(request, turn, context, (characters) => {
      if (this.#running.has(job.id)) this.#supervisor.send({ type: 'credit', id: job.id, characters })
    })
    this.#queue.add(job)
    if (this.#supervisor.loaded === undefined) context.status({ type: 'loading', model })
    this.#next()
    return job
  }

  /** Drops a waiting job; a running one stops at its next step. */
  cancel(job: Job, reason: LlmError): void {
    if (job.ended) return
    job.fail(reason)
    // The sequence of a running one is free once the worker says so.
    if (!this.#queue.remove(job)) this.#supervisor.send({ type: 'cancel', id: job.id })
    this.#next()
  }

  /** Facts of the model; loads it first if it is not loaded. */
  ready(context: QueueContext): Promise<ReadyInfo> {
    const { loaded } = this.#supervisor
    if (loaded !== undefined) return Promise.resolve(loaded)
    return this.#wait(context, (waiter) => add(this.#readyWaiters, { ...waiter, context }))
  }

  /** Counts the tokens of a prompt. */
  count(chat: PromptRequest, context: QueueContext): Promise<number> {
    const { messages, tools, forcedCall, json, reasoning, thinkingBudget } = chat
    const prompt: PromptRequest = {
      messages,
      ...(tools && { tools }),
      ...(forcedCall && { forcedCall }),
      ...(json && { json }),
      ...(reasoning && { reasoning }),
      ...(thinkingBudget && { thinkingBudget }),
    }
    return this.#wait(context, (waiter) => {
      const request = { ...waiter, context, id: nextId(), prompt }
      const waiting = add(this.#waitingCounts, request)
      return () => waiting() || this.#runningCounts.delete(request.id)
    })
  }

  /** Adds a waiter with `enter`, which returns how to remove it, and removes it if the call is aborted. */
  #wait<T>(context: QueueContext, enter: (waiter: Omit<Waiter<T>, 'context'>) => () => boolean): Promise<T> {
    const { signal } = context
    if (this.#supervisor.loaded === undefined)
      context.status({ type: 'loading', model: this.#settings.model })
    return new Promise((resolve, reject) => {
      const remove = enter({ resolve, reject })
      const leave = () => {
        if (remove()) reject(signal.reason)
        this.#next()
      }
      if (signal.aborted) return leave()
      signal.addEventListener('abort', leave, { once: true })
      this.#next()
    })
  }

  /** Starts what the worker can take, and reports positions and demand. Called after every change. */
  #next(): void {
    if (this.#supervisor.open) {
      for (const request of this.#waitingCounts) this.#startCount(request)
      this.#startJobs(this.#supervisor.loaded?.parallel ?? 0)
    }
    this.#schedulePositions()
    this.#supervisor.setDemand({
      waiting: this.#queue.size + this.#readyWaiters.size + this.#waitingCounts.size > 0,
      running: this.#running.size + this.#runningCounts.size > 0,
    })
  }

  #startJobs(parallel: number): void {
    while (this.#running.size < parallel) {
      const job = this.#queue.take()
      if (job === undefined) return
      try {
        this.#supervisor.send({ type: 'run', id: job.id, request: job.request })
      } catch (cause) {
        job.fail(notSerializable(cause))
        continue
      }
      this.#running.set(job.id, job)
      job.markStarted()
      this.#counter.jobStarted(job)
    }
  }

  #startCount(request: CountRequest): void {
    const { id, prompt, reject } = request
    this.#waitingCounts.delete(request)
    try {
      this.#supervisor.send({ type: 'count', id, ...prompt })
      this.#runningCounts.set(id, request)
    } catch (cause) {
      reject(notSerializable(cause))
    }
  }

  #onReport(report: Report): void {
    switch (report.type) {
      case 'loading':
        return this.#reportLoading()
      case 'ready':
        // The end of loading, which the calls that wait can measure.
        this.#reportLoading(1)
        for (const { resolve } of this.#readyWaiters) resolve(report.info)
        this.#readyWaiters.clear()
        return this.#next()
      case 'died':
        return this.#failRunning(report.error)
      case 'restarting':
        for (const context of this.#waiting())
          context.status({ type: 'restarting', delayMs: report.delayMs, reason: report.error.message })
        return
      case 'failed':
        return this.#failWaiting(report.error)
      default:
        return report satisfies never
    }
  }

  #onMessage(message: JobMessage): void {
    const job = this.#running.get(message.id)
    switch (message.type) {
      case 'text':
      case 'reasoning':
        return job?.text(message.type, message.text, message.logprobs)
      case 'call':
        return job?.call(message.name, message.input)
      case 'done':
        this.#supervisor.jobFinished()
        this.#counter.jobDone(message.result)
        job?.done(message.result)
        return this.#finish(message.id)
      case 'counted':
        this.#runningCounts.get(message.id)?.resolve(message.tokens)
        return this.#finish(message.id)
      case 'failed':
        this.#runningCounts.get(message.id)?.reject(workerFailure(message.error))
        job?.fail(workerFailure(message.error))
        return this.#finish(message.id)
      default:
        return message satisfies never
    }
  }

  #finish(id: number): void {
    this.#runningCounts.delete(id)
    if (this.#running.delete(id)) this.#counter.finished++
    this.#next()
  }

  /** The process has died: running jobs have failed, waiting ones go on waiting. */
  #failRunning(error: LlmError): void {
    this.#counter.finished += this.#running.size
    for (const job of this.#running.values()) job.fail(error)
    this.#running.clear()
    for (const { reject } of this.#runningCounts.values()) reject(error)
    this.#runningCounts.clear()
    this.#next()
  }

  /** The model cannot be loaded: all that wait have failed, and the next call may try again. */
  #failWaiting(error: LlmError): void {
    for (const { reject } of [...this.#readyWaiters, ...this.#waitingCounts]) reject(error)
    this.#readyWaiters.clear()
    this.#waitingCounts.clear()
    for (let job = this.#queue.take(); job !== undefined; job = this.#queue.take()) job.fail(error)
    this.#next()
  }

  /** The calls that wait. A copy: a status callback may end calls and make new ones. */
  #waiting(): Pick<CallContext, 'status'>[] {
    return [...this.#queue, ...this.#readyWaiters, ...this.#waitingCounts].map(({ context }) => context)
  }

  #reportLoading(progress?: number): void {
    const { model } = this.#settings
    for (const context of this.#waiting())
      context.status({ type: 'loading', model, ...(progress !== undefined && { progress }) })
  }

  #schedulePositions(): void {
    if (this.#positionsScheduled || this.#queue.size === 0) return
    this.#positionsScheduled = true
    queueMicrotask(() => {
      this.#positionsScheduled = false
      if (this.#supervisor.loaded === undefined) return
      for (const [index, job] of [...this.#queue].entries()) job.reportPosition(index + 1)
    })
  }
}

/** Adds an item, and returns a function that removes it: `true` if it was still there. */
function add<T>(items: Set<T>, item: T): () => boolean {
  items.add(item)
  return () => items.delete(item)
}
