// States, events and effects of the worker process's lifecycle.
import type { LlmError } from '@patchbay/core'
import type { ProcessExit } from '../errors.js'
import type { ReadyInfo } from './protocol.js'
import type { Attachment } from './worker-process.js'

/** Phase of the worker process. There is a process in `loading`, `ready`, `draining` and `stopping` only. */
export type Phase =
  /** There is no process, and none is needed. */
  | { name: 'stopped' }
  /** The model's files are being checked; the process is started after that. */
  | { name: 'checking' }
  /** The process is being started. */
  | { name: 'starting' }
  /** The process loads the model. It waits until the memory that it has planned is granted. */
  | { name: 'loading'; memory: 'unplanned' | 'requested' | 'granted' }
  /** The model is loaded; the process takes jobs. */
  | { name: 'ready'; info: ReadyInfo; running: boolean }
  /** Another model needs the memory: the process finishes its running jobs and takes no new ones. */
  | { name: 'draining'; info: ReadyInfo }
  /** The process was told to end, or was killed. */
  | { name: 'stopping' }
  /** The process died; the next one is started after a delay. */
  | { name: 'backing-off' }

export interface WorkerState {
  readonly phase: Phase
  /** Jobs wait for a process that takes jobs. */
  readonly waiting: boolean
  /** The last handle was closed: the process ends when there is no work left. */
  readonly closing: boolean
  /** Processes that died in a row while jobs waited, without a finished job between them. */
  readonly crashes: number
  /** A process has died and none has been started since. */
  readonly unreplaced: boolean
  /** Processes that were started in place of one that died. */
  readonly restarts: number
  /** Models that were unloaded: idle for `keepAlive`, or to free memory for another one. */
  readonly unloads: number
}

export const initialState: WorkerState = {
  phase: { name: 'stopped' },
  waiting: false,
  closing: false,
  crashes: 0,
  unreplaced: false,
  restarts: 0,
  unloads: 0,
}

export type WorkerEvent =
  /** The scheduler's backlog has changed. */
  | { type: 'demand-changed'; waiting: boolean; running: boolean }
  | { type: 'files-checked' }
  | { type: 'process-started' }
  /** A file is not a model, or the process cannot be started. */
  | { type: 'start-failed'; error: LlmError }
  /** The worker knows what the model needs, and there is a budget. */
  | { type: 'memory-planned'; bytes: number }
  | { type: 'memory-granted' }
  | { type: 'model-loaded'; info: ReadyInfo }
  | { type: 'load-failed'; error: LlmError }
  | { type: 'job-finished' }
  | { type: 'process-exited'; exit: ProcessExit }
  /** Another model needs this one's memory. */
  | { type: 'memory-wanted' }
  | { type: 'keep-alive-elapsed' }
  | { type: 'back-off-elapsed' }
  | { type: 'close-requested' }

/** Reports to the scheduler. */
export type Report =
  | { type: 'loading' }
  | { type: 'ready'; info: ReadyInfo }
  /** The process died: its running jobs are lost, waiting ones go on waiting. */
  | { type: 'died'; error: LlmError }
  /** The next process is started after the delay. */
  | { type: 'restarting'; error: LlmError; delayMs: number }
  /** No process can serve the waiting jobs: all of them fail. */
  | { type: 'failed'; error: LlmError }

export type Effect =
  | { type: 'check-files' }
  | { type: 'start-process' }
  | { type: 'load-model' }
  | { type: 'request-memory'; bytes: number }
  | { type: 'withdraw-memory-request' }
  /** The worker may take the memory that it has planned. */
  | { type: 'allow-memory' }
  | { type: 'release-memory' }
  /** The memory arbiter may unload the model now. */
  | { type: 'announce-idle' }
  /** The process saves its prefixes if `keepPrefixes` is set, and ends. */
  | { type: 'shut-down' }
  | { type: 'kill' }
  | { type: 'start-keep-alive-timer' }
  | { type: 'start-back-off-timer'; delayMs: number }
  | { type: 'stop-timer' }
  | { type: 'report'; report: Report }
  /** `close()` is done. */
  | { type: 'closed' }

/** There is work, running or waiting. */
export function isBusy({ phase, waiting }: WorkerState): boolean {
  return waiting || phase.name === 'draining' || (phase.name === 'ready' && phase.running)
}

/** Facts of the model, while it is loaded. */
export function loadedModel({ phase }: WorkerState): ReadyInfo | undefined {
  return phase.name === 'ready' || phase.name === 'draining' ? phase.info : undefined
}

/** The model can be unloaded at once, or after its running jobs. */
export function canUnload({ phase }: WorkerState): boolean {
  return phase.name === 'ready' || phase.name === 'draining' || phase.name === 'stopping'
}

/**
 * How the process keeps the app alive: one with work does, and must show signs of life; one that `close()` waits for
 * does; an idle one does not.
 */
export function attachment(state: WorkerState): Attachment {
  if (isBusy(state)) return 'working'
  return state.closing && state.phase.name === 'stopping' ? 'held' : 'detached'
}
