// A worker process of `serve --workers`, as the primary sees it.
import cluster, { type Worker } from 'node:cluster'
import type { CombinedMetrics, MetricsSnapshot } from '@patchbay/gateway'
import type { LocalModelOwner } from '@patchbay/local'
import type { StateReply, StateRequest } from '@patchbay/policies'
import { Questions, type StartProblem, type ToPrimary, type ToWorker } from './messages.js'

/** What the primary keeps for all workers. */
export interface SharedByWorkers {
  models: LocalModelOwner
  answerState(request: StateRequest): Promise<StateReply>
  metrics: CombinedMetrics
  /** The metrics of all workers together. */
  metricsPage(): Promise<string>
}

/** How a worker ended. */
export interface WorkerEnd {
  /** `SIGKILL`, or `exit code 1`, or that it was frozen. */
  how: string
  /** Why it could not start. */
  problem: StartProblem | undefined
}

/** What a worker says to a new configuration: why it is wrong, or why nothing came; neither, if it uses it. */
export interface ReloadAnswer {
  problem?: string
  silent?: string
}

/** Milliseconds for a worker to send its metrics; then those it sent before are shown. */
const metricsMs = 2000
/** Milliseconds for a worker to reload; then it is replaced. */
const reloadMs = 10_000
/** Milliseconds between pings, and how many may stay unanswered: pings are counted, as time also passes while all processes sleep. */
const pingMs = 5000
const maxUnanswered = 6

export class GatewayWorker {
  /** Its address, once it serves; undefined if it ended before. */
  readonly started: Promise<string | undefined>
  readonly ended: Promise<WorkerEnd>
  readonly #worker: Worker = cluster.fork()
  readonly #reloads = new Questions<string | undefined>()
  readonly #metrics = new Questions<MetricsSnapshot>()
  readonly #shared: SharedByWorkers
  #serves = false
  #unanswered = 0
  #isFrozen = false

  constructor(shared: SharedByWorkers) {
    this.#shared = shared
    const { receive, close } = shared.models.connect((message) => this.#post({ type: 'local', message }))
    const pings = setInterval(() => this.#ping(), pingMs).unref()
    let problem: StartProblem | undefined
    let setStarted: (url: string | undefined) => void = () => {}
    this.started = new Promise((resolve) => {
      setStarted = resolve
    })
    this.ended = new Promise((resolve) => {
      this.#worker.on('exit', (code, signal) => {
        clearInterval(pings)
        close()
        shared.metrics.ended(this.#worker.id)
        setStarted(undefined)
        const frozen = `it was frozen for ${(pingMs * maxUnanswered) / 1000} seconds, and was killed`
        resolve({ how: this.#isFrozen ? frozen : (signal ?? `exit code ${code}`), problem })
      })
    })
    this.#worker.on('message', async (message: ToPrimary) => {
      switch (message.type) {
        case 'started':
          this.#serves = true
          return setStarted(message.url)
        case 'pong':
          this.#unanswered = 0
          return
        case 'not-started':
          problem = message.problem
          return
        case 'local':
          return receive(message.message)
        case 'state':
          return this.#post({ type: 'state', reply: await shared.answerState(message.request) })
        case 'reloaded':
          return this.#reloads.answer(message.id, message.problem)
        case 'metrics':
          return this.#metrics.answer(message.id, message.snapshot)
        case 'wants-metrics-page':
          return this.#post({ type: 'metrics-page', id: message.id, text: await shared.metricsPage() })
        default:
          return message satisfies never
      }
    })
    // A worker that was killed cannot be written to; its exit says so.
    this.#worker.on('error', () => {})
  }

  get isDead(): boolean {
    return this.#worker.isDead()
  }

  get pid(): number | undefined {
    return this.#worker.process.pid
  }

  /** Lets it read the configuration again. */
  async reload(): Promise<ReloadAnswer> {
    let timer: NodeJS.Timeout | undefined
    const late = new Promise<ReloadAnswer>((resolve) => {
      const silent = `it has not answered in ${reloadMs / 1000} seconds.`
      timer = setTimeout(() => resolve({ silent }), reloadMs)
    })
    const asked = this.#reloads.ask((id) => this.#postLater({ type: 'reload', id }))
    const ended = this.ended.then(({ how }) => ({ silent: `it ended (${how}).` }))
    try {
      return await Promise.race([
        asked.then((problem) => ({ ...(problem !== undefined && { problem }) })),
        late,
        ended,
      ])
    } finally {
      clearTimeout(timer)
    }
  }

  /** Reads its metrics, if it sends them in time. */
  async updateMetrics(): Promise<void> {
    let timer: NodeJS.Timeout | undefined
    const late = new Promise<undefined>((resolve) => {
      timer = setTimeout(() => resolve(undefined), metricsMs)
    })
    const asked = this.#metrics.ask((id) => this.#post({ type: 'read-metrics', id }))
    const snapshot = await Promise.race([asked, late, this.ended.then(() => undefined)])
    clearTimeout(timer)
    if (snapshot !== undefined && !this.#worker.isDead())
      this.#shared.metrics.update(this.#worker.id, snapshot)
  }

  /** Lets it finish its requests and end. */
  close(): void {
    this.#postLater({ type: 'close' })
  }

  kill(): void {
    this.#worker.process.kill('SIGKILL')
  }

  /** Kills it if it has answered none of the last pings. */
  #ping(): void {
    if (!this.#serves) return
    if (this.#unanswered++ < maxUnanswered) return this.#post({ type: 'ping' })
    this.#isFrozen = true
    this.kill()
  }

  /** Posts a message once it serves: what comes before it listens to messages is lost. */
  #postLater(message: ToWorker): void {
    void this.started.then(() => this.#post(message))
  }

  #post(message: ToWorker): void {
    if (this.#worker.isConnected()) this.#worker.send(message, () => {})
  }
}
