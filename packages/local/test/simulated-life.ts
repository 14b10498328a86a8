// Simulated environment of the worker's lifecycle: jobs, a process, timers and memory.
import { LlmError } from '@patchbay/core'
import { expect } from 'vitest'
import type { ProcessExit } from '../src/errors.js'
import { transition } from '../src/supervisor/worker-lifecycle.js'
import { type Effect, initialState, type Report, type WorkerEvent } from '../src/supervisor/worker-state.js'
import { ended, info, killed } from './simulated-facts.js'

const failure = new LlmError('model-load', 'It cannot be loaded.')

type Name =
  | 'submit'
  | 'abort'
  | 'finish a job'
  | 'files are good'
  | 'files are bad'
  | 'start the process'
  | 'fail to start'
  | 'plan with a budget'
  | 'plan without a budget'
  | 'grant memory'
  | 'load'
  | 'fail to load'
  | 'crash'
  | 'find no process'
  | 'exit'
  | 'timer fires'
  | 'want its memory'
  | 'close'

interface Action {
  can: () => boolean
  act: () => void
  /** A step towards an answer, without a failure. */
  good?: true
}

/** Performs effects, checks that each is allowed, and knows the possible actions. */
export class SimulatedLife {
  state = initialState
  readonly waiting: number[] = []
  readonly running: number[] = []
  readonly ended = new Map<number, 'answered' | 'aborted' | 'lost' | 'failed'>()
  process: 'none' | 'alive' | 'ending' = 'none'
  timer: 'none' | 'keep-alive' | 'back-off' = 'none'
  memory: 'none' | 'to plan' | 'requested' | 'allowed' = 'none'
  checking = false
  starting = false
  closed = false
  crashes = 0
  submitted = 0
  readonly #events: WorkerEvent[] = []

  /** All actions. */
  readonly actions: Record<Name, Action> = {
    'files are good': {
      good: true,
      can: () => this.checking,
      act: () => {
        this.checking = false
        this.dispatch({ type: 'files-checked' })
      },
    },
    'start the process': {
      good: true,
      can: () => this.starting,
      act: () => {
        this.starting = false
        this.process = 'alive'
        this.dispatch({ type: 'process-started' })
      },
    },
    'plan without a budget': {
      good: true,
      can: () => this.process === 'alive' && this.memory === 'to plan',
      act: () => this.dispatch({ type: 'memory-granted' }),
    },
    'grant memory': {
      good: true,
      can: () => this.memory === 'requested',
      act: () => this.dispatch({ type: 'memory-granted' }),
    },
    load: {
      good: true,
      can: () => this.process === 'alive' && this.memory === 'allowed' && this.state.phase.name === 'loading',
      act: () => this.dispatch({ type: 'model-loaded', info }),
    },
    'finish a job': {
      good: true,
      can: () => this.running.length > 0,
      act: () => {
        this.#end(this.running.shift(), 'answered')
        this.dispatch({ type: 'job-finished' })
        this.#next()
      },
    },
    exit: {
      good: true,
      can: () => this.process === 'ending',
      act: () => this.#exit(ended),
    },
    'timer fires': {
      good: true,
      can: () => this.timer !== 'none',
      act: () => {
        const type = this.timer === 'keep-alive' ? 'keep-alive-elapsed' : 'back-off-elapsed'
        this.timer = 'none'
        this.dispatch({ type })
      },
    },
    'plan with a budget': {
      can: () => this.process === 'alive' && this.memory === 'to plan',
      act: () => this.dispatch({ type: 'memory-planned', bytes: 1 }),
    },
    submit: {
      can: () => true,
      act: () => {
        this.waiting.push(this.submitted++)
        this.#next()
      },
    },
    abort: {
      can: () => this.waiting.length > 0,
      act: () => {
        this.#end(this.waiting.shift(), 'aborted')
        this.#next()
      },
    },
    'files are bad': {
      can: () => this.checking,
      act: () => {
        this.checking = false
        this.dispatch({ type: 'start-failed', error: failure })
      },
    },
    'fail to start': {
      can: () => this.starting,
      act: () => {
        this.starting = false
        this.dispatch({ type: 'start-failed', error: failure })
      },
    },
    'fail to load': {
      can: () => this.process === 'alive' && this.state.phase.name === 'loading',
      act: () => this.dispatch({ type: 'load-failed', error: failure }),
    },
    crash: {
      can: () => this.process === 'alive',
      act: () => {
        this.crashes++
        this.#exit(killed)
      },
    },
    'find no process': {
      can: () => this.process === 'alive' && this.memory === 'to plan',
      act: () => this.#exit({ ...killed, notStarted: new Error('EAGAIN') }),
    },
    'want its memory': { can: () => true, act: () => this.dispatch({ type: 'memory-wanted' }) },
    close: { can: () => true, act: () => this.dispatch({ type: 'close-requested' }) },
  }

  dispatch(event: WorkerEvent): void {
    this.#events.push(event)
    if (this.#events.length > 1) return
    for (let next: WorkerEvent | undefined = event; next !== undefined; next = this.#events[0]) {
      const { state, effects } = transition(this.state, next)
      this.state = state
      for (const effect of effects) this.#perform(effect)
      this.#events.shift()
    }
  }

  /** The possible actions now. */
  possible(onlyGood: boolean): Action[] {
    return Object.values(this.actions).filter(({ can, good = false }) => can() && (good || !onlyGood))
  }

  /** Performs good actions until none is possible; `false` if that does not end. */
  settle(): boolean {
    for (let step = 0; step < 500; step++) {
      const [next] = this.possible(true)
      if (next === undefined) return true
      next.act()
    }
    return false
  }

  #perform(effect: Effect): void {
    switch (effect.type) {
      case 'check-files':
        expect([this.checking, this.starting, this.process]).toEqual([false, false, 'none'])
        this.checking = true
        return
      case 'start-process':
        expect([this.checking, this.starting, this.process]).toEqual([false, false, 'none'])
        this.starting = true
        return
      case 'load-model':
        expect([this.process, this.memory]).toEqual(['alive', 'none'])
        this.memory = 'to plan'
        return
      case 'request-memory':
        expect([this.process, this.memory]).toEqual(['alive', 'to plan'])
        this.memory = 'requested'
        return
      case 'withdraw-memory-request':
        if (this.memory === 'requested') this.memory = 'to plan'
        return
      case 'allow-memory':
        expect(this.process).toBe('alive')
        expect(['to plan', 'requested']).toContain(this.memory)
        this.memory = 'allowed'
        return
      case 'release-memory':
        expect(this.process).toBe('none')
        this.memory = 'none'
        return
      case 'announce-idle':
        return
      case 'shut-down':
        expect(this.running).toEqual([])
        expect([this.process, this.memory]).toEqual(['alive', 'allowed'])
        this.process = 'ending'
        return
      case 'kill':
        expect(this.running).toEqual([])
        expect(this.process).toBe('alive')
        this.process = 'ending'
        return
      case 'start-keep-alive-timer':
        this.timer = 'keep-alive'
        return
      case 'start-back-off-timer':
        expect(effect.delayMs).toBeGreaterThan(0)
        this.timer = 'back-off'
        return
      case 'stop-timer':
        this.timer = 'none'
        return
      case 'report':
        return this.#onReport(effect.report)
      case 'closed':
        this.closed = true
        expect([this.checking, this.starting, this.process, this.timer, this.memory]).toEqual([
          false,
          false,
          'none',
          'none',
          'none',
        ])
        return expect(this.running).toEqual([])
      default:
        return effect satisfies never
    }
  }

  #onReport(report: Report): void {
    switch (report.type) {
      case 'loading':
      case 'restarting':
        return
      case 'ready':
        return this.#next()
      case 'died':
        for (const job of this.running.splice(0)) this.#end(job, 'lost')
        return this.#next()
      case 'failed':
        for (const job of this.waiting.splice(0)) this.#end(job, 'failed')
        return this.#next()
      default:
        return report satisfies never
    }
  }

  /** Starts jobs and reports the demand, as the scheduler does. */
  #next(): void {
    while (this.state.phase.name === 'ready' && this.running.length < info.parallel) {
      const job = this.waiting.shift()
      if (job === undefined) break
      this.running.push(job)
    }
    this.dispatch({
      type: 'demand-changed',
      waiting: this.waiting.length > 0,
      running: this.running.length > 0,
    })
  }

  #exit(exit: ProcessExit): void {
    this.process = 'none'
    this.dispatch({ type: 'process-exited', exit })
  }

  #end(job: number | undefined, how: 'answered' | 'aborted' | 'lost' | 'failed'): void {
    expect(job).toBeDefined()
    expect(this.ended.has(job as number), `job ${job} ends twice`).toBe(false)
    this.ended.set(job as number, how)
  }
}
