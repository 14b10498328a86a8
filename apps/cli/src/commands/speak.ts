// `patchbay speak`: reads a text aloud, into a file or a player.
import { extname } from 'node:path'
import type { Provider, SpeakRequest } from '@patchbay/core'
import { withStatusLine } from '../terminal/answer.js'
import { UsageError } from '../terminal/exit-codes.js'
import { checkOutput, type OutputFlag, outputFile, writeBytes, writeOutput } from '../terminal/output.js'
import type { StdinFlag } from '../terminal/stdin.js'
import { questionOf } from './ask.js'

/** The flags of `speak`. */
export interface SpeakFlags extends StdinFlag, OutputFlag {
  voice?: string
  /** Default: that of the file's ending, otherwise the service's. */
  format?: string
  speed?: number
  instructions?: string
  timeout?: number
}

const formatOf: Record<string, string> = {
  '.mp3': 'mp3',
  '.opus': 'opus',
  '.ogg': 'opus',
  '.aac': 'aac',
  '.flac': 'flac',
  '.wav': 'wav',
  '.pcm': 'pcm',
}

/**
 * Writes the speech to a file when it is whole, or piece by piece to standard output.
 * @throws {LlmError} what the call fails with
 */
export async function speak(
  provider: Provider,
  words: string[],
  flags: SpeakFlags,
  signal: AbortSignal,
): Promise<void> {
  const output = outputFile(flags)
  const { voice, speed, instructions, timeout } = flags
  const text = await questionOf(words, flags, signal)
  if (text === '')
    throw new UsageError('Say what to read: patchbay speak "Good morning" --output morning.mp3')
  await checkOutput(flags, 'speech.mp3')
  const format = flags.format ?? (output === undefined ? undefined : formatOf[extname(output).toLowerCase()])
  // The values of flags are checked with the request, where the message names the one that is wrong.
  const request = {
    text,
    ...(voice !== undefined && { voice }),
    ...(format !== undefined && { format }),
    ...(speed !== undefined && { speed }),
    ...(instructions !== undefined && { instructions }),
  } as SpeakRequest
  const { audio, mediaType } = await withStatusLine(async (onStatus) => {
    const stream = provider.speak(request, {
      signal,
      onStatus,
      ...(timeout !== undefined && { timeout: timeout * 1000 }),
    })
    // A player begins with the first piece.
    if (output === undefined) for await (const bytes of stream.audio) await writeBytes(bytes)
    return stream.response()
  })
  if (output !== undefined) await writeOutput(output, audio, mediaType)
}
