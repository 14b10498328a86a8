// The Batch API: a file of requests, answered within 24 hours at half the price in one file of results and one of errors.
// Source: platform.openai.com/docs/guides/batch, platform.openai.com/docs/api-reference/batch, November 2026.
import { type BatchOutcome, type BatchStatus, LlmError } from '@patchbay/core'
import {
  batchLines,
  batchName,
  checkBatchSize,
  excerpt,
  fieldsOf,
  objectsIn,
  serviceError,
  toBatchLines,
  unansweredRequest,
} from '@patchbay/core/wire'
import type { Api, Target } from '../api.js'
import { fromError } from '../errors.js'

/** A batch object of the service. */
export interface WireBatch {
  id?: unknown
  status?: string
  output_file_id?: string | null
  error_file_id?: string | null
  request_counts?: unknown
  errors?: unknown
  /** In place of the other fields, where the server answers with an error. */
  error?: unknown
}

// Source: platform.openai.com/docs/api-reference/batch/create ("input_file_id"), November 2026.
const limits = { requests: 50_000, bytes: 200_000_000 }

/**
 * The upload form with the file of requests, one a line.
 * @throws {LlmError} `invalid-request` for more requests or bytes than OpenAI takes (the limits of other servers are not known),
 *   and for options that JSON cannot represent
 */
export function toFile(bodies: object[], url: string, isOwn: boolean): FormData {
  if (isOwn) checkBatchSize({ requests: bodies.length }, limits, 'OpenAI')
  const { lines, bytes } = toBatchLines(
    bodies.map((body, index) => ({ custom_id: batchName(index), method: 'POST', url, body })),
  )
  if (isOwn) checkBatchSize({ bytes }, limits, 'OpenAI')
  const file = new Blob([`${lines.join('\n')}\n`], { type: 'application/jsonl' })
  const form = new FormData()
  form.set('purpose', 'batch')
  form.set('file', file, 'batch.jsonl')
  return form
}

/**
 * The id of an uploaded file or a created batch.
 * @throws {LlmError} `bad-response` without one
 */
export function idOf({ id }: { id?: unknown }, who: string): string {
  if (typeof id === 'string') return id
  throw new LlmError('bad-response', `${who} accepted the batch but sent no id.`)
}

// Source: platform.openai.com/docs/guides/batch ("Check the status of a batch"), November 2026.
// `queued` and `pending` come from other servers; some send capital letters.
const running = new Set(['validating', 'in_progress', 'finalizing', 'cancelling', 'queued', 'pending'])
const finished = new Set(['completed', 'expired', 'cancelled'])

/**
 * The status of a batch.
 * @throws {LlmError} `invalid-request` for a batch that the service refused as a whole, the service's own error if it sent one,
 *   `bad-response` for an unknown state
 */
export function toStatus(batch: WireBatch, who: string): BatchStatus {
  const { request_counts, errors, error } = batch
  const status = String(batch.status ?? '').toLowerCase()
  if (status === 'failed')
    throw serviceError({
      who,
      code: 'invalid-request',
      words: `refused the batch: ${objectsIn(fieldsOf(errors).data)[0]?.message ?? 'it gave no reason'}`,
      body: errors,
    })
  if (!running.has(status) && !finished.has(status)) {
    if (error) throw fromError(error, who)
    throw new LlmError(
      'bad-response',
      `${who} sent ${status === '' ? 'no state of the batch' : `an unknown state of the batch: ${excerpt(status)}`}.`,
    )
  }
  const counts = fieldsOf(request_counts)
  const [total, completed, failed] = [counts.total, counts.completed, counts.failed].map((count) =>
    typeof count === 'number' ? count : 0,
  ) as [number, number, number]
  const state = running.has(status) ? 'running' : status === 'cancelled' ? 'cancelled' : 'ended'
  // Requests that expired are in the file of errors, but `failed` does not count them.
  return { state, total, answered: completed, failed: state === 'running' ? failed : total - completed }
}

interface Line {
  response?: unknown
  error?: unknown
}

/** The outcomes in a file of results or of errors, one a line. */
export async function* toOutcomes(
  body: ReadableStream<Uint8Array>,
  api: Api,
  target: Target,
): AsyncGenerator<BatchOutcome> {
  const { who } = target
  for await (const { index, line, error } of batchLines<Line>(body)) {
    if (error !== undefined) {
      yield { index, error }
      continue
    }
    const { status_code: status, request_id: id, body: answer } = fieldsOf(line.response)
    const requestId = typeof id === 'string' ? id : undefined
    if (line.error) yield { index, error: failureOf(line.error, who) }
    else if (typeof status === 'number' && status >= 400) {
      const details = { status, ...(requestId && { requestId }) }
      yield { index, error: fromError(fieldsOf(answer).error, who, details) }
    } else yield { index, events: api.fromWhole(answer ?? null, { ...target, requestId }) }
  }
}

function failureOf(error: unknown, who: string): LlmError {
  const { code } = fieldsOf(error)
  if (code === 'batch_expired') return unansweredRequest('expired', who)
  return code === 'batch_cancelled' ? unansweredRequest('cancelled', who) : fromError(error, who)
}
