// The worker's process seen from the app: start, messages, signs of life, end.
import { type ChildProcess, fork } from 'node:child_process'
import type { Socket } from 'node:net'
import type { Exit } from '../errors.js'
import { type FromWorker, protocolVersion, type ToWorker, type Words } from './protocol.js'

/** Who listens to a process. */
export interface ProcessListener {
  message(message: FromWorker): void
  /** Comes once, after the last message. */
  exit(exit: Exit): void
}

/** Processes that are there. A frozen one would not notice that its app has ended. */
const alive = new Set<ChildProcess>()

function endWithApp(child: ChildProcess): void {
  if (alive.size === 0) process.on('exit', killAll)
  alive.add(child)
  child.once('close', () => ended(child))
}

function ended(child: ChildProcess): void {
  alive.delete(child)
  if (alive.size === 0) process.off('exit', killAll)
}

function killAll(): void {
  for (const child of alive) child.kill('SIGKILL')
}

// A process that was silent for all of these checks is taken for dead. Loading has stretches of native code in which
// it cannot answer.
const checks = 4
const checksWhileLoading = 20

export class WorkerProcess {
  readonly #child: ChildProcess
  readonly #heartbeatMs: number
  #heartbeat: NodeJS.Timeout | undefined
  #working: boolean | undefined
  #missed = 0
  #loaded = false
  #hung = false
  #lastWords = ''

  /**
   * Runs the worker's program.
   * @throws the system's error when there can be no process
   */
  constructor(program: string, heartbeatMs: number, listener: ProcessListener) {
    this.#heartbeatMs = heartbeatMs
    this.#child = fork(program, {
      // Flags of the app (--inspect, loaders) are not meant for the worker.
      execArgv: [],
      // Standard input tells the worker that the app is gone; the app's own output stays its own.
      stdio: ['pipe', 'ignore', 'pipe', 'ipc'],
      // One libuv thread keeps every step on the same one: twice the speed (measured, November 2026).
      env: { ...process.env, UV_THREADPOOL_SIZE: '1', ELECTRON_RUN_AS_NODE: '1' },
    })
    endWithApp(this.#child)
    this.#child.stdin?.on('error', () => {})
    this.#child.stderr?.on('data', (chunk: Buffer) => {
      const words = this.#lastWords + chunk
      // An error has its reason at its beginning, and what came last is at the end.
      this.#lastWords = words.length <= 1000 ? words : `${words.slice(0, 500)} … ${words.slice(-450)}`
    })
    this.#child.on('message', (words: Words) => {
      this.#missed = 0
      for (const message of Array.isArray(words) ? words : [words]) {
        if (message.type === 'ready') this.#loaded = true
        if (message.type === 'hello' && message.version !== protocolVersion) {
          this.#lastWords = `The worker file speaks version ${message.version} of the protocol, this package ${protocolVersion}. Install @patchbay/local again.`
          this.kill()
        } else listener.message(message)
      }
    })
    let over = false
    const exit = (code: number | null, signal: string | null, notStarted?: Error): void => {
      if (over) return
      over = true
      this.ref(false)
      const lastWords = this.#lastWords.trim()
      listener.exit({ code, signal, hung: this.#hung, lastWords, ...(notStarted && { notStarted }) })
    }
    // `exit` may come before the last messages of the channel; `close` comes after them.
    this.#child.on('close', (code, signal) => exit(code, signal))
    this.#child.on('error', (error) => {
      this.#lastWords = error.message
      // There will be no `close` where there was no process.
      if (this.#child.pid !== undefined) return
      ended(this.#child)
      exit(null, null, error)
    })
  }

  get pid(): number | undefined {
    return this.#child.pid
  }

  /** @throws {TypeError} for what JSON has no form for */
  send(message: ToWorker): void {
    // A channel that has just closed says so by `exit`; here it is no news.
    if (this.#child.connected) this.#child.send(message, () => {})
  }

  /** While there is work, the process keeps the app alive and must show that it lives. */
  ref(working: boolean): void {
    if (working === this.#working) return
    this.#working = working
    clearInterval(this.#heartbeat)
    const change = working ? 'ref' : 'unref'
    this.#child[change]()
    // The child's pipes are sockets; its type hides that. Bun's channel and pipes need no word, and have none for it.
    for (const handle of [this.#child.channel, this.#child.stdin, this.#child.stderr])
      (handle as Partial<Pick<Socket, 'ref' | 'unref'>> | null | undefined)?.[change]?.()
    if (!working) return
    this.#missed = 0
    this.#heartbeat = setInterval(() => this.#check(), this.#heartbeatMs / checks)
    this.#heartbeat.unref()
  }

  /** Ends it at once. */
  kill(): void {
    this.#child.kill('SIGKILL')
  }

  /** The app stays alive until it has ended. */
  hold(): void {
    this.#child.ref()
  }

  /** Lets it end by itself, or ends it when that takes longer. */
  shutdown(graceMs: number): void {
    this.ref(false)
    this.send({ type: 'shutdown' })
    const timer = setTimeout(() => this.kill(), graceMs)
    timer.unref()
    this.#child.once('close', () => clearTimeout(timer))
  }

  // Counting checks instead of time: an app whose own loop was blocked, or a machine that slept, is no reason to kill.
  #check(): void {
    if (this.#missed >= (this.#loaded ? checks : checksWhileLoading)) {
      this.#hung = true
      return this.kill()
    }
    this.#missed++
    this.send({ type: 'ping' })
  }
}
