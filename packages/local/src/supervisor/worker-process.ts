// Child process of the worker, as the app sees it: start, messages, heartbeat, end.
import { type ChildProcess, fork } from 'node:child_process'
import type { Socket } from 'node:net'
import type { ProcessExit } from '../errors.js'
import { type FromWorker, protocolVersion, type ToWorker, type WorkerMessages } from './protocol.js'

/** How a process keeps the app alive. */
export type Attachment = 'working' | 'held' | 'detached'

/** Receives what a process sends, and its end. */
export interface ProcessListener {
  message(message: FromWorker): void
  /** Called once, after the last message. */
  exit(exit: ProcessExit): void
}

/** Running processes: a frozen one would not notice that its app has ended. */
const runningProcesses = new Set<ChildProcess>()

function killWithApp(child: ChildProcess): void {
  if (runningProcesses.size === 0) process.on('exit', killAll)
  runningProcesses.add(child)
  child.once('close', () => forget(child))
}

function forget(child: ChildProcess): void {
  runningProcesses.delete(child)
  if (runningProcesses.size === 0) process.off('exit', killAll)
}

function killAll(): void {
  for (const child of runningProcesses) child.kill('SIGKILL')
}

// A process that missed this many heartbeats counts as hung. While it loads, it may be in native code for long, and
// cannot answer.
const allowedMisses = { loaded: 4, loading: 20 }

export class WorkerProcess {
  readonly #child: ChildProcess
  readonly #heartbeatMs: number
  #heartbeat: NodeJS.Timeout | undefined
  #attachment: Attachment | undefined
  #missed = 0
  #loaded = false
  #hung = false
  #stderr = ''

  /**
   * Runs the worker's program.
   * @throws the system's error when there can be no process
   */
  constructor(program: string, heartbeatMs: number, listener: ProcessListener) {
    this.#heartbeatMs = heartbeatMs
    this.#child = fork(program, {
      // The app's flags (--inspect, loaders) do not apply to the worker.
      execArgv: [],
      // Standard input closes when the app ends, which ends the worker. The worker writes nothing to the app's output.
      stdio: ['pipe', 'ignore', 'pipe', 'ipc'],
      // With one libuv thread, all steps run on the same thread: twice the speed (measured, November 2026).
      env: { ...process.env, UV_THREADPOOL_SIZE: '1', ELECTRON_RUN_AS_NODE: '1' },
    })
    killWithApp(this.#child)
    this.#child.stdin?.on('error', () => {})
    this.#child.stderr?.on('data', (chunk: Buffer) => {
      const output = this.#stderr + chunk
      // The beginning has an error's reason, the end what happened last.
      this.#stderr = output.length <= 1000 ? output : `${output.slice(0, 500)} … ${output.slice(-450)}`
    })
    this.#child.on('message', (messages: WorkerMessages) => {
      this.#missed = 0
      for (const message of Array.isArray(messages) ? messages : [messages]) {
        if (message.type === 'ready') this.#loaded = true
        if (message.type === 'hello' && message.version !== protocolVersion) {
          this.#stderr = `The worker file has version ${message.version} of the protocol, this package has version ${protocolVersion}. Install @patchbay/local again.`
          this.kill()
        } else listener.message(message)
      }
    })
    let exited = false
    const exit = (code: number | null, signal: string | null, notStarted?: Error): void => {
      if (exited) return
      exited = true
      this.attach('detached')
      const stderr = this.#stderr.trim()
      listener.exit({ code, signal, hung: this.#hung, stderr, ...(notStarted && { notStarted }) })
    }
    // `exit` may come before the last messages of the channel; `close` comes after them.
    this.#child.on('close', (code, signal) => exit(code, signal))
    this.#child.on('error', (error) => {
      this.#stderr = error.message
      // Without a process there is no `close`.
      if (this.#child.pid !== undefined) return
      forget(this.#child)
      exit(null, null, error)
    })
  }

  get pid(): number | undefined {
    return this.#child.pid
  }

  /** @throws {TypeError} for a message that cannot be serialized as JSON */
  send(message: ToWorker): void {
    // A channel that has just closed is reported by `exit`.
    if (this.#child.connected) this.#child.send(message, () => {})
  }

  /**
   * How the process keeps the app alive. `working`: it does, and is killed when it misses its heartbeats. `held`: it
   * does until it has ended. `detached`: it does not.
   */
  attach(attachment: Attachment): void {
    if (attachment === this.#attachment) return
    this.#attachment = attachment
    clearInterval(this.#heartbeat)
    const working = attachment === 'working'
    const change = working ? 'ref' : 'unref'
    // The child's pipes are sockets, which its type does not say. Bun's have no `ref` and need none.
    for (const handle of [this.#child.channel, this.#child.stdin, this.#child.stderr])
      (handle as Partial<Pick<Socket, 'ref' | 'unref'>> | null | undefined)?.[change]?.()
    if (attachment === 'detached') this.#child.unref()
    else this.#child.ref()
    if (!working) return
    this.#missed = 0
    this.#heartbeat = setInterval(() => this.#checkHeartbeat(), this.#heartbeatMs / allowedMisses.loaded)
    this.#heartbeat.unref()
  }

  /** Ends the process at once. */
  kill(): void {
    this.#child.kill('SIGKILL')
  }

  /** Asks the process to end, and kills it if that takes longer than `graceMs`. */
  shutdown(graceMs: number): void {
    this.send({ type: 'shutdown' })
    const timer = setTimeout(() => this.kill(), graceMs)
    timer.unref()
    this.#child.once('close', () => clearTimeout(timer))
  }

  // Heartbeats are counted instead of time: the app's event loop may have been blocked, or the machine asleep.
  #checkHeartbeat(): void {
    if (this.#missed >= (this.#loaded ? allowedMisses.loaded : allowedMisses.loading)) {
      this.#hung = true
      return this.kill()
    }
    this.#missed++
    this.send({ type: 'ping' })
  }
}
