// Does a request of a batch: nobody waits for it, its result is recorded.
import { randomUUID } from 'node:crypto'
import type { Provider } from '@patchbay/core'
import { beginRequest, recordResult } from '../redis/batch-scripts.js'
import type { Script } from '../redis/scripts.js'
import type { BatchedResult } from '../wire/answer.js'
import { crashed, toWireError } from '../wire/errors.js'
import type { WireEvent } from '../wire/events.js'
import type { JobData } from '../wire/job.js'
import { Outbox } from './outbox.js'
import { runOperation } from './run-operation.js'

/** Runs a step in Redis, however long it takes until that answers. */
type Step = (script: Script, args: readonly (string | number)[]) => Promise<unknown>

export async function runBatched(
  provider: Provider,
  job: JobData,
  { id, index }: NonNullable<JobData['batch']>,
  mostAttempts: number,
  step: Step,
): Promise<void> {
  const attempt = Number(await step(beginRequest, [id, index, randomUUID()]))
  if (attempt === 0) return
  let result: BatchedResult
  try {
    if (attempt > mostAttempts) throw crashed(false)
    const event = await runOperation(provider, job, { ...job.options }, new Outbox(async () => true))
    result = { event: event as WireEvent }
  } catch (error) {
    result = { error: toWireError(error) }
  }
  await step(recordResult, [id, index, 'error' in result ? 'failed' : 'answered', JSON.stringify(result)])
}
