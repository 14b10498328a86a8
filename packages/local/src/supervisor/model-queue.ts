// The queue of one model, as its handles see it: of this process, or of the one that owns the models.
import type { CallContext, LlmError } from '@patchbay/core'
import type { QueueEntry } from './fair-queue.js'
import type { Job } from './job.js'
import type { JobRequest, PromptRequest, ReadyInfo } from './protocol.js'
import type { WorkerStats } from './stats.js'

/** What the queue needs of a call. */
export type QueueContext = Pick<CallContext, 'signal' | 'clock' | 'status'>

/** The bounded queue of one model, which all handles share. */
export interface ModelQueue {
  readonly stats: WorkerStats
  acquire(): void
  release(): Promise<void>
  submit(request: JobRequest, turn: QueueEntry, context: QueueContext): Job
  cancel(job: Job, reason: LlmError): void
  ready(context: QueueContext): Promise<ReadyInfo>
  count(chat: PromptRequest, context: QueueContext): Promise<number>
}
