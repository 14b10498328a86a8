// Ollama's errors as ours. It says what is wrong in English, so the words decide where the status does not.
// Source: ollama/ollama, server/routes.go and server/sched.go, August 2026.
import { type ErrorCode, type ErrorDetails, LlmError } from '@patchbay/core'
import { codeOfStatus, detailsOf, errorText, excerpt } from '@patchbay/core/wire'

const words: [pattern: RegExp, code: ErrorCode, advice: (model: string) => string][] = [
  [/not found|try pulling it first/i, 'not-found', (model) => `Fetch it with: ollama pull ${model}`],
  [
    /exceeds? the context length|longer than the context|exceeds maximum context/i,
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

/** An error Ollama told in words, in a response or in the middle of a stream. */
export function fromWords(
  message: string,
  model: string,
  otherwise: ErrorCode,
  details: ErrorDetails = {},
): LlmError {
  for (const [pattern, code, advice] of words) {
    if (!pattern.test(message)) continue
    // What the words say beats what the status allows: a missing model stays missing.
    const { retryable: _, ...rest } = details
    return new LlmError(
      code,
      `Ollama: ${sentence(message)} ${advice(model)}${/\.$/.test(advice(model)) ? '' : '.'}`,
      rest,
    )
  }
  return new LlmError(otherwise, `Ollama: ${sentence(message)}`, details)
}

/** A response that is no success. */
export async function fromResponse(response: Response, model: string, now: number): Promise<LlmError> {
  const text = await errorText(response)
  return fromWords(
    errorOf(text) ?? `HTTP ${response.status} with ${excerpt(text)}`,
    model,
    codeOfStatus(response.status),
    detailsOf(response, now),
  )
}

/** The message of an error object, whatever its form. */
export function errorMessage(error: unknown): string {
  if (typeof error === 'string') return error
  if (typeof error === 'object' && error !== null && 'message' in error) return String(error.message)
  return JSON.stringify(error)
}

function errorOf(text: string): string | undefined {
  try {
    const body: unknown = JSON.parse(text)
    return typeof body === 'object' && body !== null && 'error' in body ? errorMessage(body.error) : undefined
  } catch {
    return undefined
  }
}

function sentence(message: string): string {
  const line = excerpt(message)
  return /[.!?…]$/.test(line) ? line : `${line}.`
}
