// Standard input as context, where something is piped or redirected into the command.
import { fstatSync } from 'node:fs'
import { LlmError } from '@patchbay/core'
import { dim } from './print.js'

/** The flag `--stdin` (true), `--no-stdin` (false), or neither. */
export interface StdinFlag {
  stdin?: boolean
}

// Shells of agents, SSH and CI leave a pipe open that nobody writes to or closes.
const firstByteWithin = 3000
const tellAfter = 1000

/**
 * All of standard input, or nothing where it is a terminal or closed. Where there is a question already, a pipe that stays
 * silent is not waited for longer than three seconds, unless the flag says so.
 * @throws {LlmError} `aborted`
 */
export async function readStdin(
  { stdin }: StdinFlag,
  hasQuestion: boolean,
  signal: AbortSignal,
): Promise<string> {
  const kind = stdin === false ? undefined : kindOfStdin()
  if (kind === undefined) return ''
  const mayBeSilent = kind === 'pipe' && hasQuestion && stdin === undefined
  const chunks: Buffer[] = []
  const timers = [
    setTimeout(
      () =>
        say(
          mayBeSilent
            ? 'Is there more on standard input? Waiting up to 3 seconds. --no-stdin does not wait.'
            : 'Reading standard input until it ends. Ctrl-C stops.',
        ),
      tellAfter,
    ),
  ]
  try {
    await new Promise<void>((resolve, reject) => {
      const stop = () => reject(new LlmError('aborted', 'Interrupted while standard input was read.'))
      if (signal.aborted) stop()
      signal.addEventListener('abort', stop, { once: true })
      if (mayBeSilent)
        timers.push(
          setTimeout(() => {
            if (chunks.length > 0) return
            say('Nothing came on standard input, so it is left out. --stdin waits until it ends.')
            resolve()
          }, firstByteWithin),
        )
      process.stdin.on('data', (chunk: Buffer) => chunks.push(chunk))
      process.stdin.once('end', resolve)
      process.stdin.once('error', reject)
    })
  } finally {
    for (const timer of timers) clearTimeout(timer)
    // What is left open would keep this process.
    process.stdin.destroy()
  }
  return Buffer.concat(chunks).toString().trim()
}

function say(text: string): void {
  process.stderr.write(`${dim(text)}\n`)
}

function kindOfStdin(): 'file' | 'pipe' | undefined {
  try {
    const kind = fstatSync(0)
    if (kind.isFile()) return 'file'
    return kind.isFIFO() || kind.isSocket() ? 'pipe' : undefined
  } catch {
    return undefined
  }
}
