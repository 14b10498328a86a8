// JSON Lines files of a service's batch: one request or result per line, with the index of its request.
import { LlmError } from '../../contract/errors.js'
import { decodeBody } from '../http/body.js'
import { lineSplitter } from './lines.js'
import { fieldsOf } from './received-json.js'

/** The id of a request in a batch; its result has the same id. */
export function batchName(index: number): string {
  return `request-${index}`
}

/** The limits of a service for one batch. */
export interface BatchLimits {
  requests: number
  /** Of all requests together, as sent. */
  bytes: number
}

/**
 * Refuses a batch that is too large before it is uploaded.
 * @throws {LlmError} `invalid-request`
 */
export function checkBatchSize(size: Partial<BatchLimits>, limits: BatchLimits, who: string): void {
  for (const unit of ['requests', 'bytes'] as const) {
    const given = size[unit] ?? 0
    if (given <= limits[unit]) continue
    const most = limits[unit].toLocaleString('en')
    const message = `A batch of ${who} has at most ${most} ${unit}; this one has ${given.toLocaleString('en')}. Submit them in several batches.`
    throw new LlmError('invalid-request', message)
  }
}

/** A line of a results file, or why it cannot be read. */
export type BatchLine<Line extends object> = { index: number } & (
  | { line: Line; error?: never }
  | { line?: never; error: LlmError }
)

/**
 * The requests of a batch as lines of JSON, and their total size in bytes with line ends.
 * @throws {LlmError} `invalid-request` with the path of a value that JSON cannot represent
 */
export function toBatchLines(requests: object[]): { lines: string[]; bytes: number } {
  const lines = requests.map((request, index) => {
    try {
      return JSON.stringify(request)
    } catch (cause) {
      throw new LlmError('invalid-request', `requests[${index}] cannot be written as JSON: ${cause}.`, {
        cause,
      })
    }
  })
  const encoder = new TextEncoder()
  return { lines, bytes: lines.reduce((sum, line) => sum + encoder.encode(line).length + 1, 0) }
}

/**
 * The lines of a results file, each with the index of its request. An unreadable line is the failure of its request, if the
 * line names it; otherwise that request has no result.
 * @throws {LlmError} `bad-response` for a file cut off within a line, and for a batch that another program created
 */
export async function* batchLines<Line extends object>(
  body: ReadableStream<Uint8Array>,
): AsyncGenerator<BatchLine<Line>> {
  const split = lineSplitter()
  // With `last`, the splitter also gives the final line without a line end.
  const lines = decodeBody(
    body,
    (piece, last) => split(piece, last).map((text) => ({ text, last })),
    (line) => line,
  )
  for await (const { text, last } of lines) {
    if (text.trim() === '') continue
    let value: unknown
    try {
      value = JSON.parse(text)
    } catch (cause) {
      if (last) {
        const message = 'The results end within a line: they may be cut off. Read them again.'
        throw new LlmError('bad-response', message, { retryable: true, cause })
      }
      const index = /"custom_id"\s*:\s*"request-(\d+)"/.exec(text)?.[1]
      if (index === undefined) continue
      const message = 'The result of this request is not JSON. Submit it again.'
      yield { index: Number(index), error: new LlmError('bad-response', message, { cause }) }
      continue
    }
    const line = fieldsOf(value)
    const number = /^request-(\d+)$/.exec(String(line.custom_id))?.[1]
    if (number === undefined)
      throw new LlmError(
        'bad-response',
        'This batch was not created by this library. Read it with the program that created it.',
      )
    yield { index: Number(number), line: line as Line }
  }
}

/** The error of a request without an answer, because its batch was cancelled or expired. */
export function unansweredRequest(why: 'cancelled' | 'expired', who: string): LlmError {
  return why === 'cancelled'
    ? new LlmError('aborted', 'This request was cancelled with its batch before it was answered.')
    : new LlmError('timeout', `${who} did not answer this request within a day. Submit it again.`)
}
