// Message Batches: many requests at half the price, answered within a day.
// Source: platform.claude.com/docs/en/build-with-claude/batch-processing, November 2026.
import { type BatchOutcome, type BatchStatus, LlmError } from '@patchbay/core'
import {
  batchLines,
  batchName,
  checkBatchSize,
  excerpt,
  fieldsOf,
  toBatchLines,
  unansweredRequest,
} from '@patchbay/core/wire'
import type { AnswerSource } from './blocks.js'
import { fromBody } from './errors.js'
import { fromMessage } from './events.js'

/** A batch object of the service. */
interface Wire {
  id?: unknown
  processing_status?: string
  cancel_initiated_at?: string | null
  request_counts?: unknown
  /** Only in an error body. */
  error?: unknown
}

// Source: platform.claude.com/docs/en/build-with-claude/batch-processing ("Batch limitations"), November 2026.
const limits = { requests: 100_000, bytes: 256_000_000 }

/**
 * The body that submits these requests; each has its index as its id.
 * @throws {LlmError} `invalid-request` for more than the service takes, and for options that JSON cannot hold
 */
export function toBatch(bodies: object[]): { requests: object[] } {
  checkBatchSize({ requests: bodies.length }, limits, 'Anthropic')
  const requests = bodies.map((params, index) => ({ custom_id: batchName(index), params }))
  checkBatchSize({ bytes: toBatchLines(requests).bytes }, limits, 'Anthropic')
  return { requests }
}

/** @throws {LlmError} `bad-response` without an id */
export function idOf({ id }: Wire): string {
  if (typeof id === 'string') return id
  throw new LlmError('bad-response', 'Anthropic accepted the batch but gave it no id.')
}

// Source: platform.claude.com/docs/en/api/retrieving-message-batches ("processing_status"), November 2026.
const running = new Set(['in_progress', 'canceling'])

/** @throws {LlmError} the service's own error, or `bad-response` for an unknown state */
export function toStatus(batch: Wire): BatchStatus {
  const { processing_status: state = '', cancel_initiated_at, request_counts } = batch
  if (state !== 'ended' && !running.has(state)) {
    if (batch.error) throw fromBody(batch)
    throw new LlmError(
      'bad-response',
      `Anthropic gave ${state === '' ? 'no state of the batch' : `the batch an unknown state: ${excerpt(String(state))}`}.`,
    )
  }
  const counts = fieldsOf(request_counts)
  const [processing, succeeded, errored, canceled, expired] = [
    counts.processing,
    counts.succeeded,
    counts.errored,
    counts.canceled,
    counts.expired,
  ].map((count) => (typeof count === 'number' ? count : 0)) as [number, number, number, number, number]
  const failed = errored + canceled + expired
  return {
    state: state !== 'ended' ? 'running' : cancel_initiated_at ? 'cancelled' : 'ended',
    total: processing + succeeded + failed,
    answered: succeeded,
    failed,
  }
}

interface Line {
  result?: unknown
}

/** The outcomes in a body that has one result a line. */
export async function* toOutcomes(
  body: ReadableStream<Uint8Array>,
  source: AnswerSource,
): AsyncGenerator<BatchOutcome> {
  for await (const { index, line, error } of batchLines<Line>(body)) {
    if (error !== undefined) {
      yield { index, error }
      continue
    }
    const result = fieldsOf(line.result)
    if (result.type === 'succeeded') yield { index, events: fromMessage(result.message ?? null, source) }
    else yield { index, error: failureOf(result) }
  }
}

function failureOf(result: Record<string, unknown>): LlmError {
  switch (result.type) {
    case 'errored':
      return fromBody(result.error)
    case 'canceled':
      return unansweredRequest('cancelled', 'Anthropic')
    case 'expired':
      return unansweredRequest('expired', 'Anthropic')
    default:
      return new LlmError('bad-response', `Anthropic gave an unknown type of result: ${String(result.type)}.`)
  }
}
