// The life of a worker's process: started when there is work, loaded when there is room, replaced when it dies, ended
// when it is idle for long or nobody wants it any more.
import { isLlmError, LlmError } from '@patchbay/core'
import { crashed, type Exit, fromWire, notStarted } from '../errors.js'
import { megabytes } from '../options/megabytes.js'
import { checkModelFile } from '../options/model-file.js'
import { workerFile } from '../package-file.js'
import { changed, gaveBack, makeRoom, type Resident } from './memory-arbiter.js'
import type { FromWorker, LoadSettings, ReadyInfo, ToWorker } from './protocol.js'
import { WorkerProcess } from './worker-process.js'

/** How a worker lives. */
export interface LifeSettings {
  load: LoadSettings
  heartbeatMs: number
  /** How long it may be idle before its model is unloaded, in milliseconds; absent: for ever. */
  keepAliveMs: number | undefined
  /** Bytes that all models of this app may take together. */
  memoryBudget: number | undefined
  onLog: ((level: string, message: string) => void) | undefined
}

/** Messages about jobs: the life has no part in them. */
export type JobMessage = Extract<FromWorker, { id: number }>

/** Who is told of a worker's life. */
export interface LifeListener {
  loading(progress?: number): void
  ready(info: ReadyInfo): void
  message(message: JobMessage): void
  /** The process died; a new one is started when there is work. What it was at is lost. */
  died(error: LlmError): void
  /** The process died while there is more to do; the next one starts after the delay. */
  restarting(error: LlmError, delayMs: number): void
  /** It cannot be loaded. */
  failed(error: LlmError): void
}

// Back-off between processes that died, in milliseconds; after so many deaths in a row without a result between
// them, whoever waits is told instead of waiting for ever.
const backOff = { first: 100, longest: 5_000, deaths: 4 }

/** How long an orderly end may take, in milliseconds: states of sequences can have gigabytes. */
const graceMs = { usual: 5_000, saving: 60_000 }

export class WorkerLife implements Resident {
  readonly #settings: LifeSettings
  readonly #listener: LifeListener
  #worker: WorkerProcess | undefined
  #state: 'none' | 'starting' | 'loading' | 'ready' | 'leaving' | 'ending' | 'backing-off' = 'none'
  #ready: ReadyInfo | undefined
  #busy = false
  #running = false
  #timer: NodeJS.Timeout | undefined
  #deaths = 0
  /** A process has died that none has taken the place of. */
  #bereft = false
  #end: { done: Promise<void>; resolve: () => void } | undefined
  restarts = 0
  unloads = 0
  usedAt = 0
  since = 0

  constructor(settings: LifeSettings, listener: LifeListener) {
    this.#settings = settings
    this.#listener = listener
  }

  get pid(): number | undefined {
    return this.#worker?.pid
  }

  /** The loaded model's facts, while it is loaded. */
  get loaded(): ReadyInfo | undefined {
    return this.#ready
  }

  /** It can be given jobs. */
  get open(): boolean {
    return this.#state === 'ready'
  }

  get busy(): boolean {
    return this.#busy
  }

  send(message: ToWorker): void {
    this.#worker?.send(message)
  }

  /** A job came to its end: the process is well. */
  well(): void {
    this.#deaths = 0
  }

  /** There is work, or there is none: called after every change. */
  work({ waiting, running }: { waiting: boolean; running: boolean }): void {
    const busy = waiting || running
    const was = this.#busy
    this.#busy = busy
    this.#running = running
    this.#worker?.ref(busy)
    if (busy || was) this.usedAt = performance.now()
    if (this.#state === 'leaving' && !running) return this.#unload()
    if (busy && this.#state === 'none') return void this.#start()
    if (busy === was) return
    if (this.#state === 'ready') this.#countDown()
    if (!busy) {
      changed()
      if (this.#end !== undefined) this.#endProcess()
    }
  }

  leave(): boolean {
    if (this.#state === 'leaving' || this.#state === 'ending') return true
    if (this.#state !== 'ready') return false
    this.#state = 'leaving'
    if (!this.#running) this.#unload()
    return true
  }

  /** Ends the process once there is no work, and resolves when it has ended. */
  end(): Promise<void> {
    let resolve: () => void = () => {}
    const done = new Promise<void>((settle) => {
      resolve = settle
    })
    this.#end = { done, resolve }
    if (!this.#busy) this.#endProcess()
    this.#hold()
    return done
  }

  async #start(): Promise<void> {
    const { load } = this.#settings
    this.#state = 'starting'
    this.#listener.loading()
    try {
      const program = workerFile()
      for (const path of [load.modelPath, ...(load.adapters ?? []).map((adapter) => adapter.path)])
        await checkModelFile(path)
      if (this.#busy) return this.#load(program)
      this.#state = 'none'
    } catch (error) {
      this.#state = 'none'
      this.#failed(isLlmError(error) ? error : notStarted(error))
    }
    this.#goOn()
  }

  /** @throws the system's error when there can be no process */
  #load(program: string): void {
    const { load, heartbeatMs } = this.#settings
    this.#worker = new WorkerProcess(program, heartbeatMs, {
      message: (message) => this.#onMessage(message),
      exit: (exit) => this.#onExit(exit),
    })
    this.#state = 'loading'
    this.since = performance.now()
    if (this.#bereft) this.restarts++
    this.#bereft = false
    this.#worker.send({ type: 'load', settings: load })
    this.#worker.ref(true)
  }

  #onMessage(message: FromWorker): void {
    switch (message.type) {
      case 'hello':
      case 'pong':
        return
      case 'log':
        return this.#log(message.level, message.message)
      case 'planned':
        return void this.#admit(message.bytes)
      case 'loading':
        return this.#listener.loading(message.progress)
      case 'ready':
        this.#ready = message.info
        this.#state = 'ready'
        this.since = performance.now()
        this.#countDown()
        return this.#listener.ready(message.info)
      case 'load-failed':
        this.#endProcess()
        return this.#failed(fromWire(message.error))
      default:
        return this.#listener.message(message)
    }
  }

  /** What the app's own listener throws is no business of the worker's. */
  #log(level: string, message: string): void {
    const tell = async () => this.#settings.onLog?.(level, message)
    tell().catch(() => {})
  }

  /** The worker knows what its model needs, and waits for a word before it takes it. */
  async #admit(bytes: number): Promise<void> {
    const { memoryBudget, load } = this.#settings
    const worker = this.#worker
    if (memoryBudget !== undefined) {
      if (bytes > memoryBudget) {
        this.#endProcess()
        return this.#failed(
          new LlmError(
            'model-load',
            `${load.modelPath} needs ${megabytes(bytes)}, more than the memoryBudget of ${megabytes(memoryBudget)} for all models. Raise it, use a smaller model or quantisation, or lower \`context\` or \`parallel\`.`,
          ),
        )
      }
      const isMine = () => worker === this.#worker && this.#state === 'loading'
      const granted = await makeRoom(this, bytes, memoryBudget, () => isMine() && this.#busy)
      if (!granted) return isMine() ? this.#endProcess() : undefined
    }
    worker?.send({ type: 'go-on' })
  }

  #failed(error: LlmError): void {
    this.#deaths = 0
    this.#listener.failed(error)
  }

  #onExit(exit: Exit): void {
    const ordered = this.#state === 'ending'
    const doing = this.#ready === undefined ? 'loading its model' : 'working'
    this.#worker = undefined
    this.#ready = undefined
    this.#state = 'none'
    clearTimeout(this.#timer)
    gaveBack(this)
    changed()
    if (exit.notStarted) this.#failed(notStarted(exit.notStarted))
    else if (!ordered) this.#died(crashed(exit, doing))
    this.#goOn()
  }

  #died(error: LlmError): void {
    this.#bereft = true
    // Failing calls makes their callers act: no new process before all of them are told.
    this.#state = 'backing-off'
    this.#listener.died(error)
    this.#state = 'none'
    if (!this.#busy) return
    this.#deaths++
    if (this.#deaths > backOff.deaths) return this.#failed(error)
    const delay = Math.min(backOff.longest, backOff.first * 2 ** (this.#deaths - 1))
    this.#state = 'backing-off'
    this.#listener.restarting(error, delay)
    this.#timer = setTimeout(() => {
      this.#state = 'none'
      this.#goOn()
    }, delay)
  }

  /** With no process and no plan for one: a new one if there is work, the end if it is wanted. */
  #goOn(): void {
    if (this.#state !== 'none') return
    if (this.#busy) void this.#start()
    else this.#end?.resolve()
  }

  /** Unloads a model that nobody asks for. */
  #countDown(): void {
    clearTimeout(this.#timer)
    const { keepAliveMs } = this.#settings
    if (this.#busy || keepAliveMs === undefined) return
    this.#timer = setTimeout(() => this.#unload(), keepAliveMs)
    this.#timer.unref()
  }

  #unload(): void {
    this.unloads++
    this.#endProcess()
  }

  #endProcess(): void {
    if (this.#state === 'ending' || this.#state === 'starting') return
    clearTimeout(this.#timer)
    if (this.#worker === undefined) {
      this.#state = 'none'
      return this.#end?.resolve()
    }
    this.#state = 'ending'
    // What is not loaded has nothing to save, and cannot hear while it loads.
    if (this.#ready === undefined) this.#worker.kill()
    else {
      this.#ready = undefined
      this.#worker.shutdown(this.#settings.load.keepPrefixes ? graceMs.saving : graceMs.usual)
    }
    this.#hold()
  }

  /** Whoever waits for the end waits for the process, also where its work ends later; nobody else does. */
  #hold(): void {
    if (this.#state === 'ending' && this.#end !== undefined) this.#worker?.hold()
  }
}
