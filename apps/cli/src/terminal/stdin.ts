// Reads standard input as context of a question.
import { fstatSync } from 'node:fs'
import { LlmError } from '@patchbay/core'
import { dim } from './print.js'

/** The flag `--stdin` (true), `--no-stdin` (false), or neither. */
export interface StdinFlag {
  stdin?: boolean
}

// Shells of agents, SSH and CI may leave a pipe open without ever writing to it.
const firstByteMs = 3000
const noticeAfterMs = 1000

/**
 * All of standard input; empty if it is a terminal or closed. If there is a question already, a silent pipe is ignored after
 * three seconds, unless the flag says otherwise.
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
        notice(
          mayBeSilent
            ? 'Is there more on standard input? Waiting up to 3 seconds. --no-stdin does not wait.'
            : 'Reading standard input until it ends. Ctrl-C stops.',
        ),
      noticeAfterMs,
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
            notice('Nothing came on standard input, so it is left out. --stdin waits until it ends.')
            resolve()
          }, firstByteMs),
        )
      process.stdin.on('data', (chunk: Buffer) => chunks.push(chunk))
      process.stdin.once('end', resolve)
      process.stdin.once('error', reject)
    })
  } finally {
    for (const timer of timers) clearTimeout(timer)
    // An open pipe would keep this process alive.
    process.stdin.destroy()
  }
  return Buffer.concat(chunks).toString().trim()
}

function notice(text: string): void {
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
