// Batches: many requests at half the price, answered within a day. Source: ai.google.dev/gemini-api/docs/batch-api and
// /api/batch-api, November 2026.
import { type BatchOutcome, type BatchStatus, LlmError } from '@patchbay/core'
import { checkBatchSize, excerpt, fieldsOf, unansweredRequest } from '@patchbay/core/wire'
import { fromBody } from './errors.js'
import { type AnswerSource, fromChunks } from './events.js'

// "Inline requests: … total request size under 20MB."
const limits = { requests: 100_000, bytes: 20_000_000 }

/**
 * The body that submits these requests; each has its index as its key.
 * @throws {LlmError} `invalid-request` for more than the service takes in one request
 */
export function toBatch(bodies: object[]): Record<string, unknown> {
  const requests = bodies.map((request, index) => ({ request, metadata: { key: String(index) } }))
  checkBatchSize({ requests: bodies.length }, limits, 'Gemini')
  checkBatchSize({ bytes: new TextEncoder().encode(JSON.stringify(requests)).length }, limits, 'Gemini')
  return { batch: { displayName: 'patchbay', inputConfig: { requests: { requests } } } }
}

/** The id of a batch, without `batches/`. @throws {LlmError} `bad-response` without one */
export function idOf({ name }: Record<string, unknown>): string {
  if (typeof name === 'string' && name !== '') return name.replace(/^batches\//, '')
  throw new LlmError('bad-response', 'Gemini accepted the batch but gave it no name.')
}

const states: Record<string, BatchStatus['state']> = {
  PENDING: 'running',
  QUEUED: 'running',
  RUNNING: 'running',
  UPDATING: 'running',
  PAUSED: 'running',
  CANCELLING: 'running',
  SUCCEEDED: 'ended',
  PARTIALLY_SUCCEEDED: 'ended',
  FAILED: 'ended',
  EXPIRED: 'ended',
  CANCELLED: 'cancelled',
}

/** @throws {LlmError} the service's own error, or `bad-response` for an unknown state */
export function toStatus(operation: Record<string, unknown>): BatchStatus {
  const { state, batchStats } = fieldsOf(operation.metadata)
  // `BATCH_STATE_RUNNING`; `JOB_STATE_RUNNING` on Vertex AI and in older answers.
  const ours = states[String(state ?? '').replace(/^(BATCH|JOB)_STATE_/, '')]
  if (ours === undefined) {
    if (operation.error) throw fromBody(operation)
    throw new LlmError(
      'bad-response',
      `Gemini gave ${state === undefined ? 'no state of the batch' : `the batch an unknown state: ${excerpt(String(state))}`}.`,
    )
  }
  // 64-bit numbers are strings in JSON.
  const counts = fieldsOf(batchStats)
  const [total, answered, failed] = [
    counts.requestCount,
    counts.successfulRequestCount,
    counts.failedRequestCount,
  ].map((count) => Number(count ?? 0) || 0) as [number, number, number]
  return {
    state: ours,
    total,
    answered,
    failed: ours === 'running' ? failed : Math.max(failed, total - answered),
  }
}

/**
 * The outcomes of a batch that has ended.
 * @throws {LlmError} the error of a batch that failed as a whole
 */
export async function* toOutcomes(
  operation: Record<string, unknown>,
  total: number,
  source: AnswerSource,
): AsyncGenerator<BatchOutcome> {
  const { inlinedResponses } = fieldsOf(operation.response ?? fieldsOf(operation.metadata).output)
  const nested = fieldsOf(inlinedResponses).inlinedResponses ?? inlinedResponses
  const answers: unknown[] = Array.isArray(nested) ? nested : []
  const { state } = fieldsOf(operation.metadata)
  if (answers.length === 0 && operation.error) throw fromBody(operation)
  if (answers.length === 0 && /FAILED/.test(String(state)))
    throw new LlmError('server-error', 'Gemini says that the batch failed, and not why. Submit it again.')
  const seen = new Set<number>()
  for (const [place, answer] of answers.entries()) {
    const { metadata, response, error } = fieldsOf(answer)
    const key = fieldsOf(metadata).key
    const index = typeof key === 'string' && /^\d+$/.test(key) ? Number(key) : place
    seen.add(index)
    if (response !== undefined) yield { index, events: fromChunks(only(response), source) }
    else yield { index, error: fromBody({ error }) }
  }
  const reason = /CANCEL/.test(String(state)) ? 'cancelled' : 'expired'
  for (let index = 0; index < total; index++)
    if (!seen.has(index)) yield { index, error: unansweredRequest(reason, 'Gemini') }
}

async function* only(value: unknown): AsyncGenerator<unknown> {
  yield value
}
