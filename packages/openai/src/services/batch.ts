// The Batch API: a file of requests at half the price, answered within a day in two other files.
// Source: platform.openai.com/docs/guides/batch, platform.openai.com/docs/api-reference/batch, November 2026.
import { type BatchOutcome, type BatchStatus, LlmError } from '@patchbay/core'
import {
  batchLines,
  batchName,
  excerpt,
  fieldsOf,
  inBatch,
  objectsIn,
  serviceError,
  unanswered,
  withinBatch,
} from '@patchbay/core/wire'
import type { Api } from '../api.js'
import { fromError } from '../errors.js'

/** A batch as the service tells of it. */
export interface Wire {
  id?: unknown
  status?: string
  output_file_id?: string | null
  error_file_id?: string | null
  request_counts?: unknown
  errors?: unknown
  /** Instead of all that. */
  error?: unknown
}

// Source: platform.openai.com/docs/api-reference/batch/create ("input_file_id"), November 2026.
const limits = { requests: 50_000, bytes: 200_000_000 }

/**
 * The file of the requests, a line each.
 * @throws {LlmError} `invalid-request` for more than OpenAI takes (what other servers take is not known), and for options
 *   that JSON cannot hold
 */
export function toFile(bodies: object[], url: string, isOwn: boolean): FormData {
  if (isOwn) withinBatch({ requests: bodies.length }, limits, 'OpenAI')
  const { lines, bytes } = inBatch(
    bodies.map((body, index) => ({ custom_id: batchName(index), method: 'POST', url, body })),
  )
  if (isOwn) withinBatch({ bytes }, limits, 'OpenAI')
  const file = new Blob([`${lines.join('\n')}\n`], { type: 'application/jsonl' })
  const form = new FormData()
  form.set('purpose', 'batch')
  form.set('file', file, 'batch.jsonl')
  return form
}

/** @throws {LlmError} `bad-response` */
export function idOf({ id }: { id?: unknown }, who: string): string {
  if (typeof id === 'string') return id
  throw new LlmError('bad-response', `${who} took the batch and gave no id.`)
}

// Source: platform.openai.com/docs/guides/batch ("Check the status of a batch"), November 2026.
// The last two are other servers'; some write all of them large.
const running = new Set(['validating', 'in_progress', 'finalizing', 'cancelling', 'queued', 'pending'])
const over = new Set(['completed', 'expired', 'cancelled'])

/**
 * @throws {LlmError} `invalid-request` for a batch the service refused as a whole, what the service says where it answers
 *   with an error, `bad-response` for a state nobody knows
 */
export function toStatus(batch: Wire, who: string): BatchStatus {
  const { request_counts, errors, error } = batch
  const status = String(batch.status ?? '').toLowerCase()
  if (status === 'failed')
    throw serviceError({
      who,
      code: 'invalid-request',
      words: `refused the batch: ${objectsIn(fieldsOf(errors).data)[0]?.message ?? 'it does not say why'}`,
      body: errors,
    })
  if (!running.has(status) && !over.has(status)) {
    if (error) throw fromError(error, who)
    throw new LlmError(
      'bad-response',
      `${who} gave ${status === '' ? 'no state of the batch' : `the batch a state nobody knows: ${excerpt(status)}`}.`,
    )
  }
  const counts = fieldsOf(request_counts)
  const [total, completed, failed] = [counts.total, counts.completed, counts.failed].map((count) =>
    typeof count === 'number' ? count : 0,
  ) as [number, number, number]
  const state = running.has(status) ? 'running' : status === 'cancelled' ? 'cancelled' : 'ended'
  // What the day was too short for is in the file of errors, and not counted.
  return { state, total, answered: completed, failed: state === 'running' ? failed : total - completed }
}

interface Line {
  response?: unknown
  error?: unknown
}

/** One result a line, of either file. */
export async function* toOutcomes(
  body: ReadableStream<Uint8Array>,
  api: Api,
  who: string,
): AsyncGenerator<BatchOutcome> {
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
    } else yield { index, events: api.fromWhole(answer ?? null, { who, requestId }) }
  }
}

function failureOf(error: unknown, who: string): LlmError {
  const { code } = fieldsOf(error)
  if (code === 'batch_expired') return unanswered('expired', who)
  return code === 'batch_cancelled' ? unanswered('cancelled', who) : fromError(error, who)
}
