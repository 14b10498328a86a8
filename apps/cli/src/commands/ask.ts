// `patchbay ask`: one question, one answer.
import { type ChatRequest, isLlmError, type Provider } from '@patchbay/core'
import { answer, write } from '../terminal/answer.js'
import { UsageError } from '../terminal/exit-codes.js'
import { dim, printable, statsLine, toJson } from '../terminal/print.js'
import { readStdin, type StdinFlag } from '../terminal/stdin.js'

/** The flags of `ask`. */
export interface AskFlags extends StdinFlag {
  system?: string
  temperature?: number
  maxTokens?: number
  timeout?: number
  json?: boolean
  stats?: boolean
}

/**
 * Answers on standard output. What comes on standard input is put after the question.
 * @throws {LlmError} what went wrong
 */
export async function ask(
  provider: Provider,
  words: string[],
  flags: AskFlags,
  signal: AbortSignal,
): Promise<void> {
  const question = await questionOf(words, flags, signal)
  if (question === '')
    throw new UsageError('Ask something: patchbay ask "What is the capital of France?", or pipe it in.')
  const request = toRequest(question, flags)
  const options = { signal, ...(flags.timeout !== undefined && { timeout: flags.timeout * 1000 }) }
  if (flags.json) return events(provider, request, options)
  const response = await answer(provider, request, options)
  for (const { message } of response.warnings)
    process.stderr.write(`${dim(`warning: ${printable(message)}`)}\n`)
  if (response.finishReason === 'length')
    process.stderr.write(`${dim('The answer was cut off: it reached the limit of tokens.')}\n`)
  if (flags.stats) process.stderr.write(`${dim(statsLine(response))}\n`)
}

/** The words of the command, and what comes on standard input after them. */
export async function questionOf(words: string[], flags: StdinFlag, signal: AbortSignal): Promise<string> {
  const given = words.join(' ')
  const piped = await readStdin(flags, given !== '', signal)
  return [given, piped].filter((text) => text !== '').join('\n\n')
}

/** The request for a conversation under these flags. */
export function toRequest(
  messages: ChatRequest['messages'],
  { system, temperature, maxTokens }: AskFlags,
): ChatRequest {
  return {
    messages,
    ...(system !== undefined && { system }),
    ...(temperature !== undefined && { temperature }),
    ...(maxTokens !== undefined && { maxOutputTokens: maxTokens }),
  }
}

async function events(
  provider: Provider,
  request: ChatRequest,
  options: { signal: AbortSignal },
): Promise<void> {
  try {
    for await (const event of provider.stream(request, options)) await write(`${toJson(event)}\n`)
  } catch (error) {
    if (isLlmError(error)) {
      const { code, message, retryable, partial } = error
      await write(`${toJson({ type: 'error', code, message, retryable, ...(partial && { partial }) })}\n`)
    }
    throw error
  }
}
