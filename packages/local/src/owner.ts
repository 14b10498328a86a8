// The owner: one bounded queue in front of one worker process. It starts the process when there is work, hands out
// jobs as sequences come free, replaces a process that died, and ends it when the last handle has let go.
import { type CallContext, LlmError } from '@patchbay/core'
import { crashed, type Exit, fromWire } from './errors.js'
import { Job, nextId } from './job.js'
import { checkModelFile } from './model-file.js'
import type { ChatJob, FromWorker, JobRequest, LoadSettings, ReadyInfo } from './protocol.js'
import { WorkerProcess } from './worker-process.js'

/** What an owner is made with. */
export interface OwnerSettings {
  load: LoadSettings
  model: string
  queue: number
  whenFull: 'reject' | 'wait'
  heartbeatMs: number
  onLog: ((level: string, message: string) => void) | undefined
}

/** How the worker is doing. */
export interface WorkerStats {
  /** Jobs waiting for a sequence. */
  queued: number
  /** Jobs being worked on. */
  running: number
  /** Jobs that ended, whichever way, since the first handle was made. */
  finished: number
  /** How often a process that died was replaced. */
  restarts: number
  /** The worker's process, while there is one. */
  pid: number | undefined
  /** Handles that have not been closed. */
  handles: number
  /** Facts of the loaded model, while it is loaded: tokens a sequence holds, threads, GPU. */
  loaded: ReadyInfo | undefined
}

interface Waiter<T> {
  resolve: (value: T) => void
  reject: (error: LlmError) => void
  context: CallContext
}

// Back-off between processes that died, in milliseconds; after so many deaths in a row without an answer between
// them, what is queued is told instead of waiting for ever.
const backOff = { first: 100, longest: 5_000, deaths: 4 }

export class Owner {
  readonly #settings: OwnerSettings
  readonly #queue: Job[] = []
  readonly #running = new Map<number, Job>()
  readonly #counting = new Map<number, Waiter<number>>()
  readonly #readyWaiters = new Set<Waiter<ReadyInfo>>()
  #worker: WorkerProcess | undefined
  #ready: ReadyInfo | undefined
  #restart: NodeJS.Timeout | undefined
  #starting = false
  /** The process is about to end because we told it to. */
  #ending = false
  #handles = 0
  #finished = 0
  #restarts = 0
  #deaths = 0
  #closing: { done: Promise<void>; resolve: () => void } | undefined

  constructor(settings: OwnerSettings) {
    this.#settings = settings
  }

  get stats(): WorkerStats {
    return {
      queued: this.#queue.length,
      running: this.#running.size,
      finished: this.#finished,
      restarts: this.#restarts,
      pid: this.#worker?.pid,
      handles: this.#handles,
      loaded: this.#ready,
    }
  }

  /** A handle more. */
  acquire(): void {
    if (this.#closing !== undefined)
      throw new LlmError('closed', 'The worker of this handle has ended. Make a new one with local().')
    this.#handles++
  }

  /** A handle less; the last one waits for what is queued and for the end of the process. */
  async release(): Promise<void> {
    if (--this.#handles > 0) return
    let resolve: () => void = () => {}
    const done = new Promise<void>((settle) => {
      resolve = settle
    })
    this.#closing = { done, resolve }
    this.#endIfIdle()
    return done
  }

  /**
   * Takes a job in.
   * @throws {LlmError} `queue-full`
   */
  submit(request: JobRequest, context: CallContext): Job {
    const { queue, whenFull, model, load } = this.#settings
    if (whenFull === 'reject' && this.#queue.length + this.#running.size >= queue + load.parallel)
      throw new LlmError(
        'queue-full',
        `All ${queue} places in the queue of ${model} are taken. Try again later, raise \`queue\`, or set \`whenFull: 'wait'\`.`,
      )
    const job = new Job(request, context, (characters) => {
      if (this.#running.has(job.id)) this.#worker?.send({ type: 'credit', id: job.id, characters })
    })
    this.#queue.push(job)
    this.#next()
    const position = this.#queue.indexOf(job)
    if (position >= 0)
      context.status(
        this.#ready === undefined ? { type: 'loading', model } : { type: 'queued', position: position + 1 },
      )
    return job
  }

  /** The caller is gone: a waiting job is dropped before it starts, a running one stops at its next step. */
  cancel(job: Job, reason: LlmError): void {
    if (job.ended) return
    job.fail(reason)
    const position = this.#queue.indexOf(job)
    if (position >= 0) this.#queue.splice(position, 1)
    // Its sequence is free once the worker says so.
    else this.#worker?.send({ type: 'cancel', id: job.id })
    this.#endIfIdle()
    this.#keepAlive()
  }

  /** The loaded model's facts; loads it first if need be. */
  ready(context: CallContext): Promise<ReadyInfo> {
    if (this.#ready !== undefined) return Promise.resolve(this.#ready)
    context.status({ type: 'loading', model: this.#settings.model })
    return new Promise((resolve, reject) => {
      this.#readyWaiters.add({ resolve, reject, context })
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
      this.#counting.set(id, { resolve, reject, context })
      this.#keepAlive()
      this.#worker?.send({ type: 'count', id, messages, ...(tools && { tools }) })
    })
  }

  #free(): number {
    return (this.#ready?.parallel ?? 0) - this.#running.size
  }

  /** Does what can be done now: starts a process, or gives it jobs. */
  #next(): void {
    const working = this.#queue.length > 0 || this.#readyWaiters.size > 0
    if (working && this.#worker === undefined && this.#restart === undefined && !this.#starting)
      void this.#start()
    while (this.#free() > 0) {
      const job = this.#queue.shift()
      if (job === undefined) break
      this.#running.set(job.id, job)
      job.started()
      this.#worker?.send({ type: 'run', id: job.id, request: job.request })
    }
    this.#keepAlive()
    this.#endIfIdle()
  }

  async #start(): Promise<void> {
    const { load, heartbeatMs } = this.#settings
    this.#starting = true
    try {
      await checkModelFile(load.modelPath)
    } catch (error) {
      return this.#loadFailed(error as LlmError)
    } finally {
      this.#starting = false
    }
    if (!this.#busy()) return this.#endIfIdle()
    this.#ending = false
    this.#worker = new WorkerProcess(heartbeatMs, {
      message: (message) => this.#onMessage(message),
      exit: (exit) => this.#onExit(exit),
    })
    this.#worker.send({ type: 'load', settings: load })
    this.#keepAlive()
  }

  #onMessage(message: FromWorker): void {
    switch (message.type) {
      case 'hello':
      case 'pong':
        return
      case 'log':
        return this.#settings.onLog?.(message.level, message.message)
      case 'loading':
        for (const { context } of [...this.#queue, ...this.#readyWaiters])
          context.status({ type: 'loading', model: this.#settings.model, progress: message.progress })
        return
      case 'ready':
        this.#ready = message.info
        for (const { resolve } of this.#readyWaiters) resolve(message.info)
        this.#readyWaiters.clear()
        return this.#next()
      case 'load-failed':
        return this.#loadFailed(fromWire(message.error))
      case 'text':
      case 'reasoning':
        return this.#running.get(message.id)?.text(message.type, message.text)
      case 'call':
        return this.#running.get(message.id)?.call(message.name, message.input)
      case 'done':
        this.#deaths = 0
        this.#running.get(message.id)?.done(message.result)
        return this.#finish(message.id)
      case 'counted':
        this.#counting.get(message.id)?.resolve(message.tokens)
        return this.#countedOne(message.id)
      case 'failed':
        if (this.#counting.has(message.id)) {
          this.#counting.get(message.id)?.reject(fromWire(message.error))
          return this.#countedOne(message.id)
        }
        this.#running.get(message.id)?.fail(fromWire(message.error))
        return this.#finish(message.id)
    }
  }

  #finish(id: number): void {
    this.#running.delete(id)
    this.#finished++
    this.#next()
  }

  /** A model that cannot be loaded: everybody waiting is told, and the next call may try again. */
  #loadFailed(error: LlmError): void {
    for (const { reject } of this.#readyWaiters) reject(error)
    this.#readyWaiters.clear()
    for (const job of this.#queue.splice(0)) job.fail(error)
    this.#ending = true
    this.#worker?.kill()
    this.#keepAlive()
    this.#endIfIdle()
  }

  #onExit(exit: Exit): void {
    this.#worker = undefined
    const loading = this.#ready === undefined
    this.#ready = undefined
    const running = [...this.#running.values()]
    this.#running.clear()
    this.#finished += running.length
    const error = crashed(exit, loading ? 'loading its model' : 'working')
    for (const job of running) job.fail(error)
    for (const { reject } of this.#counting.values()) reject(error)
    this.#counting.clear()
    if (this.#queue.length === 0 && this.#readyWaiters.size === 0) return this.#endIfIdle()
    if (this.#ending) return this.#next()
    this.#restarts++
    this.#deaths++
    if (this.#deaths > backOff.deaths) {
      this.#deaths = 0
      return this.#loadFailed(error)
    }
    const delay = Math.min(backOff.longest, backOff.first * 2 ** (this.#deaths - 1))
    this.#restart = setTimeout(() => {
      this.#restart = undefined
      this.#next()
    }, delay)
  }

  #countedOne(id: number): void {
    this.#counting.delete(id)
    this.#keepAlive()
    this.#endIfIdle()
  }

  #keepAlive(): void {
    this.#worker?.ref(this.#busy())
  }

  #busy(): boolean {
    return this.#queue.length + this.#running.size + this.#counting.size + this.#readyWaiters.size > 0
  }

  #endIfIdle(): void {
    if (this.#closing === undefined || this.#busy()) return
    clearTimeout(this.#restart)
    if (this.#worker === undefined) return this.#closing.resolve()
    if (!this.#ending) this.#worker.shutdown()
    this.#ending = true
  }
}
