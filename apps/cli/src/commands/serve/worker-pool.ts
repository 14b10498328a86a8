// The worker processes of `serve --workers`: started together, replaced when one ends, reloaded and closed together.
import { CombinedMetrics } from '@patchbay/gateway'
import { localModelOwner } from '@patchbay/local'
import { memoryState, serveState } from '@patchbay/policies'
import { GatewayWorker, type SharedByWorkers, type WorkerEnd } from './gateway-worker.js'
import type { StartProblem } from './messages.js'

/** Milliseconds before a worker that ended is replaced: twice as many each time, until one has lived for a minute. */
const pauseMs = { first: 100, longest: 10_000 }
const healthyMs = 60_000
/** Workers that may fail to start one after the other while none serves. */
const maxFailedStarts = 5
/** Characters of texts that the workers keep together, such as stored responses. */
const maxCharacters = 64 * 1024 * 1024

/** Why the gateway cannot go on. */
export class WorkersFailed extends Error {
  constructor(readonly problem: StartProblem) {
    super(problem.text)
  }
}

export class WorkerPool {
  /** By their number, from 1. */
  readonly #workers = new Map<number, GatewayWorker>()
  readonly #serving = new Set<GatewayWorker>()
  readonly #shared: SharedByWorkers
  #failedStarts = 0
  #isClosing = false
  #fail: (error: WorkersFailed) => void = () => {}
  /** Rejects when no worker can be started any more. */
  readonly failed = new Promise<never>((_, reject) => {
    this.#fail = reject
  })

  constructor(private readonly size: number) {
    const metrics = new CombinedMetrics()
    this.#shared = {
      models: localModelOwner(),
      answerState: serveState(memoryState({ maxCharacters })),
      metrics,
      metricsPage: async () => {
        await Promise.all([...this.#serving].map((worker) => worker.updateMetrics()))
        return metrics.text()
      },
    }
    this.failed.catch(() => {})
  }

  /**
   * Starts the workers: one first, which finds out what is wrong, and makes the tables of a database.
   * @returns their address
   * @throws {WorkersFailed} if one cannot start
   */
  async start(): Promise<string> {
    const url = await this.#started(1)
    await Promise.all(Array.from({ length: this.size - 1 }, (_, at) => this.#started(at + 2)))
    for (const number of this.#workers.keys()) void this.#keep(number)
    return url
  }

  /**
   * Lets all workers read the configuration again. The first that answers says whether it is right; if so, the others follow, and
   * one that cannot, or does not answer, is replaced by one that reads the new configuration.
   * @returns why it is wrong; then all keep the old one
   */
  async reload(): Promise<string | undefined> {
    const asked = new Set<GatewayWorker>()
    for (;;) {
      // One that waits to be started again reads the configuration then.
      const judge = [...this.#serving].find((worker) => !asked.has(worker))
      if (judge === undefined) return asked.size > 0 ? 'no worker answers' : undefined
      asked.add(judge)
      const answer = await judge.reload()
      if (answer.problem !== undefined) return answer.problem
      if (answer.silent === undefined) break
      this.#replace(judge, answer.silent)
    }
    // One that is starting may have read the old one already.
    const others = [...this.#workers.values()].filter((worker) => !asked.has(worker) && !worker.isDead)
    await Promise.all(
      others.map(async (worker) => {
        const { problem, silent } = await worker.reload()
        const why = problem ?? silent
        if (why !== undefined) this.#replace(worker, why)
      }),
    )
    return undefined
  }

  #replace(worker: GatewayWorker, why: string): void {
    process.stderr.write(`The worker (process ${worker.pid}) did not reload, and is replaced: ${why}\n`)
    worker.kill()
  }

  /** Lets all workers finish their requests and end; those that take longer than `ms` are killed. */
  async close(ms: number): Promise<void> {
    this.#isClosing = true
    const workers = [...this.#workers.values()]
    for (const worker of workers) worker.close()
    const timer = setTimeout(() => {
      for (const worker of workers) worker.kill()
    }, ms)
    await Promise.all(workers.map(({ ended }) => ended))
    clearTimeout(timer)
  }

  async #started(number: number): Promise<string> {
    const worker = this.#fork(number)
    const url = await worker.started
    if (url !== undefined) return url
    const { how, problem } = await worker.ended
    throw new WorkersFailed(problem ?? { text: `Worker ${number} could not start (${how}).\n`, exitCode: 1 })
  }

  #fork(number: number): GatewayWorker {
    const worker = new GatewayWorker(this.#shared)
    this.#workers.set(number, worker)
    void worker.started.then((url) => {
      if (url === undefined) return
      this.#serving.add(worker)
      this.#failedStarts = 0
    })
    void worker.ended.then(() => this.#serving.delete(worker))
    return worker
  }

  /** Replaces a worker whenever it ends. */
  async #keep(number: number): Promise<void> {
    let pause = pauseMs.first
    for (let worker = this.#workers.get(number) as GatewayWorker; ; ) {
      const since = performance.now()
      const end = await worker.ended
      if (this.#isClosing) return
      if (performance.now() - since >= healthyMs) pause = pauseMs.first
      if ((await worker.started) === undefined && this.#serving.size === 0) this.#failedStarts++
      this.#tell(number, worker, end)
      if (this.#failedStarts >= maxFailedStarts)
        return this.#fail(
          new WorkersFailed(end.problem ?? { text: 'No worker can be started any more.\n', exitCode: 1 }),
        )
      await new Promise((resolve) => setTimeout(resolve, pause))
      if (this.#isClosing) return
      pause = Math.min(pause * 2, pauseMs.longest)
      worker = this.#fork(number)
    }
  }

  #tell(number: number, { pid }: GatewayWorker, { how, problem }: WorkerEnd): void {
    const why = problem === undefined ? '' : ` ${problem.text.split('\n')[0]}`
    process.stderr.write(`Worker ${number} (process ${pid}) ended: ${how}.${why} Another one starts.\n`)
  }
}
