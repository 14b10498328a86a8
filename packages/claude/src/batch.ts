// Message Batches: many requests at half the price, answered within a day.
// Source: platform.claude.com/docs/en/build-with-claude/batch-processing, November 2026.
import { type BatchOutcome, type BatchStatus, LlmError } from '@patchbay/core'
import { textLines } from '@patchbay/core/wire'
import { fromBody } from './errors.js'
import { fromMessage } from './events.js'

/** A batch as the service tells of it. */
interface Wire {
  id?: unknown
  processing_status?: string
  cancel_initiated_at?: string | null
  request_counts?: Record<string, number>
}

/** Every request by its number, which comes back with its result. */
export function toBatch(bodies: object[]): { requests: object[] } {
  return { requests: bodies.map((params, index) => ({ custom_id: `request-${index}`, params })) }
}

/** @throws {LlmError} `bad-response` */
export function idOf({ id }: Wire): string {
  if (typeof id === 'string') return id
  throw new LlmError('bad-response', 'Anthropic took the batch and gave it no id.')
}

export function toStatus({ processing_status, cancel_initiated_at, request_counts = {} }: Wire): BatchStatus {
  const { processing = 0, succeeded = 0, errored = 0, canceled = 0, expired = 0 } = request_counts
  const failed = errored + canceled + expired
  return {
    state: processing_status !== 'ended' ? 'running' : cancel_initiated_at ? 'cancelled' : 'ended',
    total: processing + succeeded + failed,
    answered: succeeded,
    failed,
  }
}

/** One result a line. */
export async function* toOutcomes(body: ReadableStream<Uint8Array>): AsyncGenerator<BatchOutcome> {
  for await (const line of textLines(body)) {
    if (line.trim() === '') continue
    const { custom_id, result } = parsed(line)
    const index = Number(/^request-(\d+)$/.exec(custom_id ?? '')?.[1] ?? Number.NaN)
    if (Number.isNaN(index)) throw new LlmError('bad-response', 'This batch was not made by this library.')
    if (result?.type === 'succeeded') yield { index, events: fromMessage(result.message) }
    else yield { index, error: failureOf(result) }
  }
}

interface Line {
  custom_id?: string
  result?: { type?: string; message?: unknown; error?: unknown }
}

function parsed(line: string): Line {
  try {
    return JSON.parse(line) as Line
  } catch (cause) {
    throw new LlmError(
      'bad-response',
      'A line of the results is no JSON: it may be cut off. Read them again.',
      {
        retryable: true,
        cause,
      },
    )
  }
}

function failureOf(result: Line['result']): LlmError {
  switch (result?.type) {
    case 'errored':
      return fromBody(result.error)
    case 'canceled':
      return new LlmError('aborted', 'This request was cancelled with its batch before it was answered.')
    case 'expired':
      return new LlmError('timeout', 'Anthropic did not get to this request within a day. Submit it again.')
    default:
      return new LlmError('bad-response', `Anthropic gave a result of a kind nobody knows: ${result?.type}.`)
  }
}
