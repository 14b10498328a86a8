// Laws of the worker's lifecycle, checked after every step of random histories.
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ended, info } from '../../test/simulated-facts.js'
import { SimulatedLife } from '../../test/simulated-life.js'
import { transition } from './worker-lifecycle.js'
import { attachment, canUnload, isBusy, type Phase, type WorkerEvent } from './worker-state.js'

/** Each step is one of the actions that are possible at that moment: often one that brings things forward. */
const step = fc.record({
  kind: fc.constantFrom<('good' | 'any' | 'submit')[]>('good', 'good', 'any', 'any', 'submit'),
  pick: fc.noBias(fc.nat({ max: 1000 })),
})
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never
const history = fc.array(step, { maxLength: 80, size: 'max' })

/** Plays a history, and calls `check` after each step. */
function play(steps: Step[], check: (life: SimulatedLife) => void): SimulatedLife {
  const life = new SimulatedLife()
  for (const { kind, pick } of steps) {
    if (kind === 'submit') life.actions.submit.act()
    else {
      const possible = life.possible(kind === 'good')
      possible[pick % possible.length]?.act()
    }
    check(life)
  }
  return life
}

function law(check: (life: SimulatedLife) => void): void {
  fc.assert(
    fc.property(history, (steps) => void play(steps, check)),
    { numRuns: 100 },
  )
}

const withProcess = ['loading', 'ready', 'draining', 'stopping'] as const satisfies Phase['name'][]
/** The phases in which an event can come. */
const expected: [WorkerEvent, readonly Phase['name'][]][] = [
  [{ type: 'files-checked' }, ['checking']],
  [{ type: 'process-started' }, ['starting']],
  [{ type: 'memory-planned', bytes: 1 }, ['loading']],
  [{ type: 'memory-granted' }, ['loading']],
  [{ type: 'model-loaded', info }, ['loading']],
  [{ type: 'memory-wanted' }, ['ready']],
  [{ type: 'keep-alive-elapsed' }, ['ready']],
  [{ type: 'back-off-elapsed' }, ['backing-off']],
  [{ type: 'process-exited', exit: ended }, withProcess],
]

describe('in every history', () => {
  it('there is one process in the phases that have one, and none in the others', () => {
    law(({ state, process, checking, starting }) => {
      expect(process !== 'none').toBe(withProcess.some((name) => name === state.phase.name))
      expect(process === 'ending').toBe(state.phase.name === 'stopping')
      expect([checking, starting]).toEqual([state.phase.name === 'checking', state.phase.name === 'starting'])
    })
  })

  it('jobs run only while the model is loaded, and wait only for something that will come', () => {
    law((life) => {
      const { state, waiting, running } = life
      if (running.length > 0) expect(['ready', 'draining']).toContain(state.phase.name)
      if (state.phase.name === 'draining') expect(running).not.toEqual([])
      expect(isBusy(state)).toBe(waiting.length + running.length > 0)
      if (waiting.length === 0) return
      if (state.phase.name === 'ready') expect(running).toHaveLength(info.parallel)
      expect(life.possible(true)).not.toEqual([])
    })
  })

  it('a timer runs for an idle model and between two processes, and at no other time', () => {
    law(({ state, timer }) => {
      const due = state.phase.name === 'backing-off' ? 'back-off' : 'none'
      expect(timer).toBe(state.phase.name === 'ready' && !isBusy(state) ? 'keep-alive' : due)
    })
  })

  it('memory is asked for and held only by a process, and asked for only while jobs wait', () => {
    law(({ state, memory, waiting, process }) => {
      if (memory !== 'none') expect(process).not.toBe('none')
      expect(memory === 'requested').toBe(
        state.phase.name === 'loading' && state.phase.memory === 'requested',
      )
      if (memory === 'requested') expect(waiting).not.toEqual([])
    })
  })

  it('an idle model can be unloaded at once, and a busy one as soon as its running jobs are done', () => {
    law(({ state, running }) => {
      expect(canUnload(state)).toBe(['ready', 'draining', 'stopping'].includes(state.phase.name))
      if (state.phase.name !== 'ready') return
      const wanted = transition(state, { type: 'memory-wanted' })
      expect(wanted.state.phase.name).toBe(running.length > 0 ? 'draining' : 'stopping')
      if (running.length === 0) return
      const done = transition(wanted.state, { type: 'demand-changed', waiting: true, running: false })
      expect(done.state.phase.name).toBe('stopping')
      expect(done.state.unloads).toBe(state.unloads + 1)
    })
  })

  it('the app is kept alive by work and by close(), and by nothing else', () => {
    law(({ state, waiting, running }) => {
      const busy = waiting.length + running.length > 0
      const held = state.closing && state.phase.name === 'stopping' ? 'held' : 'detached'
      expect(attachment(state)).toBe(busy ? 'working' : held)
    })
  })

  it('an event that comes too late, or too early, changes nothing', () => {
    law(({ state }) => {
      for (const [event, phases] of expected)
        if (!phases.includes(state.phase.name))
          expect(transition(state, event)).toEqual({ state, effects: [] })
    })
  })

  it('a restart is counted for each process that took the place of one that died', () => {
    law(({ state, crashes }) => {
      expect(state.restarts).toBeLessThanOrEqual(crashes)
      if (!state.unreplaced && crashes > 0) expect(state.restarts).toBeGreaterThan(0)
    })
  })

  it('every job ends once, and after close() nothing is left', () => {
    fc.assert(
      fc.property(history, (steps) => {
        const life = play(steps, () => {})
        expect(life.settle()).toBe(true)
        expect([...life.ended.keys()].sort((a, b) => a - b)).toEqual(
          Array.from({ length: life.submitted }, (_, job) => job),
        )
        expect(life.closed).toBe(life.state.closing)
        life.actions.close.act()
        expect(life.settle()).toBe(true)
        expect(life).toMatchObject({ closed: true, process: 'none', timer: 'none', memory: 'none' })
        expect(life.state.phase).toEqual({ name: 'stopped' })
      }),
      { numRuns: 150 },
    )
  })

  it('memory that was asked for is given up when the waiting jobs are', () => {
    const life = new SimulatedLife()
    life.actions.submit.act()
    for (const name of ['files are good', 'start the process', 'plan with a budget', 'abort'] as const)
      life.actions[name].act()
    expect(life).toMatchObject({ process: 'ending', memory: 'to plan' })
  })

  it('jobs that wait fail after five crashes in a row, and are answered after fewer', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 8 }), fc.constantFrom('start', 'load'), (times, when) => {
        const life = new SimulatedLife()
        // The crashes of one job do not count for the next one.
        for (const job of [0, 1]) {
          life.actions.submit.act()
          for (let time = 0; time < times && life.waiting.length > 0; time++) {
            for (const name of ['files are good', 'start the process'] as const) life.actions[name].act()
            if (when === 'load') life.actions['plan without a budget'].act()
            life.actions.crash.act()
            if (life.timer === 'back-off') life.actions['timer fires'].act()
          }
          life.settle()
          expect(life.ended.get(job)).toBe(times < 5 ? 'answered' : 'failed')
          if (life.process === 'alive') life.actions.crash.act()
        }
      }),
    )
  })
})

it('random histories reach every phase, and every end of a job', () => {
  const phases = new Set<string>()
  const ends = new Set<string>()
  fc.assert(
    fc.property(history, (steps) => {
      const { ended } = play(steps, ({ state }) => void phases.add(state.phase.name))
      for (const end of ended.values()) ends.add(end)
    }),
    { numRuns: 150 },
  )
  expect([...phases].sort()).toEqual(
    ['stopped', 'checking', 'starting', 'backing-off', ...withProcess].sort(),
  )
  expect([...ends].sort()).toEqual(['aborted', 'answered', 'failed', 'lost'])
})
