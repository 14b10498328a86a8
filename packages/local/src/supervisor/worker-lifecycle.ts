// State machine of the worker process: a pure function from state and event to the next state and its effects.
import type { LlmError } from '@patchbay/core'
import { crashFailure, type ProcessExit, startFailure } from '../errors.js'
import { type Effect, isBusy, type Report, type WorkerEvent, type WorkerState } from './worker-state.js'

export interface Transition {
  readonly state: WorkerState
  readonly effects: readonly Effect[]
}

/** Delays between processes that died, in milliseconds, and the crashes in a row after which waiting jobs fail. */
const backOff = { first: 100, longest: 5_000, crashes: 4 }

/** The next state, and the effects to perform. An event that the state does not expect changes nothing. */
export function transition(state: WorkerState, event: WorkerEvent): Transition {
  const { phase } = state
  switch (event.type) {
    case 'demand-changed':
      return changeDemand(state, event)
    case 'files-checked':
      if (phase.name !== 'checking') return to(state)
      return state.waiting
        ? to({ ...state, phase: { name: 'starting' } }, { type: 'start-process' })
        : settle(state)
    case 'process-started':
      if (phase.name !== 'starting') return to(state)
      return to(
        {
          ...state,
          phase: { name: 'loading', memory: 'unplanned' },
          restarts: state.restarts + Number(state.unreplaced),
          unreplaced: false,
        },
        { type: 'load-model' },
      )
    case 'start-failed':
      return phase.name === 'checking' || phase.name === 'starting' ? fail(state, event.error) : to(state)
    case 'memory-planned':
      if (phase.name !== 'loading' || phase.memory !== 'unplanned') return to(state)
      return state.waiting
        ? to(
            { ...state, phase: { name: 'loading', memory: 'requested' } },
            { type: 'request-memory', bytes: event.bytes },
          )
        : kill(state)
    case 'memory-granted':
      if (phase.name !== 'loading' || phase.memory === 'granted') return to(state)
      return to({ ...state, phase: { name: 'loading', memory: 'granted' } }, { type: 'allow-memory' })
    case 'model-loaded':
      if (phase.name !== 'loading') return to(state)
      return to(
        { ...state, phase: { name: 'ready', info: event.info, running: false } },
        ...(state.waiting ? [] : [startKeepAlive]),
        report({ type: 'ready', info: event.info }),
      )
    case 'load-failed':
      if (phase.name !== 'loading') return to(state)
      return after(kill(state), (killed) => giveUp(killed, event.error))
    case 'job-finished':
      return to({ ...state, crashes: 0 })
    case 'process-exited':
      return exit(state, event.exit)
    case 'memory-wanted':
      if (phase.name !== 'ready') return to(state)
      return phase.running ? to({ ...state, phase: { name: 'draining', info: phase.info } }) : unload(state)
    case 'keep-alive-elapsed':
      return phase.name === 'ready' && !isBusy(state) ? unload(state) : to(state)
    case 'back-off-elapsed':
      return phase.name === 'backing-off' ? settle(state) : to(state)
    case 'close-requested': {
      const closing = { ...state, closing: true }
      return isBusy(closing) ? to(closing) : close(closing)
    }
    default:
      return impossible(event)
  }
}

const stopTimer: Effect = { type: 'stop-timer' }
const startKeepAlive: Effect = { type: 'start-keep-alive-timer' }
const report = (report: Report): Effect => ({ type: 'report', report })

function to(state: WorkerState, ...effects: Effect[]): Transition {
  return { state, effects }
}

/** One transition after another, with the effects of both. */
function after({ state, effects }: Transition, next: (state: WorkerState) => Transition): Transition {
  const then = next(state)
  return { state: then.state, effects: [...effects, ...then.effects] }
}

function changeDemand(
  state: WorkerState,
  { waiting, running }: { waiting: boolean; running: boolean },
): Transition {
  const { phase } = state
  const next: WorkerState = {
    ...state,
    waiting,
    phase: phase.name === 'ready' ? { ...phase, running } : phase,
  }
  if (phase.name === 'draining' && !running) return unload(next)
  const becameIdle = isBusy(state) && !isBusy(next)
  return after(to(next, ...(becameIdle ? [{ type: 'announce-idle' } as const] : [])), (next) =>
    isBusy(next) ? onBusy(next) : onIdle(next, becameIdle),
  )
}

/** There is work: starts what is needed for it. */
function onBusy(state: WorkerState): Transition {
  switch (state.phase.name) {
    case 'stopped':
      return settle(state)
    case 'ready':
      return to(state, stopTimer)
    case 'checking':
    case 'starting':
    case 'loading':
    case 'draining':
    case 'stopping':
    case 'backing-off':
      return to(state)
    default:
      return impossible(state.phase)
  }
}

/** There is no work. A model that is loading is loaded to the end, unless other models would have to be unloaded. */
function onIdle(state: WorkerState, becameIdle: boolean): Transition {
  const { phase, closing } = state
  if (closing) return close(state)
  if (phase.name === 'loading' && phase.memory === 'requested') return kill(state)
  return phase.name === 'ready' && becameIdle ? to(state, startKeepAlive) : to(state)
}

/** There is no work, and `close()` was called. */
function close(state: WorkerState): Transition {
  switch (state.phase.name) {
    case 'stopped':
    case 'backing-off':
      return after(to(state, stopTimer), settle)
    case 'loading':
      return kill(state)
    case 'ready':
      return shutDown(state)
    case 'checking':
    case 'starting':
    case 'draining':
    case 'stopping':
      return to(state)
    default:
      return impossible(state.phase)
  }
}

/** There is no process: prepares a new one if jobs wait, and otherwise reports the end of `close()`. */
function settle(state: WorkerState, ...effects: Effect[]): Transition {
  if (state.waiting)
    return to({ ...state, phase: { name: 'checking' } }, ...effects, report({ type: 'loading' }), {
      type: 'check-files',
    })
  const stopped: WorkerState = { ...state, phase: { name: 'stopped' } }
  return to(stopped, ...effects, ...(state.closing ? [{ type: 'closed' } as const] : []))
}

/** QueueEntry jobs fail. The next job may try again. */
function giveUp(state: WorkerState, error: LlmError): Transition {
  return to({ ...state, waiting: false, crashes: 0 }, report({ type: 'failed', error }))
}

/** There is no process, and the waiting jobs fail. */
function fail(state: WorkerState, error: LlmError): Transition {
  return after(giveUp(state, error), settle)
}

function unload(state: WorkerState): Transition {
  return shutDown({ ...state, unloads: state.unloads + 1 })
}

function shutDown(state: WorkerState): Transition {
  return to({ ...state, phase: { name: 'stopping' } }, stopTimer, { type: 'shut-down' })
}

/** For a process that has not loaded its model: it has nothing to save, and does not read messages while it loads. */
function kill(state: WorkerState): Transition {
  return to({ ...state, phase: { name: 'stopping' } }, { type: 'withdraw-memory-request' }, { type: 'kill' })
}

function exit(state: WorkerState, exit: ProcessExit): Transition {
  const { phase } = state
  const gone = to(state, stopTimer, { type: 'withdraw-memory-request' }, { type: 'release-memory' })
  switch (phase.name) {
    case 'stopped':
    case 'checking':
    case 'starting':
    case 'backing-off':
      return to(state)
    case 'stopping':
    case 'loading':
    case 'ready':
    case 'draining': {
      const { notStarted: cause } = exit
      if (cause !== undefined) return after(gone, (state) => fail(state, startFailure(cause)))
      if (phase.name === 'stopping') return after(gone, settle)
      const error = crashFailure(exit, phase.name === 'loading' ? 'loading its model' : 'working')
      return after(gone, (state) => die(state, error))
    }
    default:
      return impossible(phase)
  }
}

/** The running jobs are lost. The waiting ones get a new process, after a delay; after too many crashes they fail. */
function die(state: WorkerState, error: LlmError): Transition {
  const died: WorkerState = { ...state, phase: { name: 'stopped' }, unreplaced: true }
  const diedReport = report({ type: 'died', error })
  if (!died.waiting) return settle(died, diedReport)
  const crashes = died.crashes + 1
  if (crashes > backOff.crashes) return after(to(died, diedReport), (state) => fail(state, error))
  const delayMs = Math.min(backOff.longest, backOff.first * 2 ** (crashes - 1))
  return to(
    { ...died, crashes, phase: { name: 'backing-off' } },
    diedReport,
    report({ type: 'restarting', error, delayMs }),
    { type: 'start-back-off-timer', delayMs },
  )
}

function impossible(value: never): never {
  throw new TypeError(`Not handled: ${JSON.stringify(value)}`)
}
