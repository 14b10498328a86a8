// What a tool call must say, in whatever protocol it comes.
import { LlmError } from '../errors.js'

/**
 * The name or the id of a tool call, as it came.
 * @throws {LlmError} `bad-response` where there is none: nobody could run it, or answer it
 */
export function callField(what: 'name' | 'id', value: unknown): string {
  if (typeof value === 'string' && value !== '') return value
  throw new LlmError('bad-response', `The service sent a tool call without its ${what}. Try again.`, {
    retryable: true,
  })
}
