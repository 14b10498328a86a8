// Where bytes go that a model made: a file, or a pipe; never a terminal, which would show them as signs.
import { writeFile } from 'node:fs/promises'
import { extname } from 'node:path'
import { UsageError } from './exit-codes.js'
import { dim, printable } from './print.js'

/** The flag that names the file. */
export interface OutputFlag {
  output?: string
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
 * @throws {UsageError} if the bytes would go to a terminal
 */
export function checkOutput({ output }: OutputFlag, example: string): void {
  if (output === undefined && process.stdout.isTTY)
    throw new UsageError(`Name a file: --output ${example}, or send it to another program with a pipe.`)
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
