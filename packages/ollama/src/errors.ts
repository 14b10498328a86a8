// Mapping of Ollama's errors to LlmError. Their codes are found by their English words, else by the status.
// Source: ollama/ollama, server/routes.go and server/sched.go, August 2026.
import type { ErrorCode, ErrorDetails, LlmError } from '@patchbay/core'
import {
  codeOfStatus,
  detailsOf,
  errorIn,
  errorInAnswer,
  errorText,
  isOverflow,
  jsonIn,
  noAnswer,
  type ServiceFailure,
  serviceError,
  wordsOf,
} from '@patchbay/core/wire'

const who = 'Ollama'

const words: [
  pattern: { test(text: string): boolean },
  code: ErrorCode,
  advice: (model: string) => string,
][] = [
  [/not found|try pulling it first/i, 'not-found', (model) => `Fetch it with: ollama pull ${model}.`],
  [
    { test: isOverflow },
    'context-length',
    () => 'Shorten the conversation, or raise `context` if the model allows it.',
  ],
  [/does not support/i, 'unsupported', () => 'Leave it out, or use a model that does.'],
  [/server busy|maximum pending requests/i, 'overloaded', () => 'Try again later.'],
  [
    /requires more system memory|out of memory|unable to allocate/i,
    'model-load',
    () => 'Use a smaller model, or a smaller `context`.',
  ],
  [
    /unable to load model|llama runner process has terminated|error loading model/i,
    'model-load',
    () => "The server's log says more.",
  ],
]

/**
 * The error for a message of Ollama, in a response or in the middle of a stream.
 * @param otherwise the code for words that are not in the table
 * @param body all that was received
 */
export function fromWords(
  message: string,
  model: string,
  otherwise: ErrorCode,
  details: ErrorDetails = {},
  body: unknown = message,
  more: ServiceFailure['advice'] = {},
): LlmError {
  for (const [pattern, code, advice] of words) {
    if (!pattern.test(message)) continue
    // The words know better than the status whether a retry can help: a missing model stays missing.
    const { retryable: _, ...rest } = details
    return serviceError({
      who,
      code,
      words: message,
      body,
      advice: { [code]: advice(model) },
      details: rest,
    })
  }
  return serviceError({ who, code: otherwise, words: message, body, advice: more, details })
}

/**
 * The error for an HTTP error response.
 * @param advice what to do, for some codes, beside the usual advice
 */
export async function fromResponse(
  response: Response,
  model: string,
  now: number,
  advice?: ServiceFailure['advice'],
): Promise<LlmError> {
  const text = await errorText(response)
  const error = errorIn(jsonIn(text))
  return fromWords(
    error === undefined ? `HTTP ${response.status} with ${text.trim() || '(nothing)'}` : wordsOf(error),
    model,
    codeOfStatus(response.status),
    detailsOf(response, now),
    text,
    advice,
  )
}

/** The error for a 200 that is not an answer of Ollama. */
export function notAnAnswer(value: unknown, model: string): LlmError {
  const error = errorInAnswer(typeof value === 'string' ? jsonIn(value) : value)
  if (error !== undefined) return fromWords(wordsOf(error), model, 'server-error', {}, value)
  return noAnswer('The server at this address does not answer like Ollama', value)
}
