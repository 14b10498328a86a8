// Log-probabilities: the option in the bodies of all protocols, and the order in which a stream sends them.
import type { ChatEvent, TokenLogprob } from '@patchbay/core'
import { requestError } from '../answer/http-status.js'
import type { Json } from './body.js'

const most = 20

/**
 * The option of a request: `top_logprobs` counts the alternatives of each token.
 * @throws {LlmError} `invalid-request`
 */
export function logprobsOption(asked: boolean, { top_logprobs: top }: Json): boolean | number | undefined {
  if (top === undefined || top === null) return asked || undefined
  if (typeof top !== 'number' || !Number.isInteger(top) || top < 0 || top > most)
    throw requestError(`top_logprobs: must be a whole number from 0 to ${most}.`)
  return asked ? top : undefined
}

/** Log-probabilities of a stream: those of each event, and with the last one what no event had. */
export class StreamedLogprobs {
  #sent = 0

  of(event: ChatEvent): TokenLogprob[] {
    if (event.type === 'finish') return event.response.logprobs?.slice(this.#sent) ?? []
    const logprobs = event.type === 'text' ? (event.logprobs ?? []) : []
    this.#sent += logprobs.length
    return logprobs
  }
}
