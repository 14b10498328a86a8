// Simulated worker processes: they do what a test says, and check what they are sent.
import { expect } from 'vitest'
import type { ProcessExit } from '../src/errors.js'
import type { FromWorker, LoadSettings, ToWorker } from '../src/supervisor/protocol.js'
import type { ProcessListener } from '../src/supervisor/worker-process.js'
import type { ProcessHost } from '../src/supervisor/worker-supervisor.js'
import { ended, info, killed } from './simulated-facts.js'

/** Starts one simulated process after another. */
export class SimulatedHost implements ProcessHost {
  process: SimulatedProcess | undefined
  started = 0
  filesAreBad = false
  /** Ids of all requests that were sent to one of its processes. */
  readonly sent: number[] = []

  constructor(readonly bytes: number) {}

  async check(_: LoadSettings): Promise<void> {
    if (this.filesAreBad) throw Object.assign(new Error('no memory'), { code: 'ENOMEM' })
  }

  start(_: number, listener: ProcessListener): SimulatedProcess {
    expect(this.process, 'a second process').toBeUndefined()
    this.process = new SimulatedProcess(this, ++this.started, listener)
    return this.process
  }
}

export class SimulatedProcess {
  #phase: 'new' | 'loading' | 'planned' | 'allowed' | 'loaded' | 'ending' = 'new'
  /** Ids of the requests that were cancelled. */
  readonly cancelled: number[] = []
  /** The answer to each open request. */
  readonly #requests = new Map<number, FromWorker>()

  constructor(
    readonly host: SimulatedHost,
    readonly pid: number,
    private readonly listener: ProcessListener,
  ) {}

  send(message: ToWorker): void {
    switch (message.type) {
      case 'load':
        expect(this.#phase).toBe('new')
        this.#phase = 'loading'
        return
      case 'memory-granted':
        expect(this.#phase).toBe('planned')
        this.#phase = 'allowed'
        return
      case 'run': {
        const { id, request } = message
        const scores = [Number('query' in request ? request.query : Number.NaN)]
        this.#take(id, { type: 'done', id, result: { scores, inputTokens: 1, promptMs: 1 } })
        return expect(this.#jobs).toBeLessThanOrEqual(info.parallel)
      }
      case 'count': {
        const { id, messages } = message
        return this.#take(id, { type: 'counted', id, tokens: Number(messages[0]?.content) })
      }
      case 'cancel':
        this.cancelled.push(message.id)
        return
      case 'credit':
      case 'ping':
        return
      case 'shutdown':
        return expect.fail('shutdown() ends a process')
      default:
        return message satisfies never
    }
  }

  attach(): void {}

  kill(): void {
    this.#phase = 'ending'
  }

  shutdown(): void {
    // A count whose caller has gone is no reason to wait.
    expect([this.#phase, this.#jobs]).toEqual(['loaded', 0])
    this.#phase = 'ending'
  }

  /** The possible actions now, from good ones to a crash. */
  actions(): { act: () => void; good: boolean }[] {
    const good = (act: () => void) => ({ act, good: true })
    const bad = (act: () => void) => ({ act, good: false })
    const crash = bad(() => this.#exit(killed))
    switch (this.#phase) {
      case 'new':
      case 'planned':
        return [crash]
      case 'loading':
        return [
          good(() => {
            this.#phase = 'planned'
            this.listener.message({ type: 'memory-planned', bytes: this.host.bytes })
          }),
          bad(() => this.#exit({ ...killed, notStarted: new Error('EAGAIN') })),
          crash,
        ]
      case 'allowed':
        return [
          good(() => {
            this.#phase = 'loaded'
            this.listener.message({ type: 'ready', info })
          }),
          bad(() => {
            const error = { code: 'model-load', message: 'It cannot be loaded.' } as const
            this.listener.message({ type: 'load-failed', error })
          }),
          crash,
        ]
      case 'loaded':
        return [
          ...[...this.#requests].flatMap(([id, answer]) => [
            good(() => this.#answer(id, answer)),
            bad(() =>
              this.#answer(id, { type: 'failed', id, error: { code: 'inference', message: 'No answer' } }),
            ),
          ]),
          crash,
        ]
      case 'ending':
        return [good(() => this.#exit(ended))]
      default:
        return this.#phase satisfies never
    }
  }

  get #jobs(): number {
    return [...this.#requests.values()].filter(({ type }) => type === 'done').length
  }

  #take(id: number, answer: FromWorker): void {
    expect(this.#phase).toBe('loaded')
    this.host.sent.push(id)
    this.#requests.set(id, answer)
  }

  #answer(id: number, answer: FromWorker): void {
    this.#requests.delete(id)
    this.listener.message(answer)
  }

  #exit(exit: ProcessExit): void {
    this.host.process = undefined
    this.listener.exit(exit)
  }
}
