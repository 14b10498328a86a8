// `patchbay image`: makes pictures of a prompt, or changes pictures.
import { extname } from 'node:path'
import type { ImageRequest, Provider } from '@patchbay/core'
import { withStatusLine } from '../terminal/answer.js'
import { UsageError } from '../terminal/exit-codes.js'
import { checkOutput, type OutputFlag, outputFile, writeBytes, writeOutput } from '../terminal/output.js'
import { dim, printable } from '../terminal/print.js'
import type { StdinFlag } from '../terminal/stdin.js'
import { imageOf, questionOf } from './ask.js'

/** The flags of `image`. */
export interface ImageFlags extends StdinFlag, OutputFlag {
  /** Files of pictures to change or to combine. */
  image?: string[]
  number?: number
  size?: string
  aspectRatio?: string
  quality?: string
  format?: string
  timeout?: number
}

/**
 * Writes the pictures to files, `NAME-1.png` and so on if there are several, or a single one to standard output.
 * @throws {LlmError} what the call fails with
 * @throws {UsageError} if several pictures came for standard output
 */
export async function image(
  provider: Provider,
  words: string[],
  flags: ImageFlags,
  signal: AbortSignal,
): Promise<void> {
  const output = outputFile(flags)
  const { number: n, size, aspectRatio, quality, format, timeout } = flags
  const prompt = await questionOf(words, flags, signal)
  if (prompt === '')
    throw new UsageError('Say what to draw: patchbay image "A red bicycle" --output bicycle.png')
  await checkOutput(flags, 'picture.png')
  if (output === undefined && n !== undefined && n > 1)
    throw new UsageError('Several pictures need files: --output picture.png writes picture-1.png and so on.')
  const images = await Promise.all((flags.image ?? []).map(imageOf))
  // The values of flags are checked with the request, where the message names the one that is wrong.
  const request = {
    prompt,
    ...(images.length > 0 && { images }),
    ...(n !== undefined && { n }),
    ...(size !== undefined && { size }),
    ...(aspectRatio !== undefined && { aspectRatio }),
    ...(quality !== undefined && { quality }),
    ...(format !== undefined && { format }),
  } as ImageRequest
  const response = await withStatusLine((onStatus) =>
    provider.image(request, { signal, onStatus, ...(timeout !== undefined && { timeout: timeout * 1000 }) }),
  )
  if (n !== undefined && response.images.length < n)
    process.stderr.write(`${dim(`warning: ${response.images.length} of ${n} pictures came`)}\n`)
  // Some services send more than was asked for.
  const isSeveral = response.images.length > 1
  if (output === undefined && isSeveral)
    throw new UsageError(
      `${response.images.length} pictures came, and standard output takes one. Use -o picture.png, which writes picture-1.png and so on.`,
    )
  // A picture that cannot be written must not cost the others, which are paid for.
  const failures: Error[] = []
  for (const [index, { data, mediaType, revisedPrompt }] of response.images.entries()) {
    if (output === undefined) await writeBytes(data)
    else
      await writeOutput(isSeveral ? numbered(output, index + 1) : output, data, mediaType).catch((error) =>
        failures.push(error),
      )
    if (revisedPrompt !== undefined)
      process.stderr.write(`${dim(`drawn from: ${printable(revisedPrompt)}`)}\n`)
  }
  const [cause] = failures
  if (cause !== undefined) throw new UsageError(failures.map(({ message }) => message).join('\n'), { cause })
}

/** `bicycle-2.png` of `bicycle.png`. */
function numbered(file: string, index: number): string {
  const ending = extname(file)
  return `${file.slice(0, file.length - ending.length)}-${index}${ending}`
}
