// Standard input as context, where something is piped or redirected into the command.
import { fstatSync } from 'node:fs'
import { text } from 'node:stream/consumers'

/** All of standard input, or nothing when it is a terminal or closed. */
export async function readStdin(): Promise<string> {
  return isPiped() ? (await text(process.stdin)).trim() : ''
}

function isPiped(): boolean {
  try {
    const kind = fstatSync(0)
    return kind.isFIFO() || kind.isFile() || kind.isSocket()
  } catch {
    return false
  }
}
