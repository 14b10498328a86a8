// Protocol between the processes that use local models and the one that owns them: JSON messages of one program to itself.
import { type ErrorCode, isLlmError, LlmError, type StatusEvent } from '@patchbay/core'
import type { Priority } from '../supervisor/fair-queue.js'
import type { FromWorker, JobRequest, JobResult, PromptRequest, ReadyInfo } from '../supervisor/protocol.js'
import type { SchedulerSettings } from '../supervisor/scheduler.js'
import type { WorkerStats } from '../supervisor/stats.js'

/** Settings of a queue as they are sent. Equal settings are the same model and queue. */
export type SentSettings = Omit<SchedulerSettings, 'onLog'>

/** An error as it is sent. */
export interface SentError {
  code: ErrorCode
  message: string
  retryable: boolean
}

/** Ids are chosen by the process that asks. */
export type ToOwner =
  | { type: 'open'; handle: number; settings: SentSettings }
  | { type: 'close'; handle: number }
  /** `caller` is absent where the call names none: then the handle is one. */
  | {
      type: 'submit'
      handle: number
      id: number
      request: JobRequest
      priority: Priority
      caller: string | undefined
    }
  | { type: 'count'; handle: number; id: number; prompt: PromptRequest }
  | { type: 'ready'; handle: number; id: number }
  /** The reader has read this many more characters. */
  | { type: 'credit'; id: number; characters: number }
  | { type: 'cancel'; id: number }

export type FromOwner =
  | Extract<FromWorker, { type: 'text' | 'reasoning' | 'call' | 'counted' }>
  | { type: 'done'; id: number; result: JobResult; queuedMs: number }
  | { type: 'ready'; id: number; info: ReadyInfo }
  | { type: 'failed'; id: number; error: SentError }
  | { type: 'status'; id: number; status: StatusEvent }
  | { type: 'stats'; handle: number; stats: WorkerStats }
  | { type: 'closed'; handle: number }

export function sentError(thrown: unknown): SentError {
  if (!isLlmError(thrown)) return { code: 'inference', message: String(thrown), retryable: false }
  const { code, message, retryable } = thrown
  return { code, message, retryable }
}

export function receivedError({ code, message, retryable }: SentError): LlmError {
  return new LlmError(code, message, { retryable })
}
