// Writes pictures and speech to a file or a pipe, and never to a terminal, which would print their bytes as text.
import { access, constants, stat, writeFile } from 'node:fs/promises'
import { dirname, extname, join } from 'node:path'
import { UsageError } from './exit-codes.js'
import { dim, printable } from './print.js'

/** The flag that names the file; none: standard output. */
export interface OutputFlag {
  output?: string
}

/** The file that the flag names; `undefined` for standard output, which `-` is too. */
export function outputFile({ output }: OutputFlag): string | undefined {
  return output === '-' ? undefined : output
}

/** Endings of files, the usual one of each type first, by media type. */
const endings: Record<string, string[]> = {
  'image/png': ['.png'],
  'image/jpeg': ['.jpg', '.jpeg'],
  'image/webp': ['.webp'],
  'audio/mpeg': ['.mp3'],
  'audio/ogg': ['.opus', '.ogg'],
  'audio/opus': ['.opus'],
  'audio/aac': ['.aac'],
  'audio/flac': ['.flac'],
  'audio/x-flac': ['.flac'],
  'audio/wav': ['.wav'],
  'audio/x-wav': ['.wav'],
  'audio/pcm': ['.pcm'],
}

/**
 * Called before a request that costs money.
 * @param example a name of a file, for the message
 * @throws {UsageError} if the bytes would go to a terminal, or to a file that cannot be written
 */
export async function checkOutput(flags: OutputFlag, example: string): Promise<void> {
  const output = outputFile(flags)
  if (output === undefined) {
    if (!process.stdout.isTTY) return
    throw new UsageError(`Name a file: --output ${example}, or send it to another program with a pipe.`)
  }
  const there = await stat(output).catch(() => undefined)
  if (there?.isDirectory())
    throw new UsageError(
      `${printable(output)} is a folder. Name a file in it: --output ${printable(join(output, example))}`,
    )
  const target = there === undefined ? dirname(output) : output
  await access(target, constants.W_OK).catch((cause: NodeJS.ErrnoException) => {
    const why = cause.code === 'ENOENT' ? `there is no folder ${printable(target)}` : cause.message
    throw new UsageError(`${printable(output)} cannot be written: ${why}`, { cause })
  })
}

/** Writes a whole file, and says so; an ending that stands for another type of content is told. */
export async function writeOutput(file: string, data: Uint8Array, mediaType: string): Promise<void> {
  await writeFile(file, data).catch((cause: NodeJS.ErrnoException) => {
    throw new UsageError(`${printable(file)} cannot be written: ${cause.message}`, { cause })
  })
  const kilobytes = Math.max(1, Math.round(data.length / 1000))
  process.stderr.write(`${dim(`${printable(file)}: ${printable(mediaType)}, ${kilobytes} KB`)}\n`)
  const usual = endings[mediaType.split(';')[0] as string]
  if (usual !== undefined && !usual.includes(extname(file).toLowerCase()))
    process.stderr.write(
      `${dim(`warning: ${printable(file)} holds ${printable(mediaType)}; its ending should be ${usual[0]}`)}\n`,
    )
}

/** Writes bytes to standard output, and waits until they are written. */
export function writeBytes(data: Uint8Array): Promise<void> {
  return new Promise((resolve, reject) =>
    process.stdout.write(data, (error) => (error ? reject(error) : resolve())),
  )
}
