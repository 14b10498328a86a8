// Laws of scheduling: two models in one budget, in random histories of calls, aborts, failures, crashes and unloads.
import { type CallContext, isLlmError, LlmError } from '@patchbay/core'
import fc from 'fast-check'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { SimulatedHost, type SimulatedProcess } from '../../test/simulated-worker.js'
import { LocalBackend } from '../backend.js'
import { resolveSettings } from '../options/options.js'
import { bytesInUse } from './memory-arbiter.js'
import { Scheduler } from './scheduler.js'

const budget = 100
const model = 'pico'
const gone = new LlmError('aborted', 'The caller has gone.')

beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] }))
afterEach(() => void vi.useRealTimers())

/** Waits until all pending promises are settled. */
const settled = () => new Promise((resolve) => setImmediate(resolve))

interface Call {
  kind: 'job' | 'count' | 'ready'
  controller: AbortController
  outcome?: unknown
}

/** A scheduler on simulated processes, and the calls that were made to it. */
class Model {
  readonly host = new SimulatedHost(60)
  readonly calls: Call[] = []
  readonly #scheduler = new Scheduler(
    resolveSettings({ memoryBudget: budget, parallel: 2, queue: 3, keepAlive: 20, cacheDir: false })
      .scheduler,
    this.host,
  )
  readonly #backend = new LocalBackend(this.#scheduler, model)
  closed: 'no' | 'closing' | 'yes' = 'no'

  constructor() {
    this.#scheduler.acquire()
  }

  get stats() {
    return this.#scheduler.stats
  }

  /** A new call. Its status callback does nothing, or gives the call up, or makes another call. */
  call(kind: Call['kind'], id: number, onStatus: 'nothing' | 'abort' | 'call'): void {
    const call: Call = { kind, controller: new AbortController() }
    this.calls.push(call)
    const context: CallContext = {
      signal: call.controller.signal,
      deadline: Number.POSITIVE_INFINITY,
      clock: { now: () => performance.now(), timer: () => () => {} },
      headers: {},
      status: () => {
        if (onStatus === 'abort') call.controller.abort(gone)
        if (onStatus === 'call') this.call('job', id + 0.5, 'nothing')
        onStatus = 'nothing'
      },
      warn: () => {},
    }
    this.#ask(kind, id, context).then(
      (value) => {
        expect(value).toBe(kind === 'ready' ? 64 : id)
        call.outcome = 'answered'
      },
      (error) => {
        call.outcome = isLlmError(error) ? error.code : error
      },
    )
  }

  async #ask(kind: Call['kind'], id: number, context: CallContext): Promise<unknown> {
    if (kind === 'ready') return (await this.#scheduler.ready(context)).contextSize
    if (kind === 'count')
      return this.#scheduler.count({ messages: [{ role: 'user', content: String(id) }] }, context)
    const job = { query: String(id), documents: ['a'], providerOptions: {} }
    return (await this.#backend.rerank(job, context)).scores[0]
  }

  close(): void {
    if (this.closed !== 'no') return
    this.closed = 'closing'
    void this.#scheduler.release().then(() => {
      this.closed = 'yes'
    })
  }

  get open(): Call[] {
    return this.calls.filter((call) => !('outcome' in call))
  }
}

const often = ['good', 'good', 'good', 'good', 'job', 'job'] as const
const seldom = ['bad', 'bad', 'count', 'ready', 'abort', 'wait', 'files', 'close'] as const
const step = fc.record({
  model: fc.nat({ max: 1 }),
  what: fc.constantFrom(...often, ...seldom),
  pick: fc.noBias(fc.nat({ max: 1000 })),
})
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never

async function play(models: Model[], steps: Step[]): Promise<void> {
  for (const [id, { model: index, what, pick }] of steps.entries()) {
    const model = models[index] as Model
    const at = <T>(items: readonly T[]): T | undefined => items[pick % items.length]
    switch (what) {
      case 'good':
      case 'bad':
        at((model.host.process?.actions() ?? []).filter(({ good }) => good === (what === 'good')))?.act()
        break
      case 'job':
      case 'count':
      case 'ready':
        if (model.closed === 'no')
          model.call(what, id, at(['nothing', 'nothing', 'abort', 'call']) ?? 'nothing')
        break
      case 'close':
        // Seldom: nothing happens after it.
        if (pick % 4 === 0) model.close()
        break
      case 'abort':
        at(model.open)?.controller.abort(gone)
        break
      case 'wait':
        await vi.advanceTimersByTimeAsync(at([0, 100, 1000, 30_000]) ?? 0)
        break
      case 'files':
        model.host.filesAreBad = !model.host.filesAreBad
        break
      default:
        what satisfies never
    }
    await settled()
    expect(bytesInUse()).toBeLessThanOrEqual(budget)
  }
}

/** Performs good actions until none is left. */
async function finish(models: Model[]): Promise<void> {
  for (const { host } of models) host.filesAreBad = false
  for (let round = 0; round < 300; round++) {
    const next = models.flatMap(({ host }) => host.process?.actions() ?? []).find(({ good }) => good)
    if (next !== undefined) next.act()
    else if (models.every(({ open, closed }) => open.length === 0 && closed !== 'closing')) return
    else await vi.advanceTimersByTimeAsync(5_000)
    await settled()
  }
}

it('every call ends once and in its own answer, no job is sent twice, and closing leaves nothing', async () => {
  const outcomes = new Set<unknown>()
  let both = 0
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 20, maxLength: 80, size: 'max' }), async (steps) => {
      const models = [new Model(), new Model()]
      await play(models, steps)
      await finish(models)
      for (const model of models) {
        expect(model.open).toEqual([])
        for (const { outcome } of model.calls) outcomes.add(outcome)
        expect(new Set(model.host.sent).size).toBe(model.host.sent.length)
        expect(model.stats).toMatchObject({ queued: 0, running: 0 })
        model.close()
      }
      if (models.every(({ host }) => host.started > 0)) both++
      await finish(models)
      for (const { closed, host, stats } of models) {
        expect(closed).toBe('yes')
        expect(host.process).toBeUndefined()
        expect(stats).toMatchObject({ pid: undefined, loaded: undefined })
      }
      expect(bytesInUse()).toBe(0)
      expect(vi.getTimerCount()).toBe(0)
    }),
    { numRuns: 60 },
  )
  // The histories covered all outcomes.
  expect(outcomes).toEqual(
    new Set(['answered', 'aborted', 'worker-crashed', 'model-load', 'inference', 'queue-full']),
  )
  expect(both).toBeGreaterThan(0)
})

/** Starts a process, loads the model, and starts jobs. */
async function load({ host }: Model): Promise<SimulatedProcess> {
  while (host.process === undefined) {
    await vi.advanceTimersByTimeAsync(5_000)
    await settled()
  }
  const { process } = host
  // Plans its memory, and is ready.
  for (let step = 0; step < 2; step++) {
    process.actions()[0]?.act()
    await settled()
  }
  return process
}

it('crashes with a finished job between them do not fail the waiting calls', async () => {
  const model = new Model()
  let id = 0
  for (let crash = 0; crash < 8; crash++) {
    while (model.open.length < 5) model.call('job', id++, 'nothing')
    const process = await load(model)
    process.actions()[0]?.act()
    await settled()
    process.actions().at(-1)?.act()
    await settled()
    expect(model.open).toHaveLength(2)
  }
  model.close()
  await finish([model])
  expect(model.stats).toMatchObject({ restarts: 8, queued: 0 })
})

it('a running call that is aborted is cancelled in the worker', async () => {
  const model = new Model()
  model.call('job', 1, 'nothing')
  const process = await load(model)
  model.open[0]?.controller.abort(gone)
  await settled()
  expect(process.cancelled).toEqual(model.host.sent)
  expect(process.cancelled).toHaveLength(1)
  model.close()
  await finish([model])
})
