// `patchbay ask`: one question, one answer.
import { readFile } from 'node:fs/promises'
import { extname } from 'node:path'
import { type ChatRequest, type ImagePart, isLlmError, type Provider } from '@patchbay/core'
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
  /** Files of images. */
  image?: string[]
}

/**
 * Prints the answer to a question; standard input is appended to it.
 * @throws {LlmError} what the call fails with
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
  const images = await Promise.all((flags.image ?? []).map(imageOf))
  const request = toRequest(
    images.length === 0
      ? question
      : [{ role: 'user', content: [...images, { type: 'text', text: question }] }],
    flags,
  )
  const options = { signal, ...(flags.timeout !== undefined && { timeout: flags.timeout * 1000 }) }
  if (flags.json) return events(provider, request, options)
  const response = await answer(provider, request, options)
  for (const { message } of response.warnings)
    process.stderr.write(`${dim(`warning: ${printable(message)}`)}\n`)
  if (response.finishReason === 'length')
    process.stderr.write(`${dim('The answer was cut off at the token limit.')}\n`)
  if (flags.stats) process.stderr.write(`${dim(statsLine(response))}\n`)
}

const imageTypes: Record<string, string> = {
  '.jpg': 'image/jpeg',
  '.jpeg': 'image/jpeg',
  '.png': 'image/png',
  '.gif': 'image/gif',
  '.webp': 'image/webp',
}

/**
 * The picture of a file.
 * @throws {UsageError} for a type that models do not take
 */
export async function imageOf(file: string): Promise<ImagePart & { data: Uint8Array; mediaType: string }> {
  const mediaType = imageTypes[extname(file).toLowerCase()]
  if (mediaType === undefined)
    throw new UsageError(`${file} is not an image that models accept. Use a PNG, JPEG, GIF or WebP file.`)
  return { type: 'image', data: await readFile(file), mediaType }
}

/** The arguments, followed by standard input. */
export async function questionOf(words: string[], flags: StdinFlag, signal: AbortSignal): Promise<string> {
  const given = words.join(' ')
  const input = await readStdin(flags, given !== '', signal)
  return [given, input].filter((text) => text !== '').join('\n\n')
}

/** The request for a conversation with these flags. */
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
