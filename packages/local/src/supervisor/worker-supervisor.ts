// Supervisor of the worker process: feeds events to the lifecycle's state machine and performs its effects.
import { isLlmError, LlmError } from '@patchbay/core'
import { startFailure, workerFailure } from '../errors.js'
import { megabytes } from '../options/megabytes.js'
import { checkModelFile } from '../options/model-file.js'
import { workerFile } from '../package-file.js'
import { holdersChanged, type MemoryHolder, releaseMemory, requestMemory } from './memory-arbiter.js'
import type { FromWorker, LoadSettings, ReadyInfo, ToWorker } from './protocol.js'
import { transition } from './worker-lifecycle.js'
import { type ProcessListener, WorkerProcess } from './worker-process.js'
import {
  attachment,
  canUnload,
  type Effect,
  initialState,
  isBusy,
  loadedModel,
  type Report,
  type WorkerEvent,
} from './worker-state.js'

export interface SupervisorSettings {
  load: LoadSettings
  /** Milliseconds without a sign of life after which a process with work is killed. */
  heartbeatMs: number
  /** Milliseconds without work after which the model is unloaded. Absent: never. */
  keepAliveMs: number | undefined
  /** Bytes that all models of this app may take together. Absent: no limit. */
  memoryBudget: number | undefined
  onLog: ((level: string, message: string) => void) | undefined
}

/** Messages about jobs, which the supervisor passes on. */
export type JobMessage = Extract<FromWorker, { id: number }>

export interface SupervisorListener {
  report(report: Report): void
  progress(progress: number): void
  message(message: JobMessage): void
}

/** What the supervisor needs of the system; tests put a simulated one in its place. */
export interface ProcessHost {
  /**
   * Checks the model's files.
   * @throws {LlmError} `model-load` for a file that is no model, `config` without the worker's program
   */
  check(load: LoadSettings): Promise<void>
  /** @throws the system's error when there can be no process */
  start(heartbeatMs: number, listener: ProcessListener): Pick<WorkerProcess, keyof WorkerProcess>
}

const thisMachine: ProcessHost = {
  async check({ modelPath, mmproj = modelPath, adapters = [] }) {
    workerFile()
    for (const path of new Set([modelPath, mmproj, ...adapters.map(({ path }) => path)]))
      await checkModelFile(path)
  },
  start: (heartbeatMs, listener) => new WorkerProcess(workerFile(), heartbeatMs, listener),
}

/** How long an orderly end may take, in milliseconds: saved sequences can have gigabytes. */
const graceMs = { usual: 5_000, saving: 60_000 }

export class WorkerSupervisor implements MemoryHolder {
  readonly #settings: SupervisorSettings
  readonly #listener: SupervisorListener
  readonly #host: ProcessHost
  #state = initialState
  /** Events that have come and are not handled yet; the first is being handled. */
  readonly #events: WorkerEvent[] = []
  #process: ReturnType<ProcessHost['start']> | undefined
  #timer: NodeJS.Timeout | undefined
  #memoryRequest: { wanted: boolean } | undefined
  #closed: { promise: Promise<void>; resolve: () => void } | undefined
  lastUsedAt = 0
  activeSince = 0

  constructor(settings: SupervisorSettings, listener: SupervisorListener, host: ProcessHost = thisMachine) {
    this.#settings = settings
    this.#listener = listener
    this.#host = host
  }

  get pid(): number | undefined {
    return this.#process?.pid
  }

  get restarts(): number {
    return this.#state.restarts
  }

  get unloads(): number {
    return this.#state.unloads
  }

  /** Facts of the model, while it is loaded. */
  get loaded(): ReadyInfo | undefined {
    return loadedModel(this.#state)
  }

  /** The process takes jobs. */
  get open(): boolean {
    return this.#state.phase.name === 'ready'
  }

  get busy(): boolean {
    return isBusy(this.#state)
  }

  send(message: ToWorker): void {
    this.#process?.send(message)
  }

  /** A job has finished: the process works. */
  jobFinished(): void {
    this.#dispatch({ type: 'job-finished' })
  }

  /** The backlog has changed. */
  setDemand(demand: { waiting: boolean; running: boolean }): void {
    if (this.busy || demand.waiting || demand.running) this.lastUsedAt = performance.now()
    this.#dispatch({ type: 'demand-changed', ...demand })
  }

  unload(): boolean {
    if (!canUnload(this.#state)) return false
    this.#dispatch({ type: 'memory-wanted' })
    return true
  }

  /** Ends the process once there is no work, and resolves when it has ended. */
  close(): Promise<void> {
    if (this.#closed === undefined) {
      let resolve: () => void = () => {}
      const promise = new Promise<void>((settle) => {
        resolve = settle
      })
      this.#closed = { promise, resolve }
    }
    this.#dispatch({ type: 'close-requested' })
    return this.#closed.promise
  }

  /** Handles one event after another: what the effects of one bring about is the next. */
  #dispatch(event: WorkerEvent): void {
    this.#events.push(event)
    if (this.#events.length > 1) return
    for (let next: WorkerEvent | undefined = event; next !== undefined; next = this.#events[0]) {
      try {
        const { state, effects } = transition(this.#state, next)
        this.#state = state
        for (const effect of effects) this.#perform(effect)
        this.#process?.attach(attachment(this.#state))
      } finally {
        this.#events.shift()
      }
    }
  }

  #perform(effect: Effect): void {
    switch (effect.type) {
      case 'check-files':
        return void this.#checkFiles()
      case 'start-process':
        return this.#start()
      case 'load-model':
        return this.send({ type: 'load', settings: this.#settings.load })
      case 'request-memory':
        return void this.#requestMemory(effect.bytes)
      case 'withdraw-memory-request':
        return this.#withdrawMemoryRequest()
      case 'allow-memory':
        return this.send({ type: 'memory-granted' })
      case 'release-memory':
        return releaseMemory(this)
      case 'announce-idle':
        return holdersChanged()
      case 'shut-down':
        return this.#process?.shutdown(this.#settings.load.keepPrefixes ? graceMs.saving : graceMs.usual)
      case 'kill':
        return this.#process?.kill()
      case 'start-keep-alive-timer':
        return this.#startKeepAlive()
      case 'start-back-off-timer':
        return this.#startTimer({ type: 'back-off-elapsed' }, effect.delayMs)
      case 'stop-timer':
        return clearTimeout(this.#timer)
      case 'report':
        if (effect.report.type === 'ready') this.activeSince = performance.now()
        return this.#listener.report(effect.report)
      case 'closed':
        return this.#closed?.resolve()
      default:
        return effect satisfies never
    }
  }

  async #checkFiles(): Promise<void> {
    try {
      await this.#host.check(this.#settings.load)
    } catch (error) {
      return this.#dispatch(startFailed(error))
    }
    this.#dispatch({ type: 'files-checked' })
  }

  #start(): void {
    try {
      this.#process = this.#host.start(this.#settings.heartbeatMs, {
        message: (message) => this.#onMessage(message),
        exit: (exit) => {
          this.#process = undefined
          this.#dispatch({ type: 'process-exited', exit })
        },
      })
    } catch (error) {
      return this.#dispatch(startFailed(error))
    }
    this.activeSince = performance.now()
    this.#dispatch({ type: 'process-started' })
  }

  #onMessage(message: FromWorker): void {
    switch (message.type) {
      case 'hello':
      case 'pong':
        return
      case 'log':
        return this.#log(message.level, message.message)
      case 'slowed-down':
        this.#log('warn', 'The model is far slower than it was measured; its threads are measured again.')
        return void this.unload()
      case 'memory-planned':
        return this.#dispatch(this.#admission(message.bytes))
      case 'loading':
        return this.#listener.progress(message.progress)
      case 'ready':
        return this.#dispatch({ type: 'model-loaded', info: message.info })
      case 'load-failed':
        return this.#dispatch({ type: 'load-failed', error: workerFailure(message.error) })
      default:
        return this.#listener.message(message)
    }
  }

  /** What the app's own listener throws does not concern the worker. */
  #log(level: string, message: string): void {
    const log = async () => this.#settings.onLog?.(level, message)
    log().catch(() => {})
  }

  /** The worker has planned so many bytes, and waits before it takes them. */
  #admission(bytes: number): WorkerEvent {
    const { memoryBudget, load } = this.#settings
    if (memoryBudget === undefined) return { type: 'memory-granted' }
    if (bytes <= memoryBudget) return { type: 'memory-planned', bytes }
    return {
      type: 'load-failed',
      error: new LlmError(
        'model-load',
        `${load.modelPath} needs ${megabytes(bytes)}, more than the memoryBudget of ${megabytes(memoryBudget)} for all models. Raise it, use a smaller model or quantisation, or lower \`context\` or \`parallel\`.`,
      ),
    }
  }

  async #requestMemory(bytes: number): Promise<void> {
    const request = { wanted: true }
    this.#memoryRequest = request
    const { memoryBudget = Number.POSITIVE_INFINITY } = this.#settings
    await requestMemory(this, bytes, memoryBudget, () => request.wanted)
    if (request.wanted) this.#dispatch({ type: 'memory-granted' })
  }

  #withdrawMemoryRequest(): void {
    if (this.#memoryRequest === undefined) return
    this.#memoryRequest.wanted = false
    this.#memoryRequest = undefined
    holdersChanged()
  }

  /** Unloads a model that has been idle for `keepAlive`; does not keep the app alive for it. */
  #startKeepAlive(): void {
    const { keepAliveMs } = this.#settings
    if (keepAliveMs === undefined) return
    this.#startTimer({ type: 'keep-alive-elapsed' }, keepAliveMs)
    this.#timer?.unref()
  }

  #startTimer(event: WorkerEvent, delayMs: number): void {
    clearTimeout(this.#timer)
    this.#timer = setTimeout(() => this.#dispatch(event), delayMs)
  }
}

function startFailed(error: unknown): WorkerEvent {
  return { type: 'start-failed', error: isLlmError(error) ? error : startFailure(error) }
}
