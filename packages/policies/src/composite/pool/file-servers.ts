// Servers of a file that changes: one a line, with comments after #.
import { files } from '../../state/node-files.js'
import type { ServerSource } from './server-source.js'

/** Milliseconds between looks. That sees every way to change a file, also links that are swapped. */
const lookMs = 1000

/** A file that has changed counts once it has stayed the same until the next look: one that is being written is not read by half. */
export function fileServers(path: string): ServerSource {
  const { fs } = files()
  let applied: string | undefined
  let before: string | undefined
  return async () => {
    const now = await fs.readFile(path, 'utf8')
    if (applied === undefined || now === before) applied = now
    before = now
    const lines = applied.split('\n').map((line) => (line.split('#')[0] ?? '').trim())
    return { servers: lines.filter((line) => line !== ''), forMs: lookMs }
  }
}
