// The Batch API: a file of requests at half the price, answered within a day in two other files.
// Source: platform.openai.com/docs/guides/batch, platform.openai.com/docs/api-reference/batch, November 2026.
import { type BatchOutcome, type BatchStatus, LlmError } from '@patchbay/core'
import { batchLines, batchName, serviceError, unanswered } from '@patchbay/core/wire'
import type { Api } from './api.js'
import { fromError } from './errors.js'

/** A batch as the service tells of it. */
export interface Wire {
  id?: unknown
  status?: string
  output_file_id?: string | null
  error_file_id?: string | null
  request_counts?: { total?: number; completed?: number; failed?: number }
  errors?: { data?: { message?: string; line?: number | null }[] } | null
}

/** The file of the requests, a line each. */
export function toFile(bodies: object[], url: string): FormData {
  const lines = bodies.map((body, index) =>
    JSON.stringify({ custom_id: batchName(index), method: 'POST', url, body }),
  )
  const form = new FormData()
  form.set('purpose', 'batch')
  form.set('file', new Blob([`${lines.join('\n')}\n`], { type: 'application/jsonl' }), 'batch.jsonl')
  return form
}

/** @throws {LlmError} `bad-response` */
export function idOf({ id }: { id?: unknown }, who: string): string {
  if (typeof id === 'string') return id
  throw new LlmError('bad-response', `${who} took the batch and gave no id.`)
}

const over = new Set(['completed', 'failed', 'expired', 'cancelled'])

/** @throws {LlmError} `invalid-request` for a batch the service refused as a whole */
export function toStatus({ status = '', request_counts = {}, errors }: Wire, who: string): BatchStatus {
  if (status === 'failed')
    throw serviceError({
      who,
      code: 'invalid-request',
      words: `refused the batch: ${errors?.data?.[0]?.message ?? 'it does not say why'}`,
      body: errors,
    })
  const { total = 0, completed = 0, failed = 0 } = request_counts
  const state = !over.has(status) ? 'running' : status === 'cancelled' ? 'cancelled' : 'ended'
  // What the day was too short for is in the file of errors, and not counted.
  return { state, total, answered: completed, failed: state === 'running' ? failed : total - completed }
}

interface Line {
  response?: { status_code?: number; request_id?: string; body?: unknown } | null
  error?: { code?: string; message?: string } | null
}

/** One result a line, of either file. */
export async function* toOutcomes(
  body: ReadableStream<Uint8Array>,
  api: Api,
  who: string,
): AsyncGenerator<BatchOutcome> {
  for await (const { index, line } of batchLines<Line>(body)) {
    const { response, error } = line
    const { status_code: status = 200, request_id: requestId, body: answer } = response ?? {}
    if (error) yield { index, error: failureOf(error, who) }
    else if (status >= 400) {
      const { error: told } = (answer ?? {}) as { error?: unknown }
      yield { index, error: fromError(told, who, { status, ...(requestId && { requestId }) }) }
    } else yield { index, events: api.fromWhole(answer, { who, requestId }) }
  }
}

function failureOf(error: NonNullable<Line['error']>, who: string): LlmError {
  if (error.code === 'batch_expired') return unanswered('expired', who)
  return error.code === 'batch_cancelled' ? unanswered('cancelled', who) : fromError(error, who)
}
