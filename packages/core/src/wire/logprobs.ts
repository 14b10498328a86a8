// Log-probabilities on the wire: read from the lists that OpenAI's and Ollama's APIs share, and missed where a service ignores
// the request for them.

import type { BackendEvent } from '../contract/events.js'
import type { TokenLogprob, TopLogprob, Warning } from '../contract/response.js'
import { objectsIn } from './formats/received-json.js'

// As OpenAI writes it: JSON has no minus infinity. Libraries write null in its place (nlohmann/json of llama.cpp), or a number too large.
const impossible = -9999

/** The log-probabilities of a list of `{ token, logprob, bytes, top_logprobs }`; empty for anything else. */
export function logprobsOf(list: unknown): TokenLogprob[] {
  return objectsIn(list).flatMap((one) =>
    toLogprob(one).map((logprob) => ({ ...logprob, top: objectsIn(one.top_logprobs).flatMap(toLogprob) })),
  )
}

function toLogprob({ token, logprob, bytes }: Record<string, unknown>): TopLogprob[] {
  if (typeof token !== 'string') return []
  if (logprob !== null && (typeof logprob !== 'number' || Number.isNaN(logprob))) return []
  const isBytes = Array.isArray(bytes) && bytes.length > 0 && bytes.every(Number.isInteger)
  return [{ token, logprob: Math.max(logprob ?? impossible, impossible), ...(isBytes && { bytes }) }]
}

/** Collects the log-probabilities of a stream until the text that they belong to: a character may be spread over tokens. */
export class PendingLogprobs {
  #pending: TokenLogprob[] = []

  add(logprobs: readonly TokenLogprob[]): void {
    for (const one of logprobs) this.#pending.push(one)
  }

  /** The event of a piece of text, with those since the last one. */
  text(text: string): Extract<BackendEvent, { type: 'text' }> {
    const logprobs = this.#pending
    if (logprobs.length === 0) return { type: 'text', text }
    this.#pending = []
    return { type: 'text', text, logprobs }
  }
}

/** The same list on the wire, for answers to clients of those APIs. */
export function logprobsToWire(logprobs: readonly TokenLogprob[]): Record<string, unknown>[] {
  const one = ({ token, logprob, bytes }: TopLogprob) => ({
    token,
    logprob,
    // Of a part of a character, the text does not tell the bytes.
    bytes: bytes ?? (token.includes('\uFFFD') ? null : [...new TextEncoder().encode(token)]),
  })
  return logprobs.map(({ top, ...logprob }) => ({ ...one(logprob), top_logprobs: top.map(one) }))
}

/** The events of an answer that should have log-probabilities; an answer of text without any gets a warning. */
export async function* warnWithoutLogprobs(
  events: AsyncIterable<BackendEvent>,
  who: string,
  warn: (warning: Warning) => void,
): AsyncGenerator<BackendEvent> {
  let hasText = false
  let hasLogprobs = false
  for await (const event of events) {
    if (event.type === 'text') {
      hasText ||= event.text !== ''
      hasLogprobs ||= event.logprobs !== undefined
    }
    if (event.type === 'finish' && hasText && !hasLogprobs)
      warn({
        code: 'unsupported',
        feature: 'logprobs',
        message: `${who} was asked for log-probabilities and sent none.`,
      })
    yield event
  }
}
