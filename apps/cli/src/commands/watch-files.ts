// Watches files by looking at them once a second. That sees every way to change a file: written in place, replaced, or reached through
// symbolic links that are swapped, as Kubernetes does with its mounts; and it works on network file systems.
import { stat } from 'node:fs/promises'

const lookMs = 1000

/**
 * Calls `onChange` when one of the files has changed and then stayed the same for a second, so that one that is being written is not
 * read by half. The watch keeps no process alive.
 */
export function watchFiles(files: readonly string[], onChange: () => void): void {
  let [before, applied] = ['', '']
  const look = async () => {
    const now = (await Promise.all(files.map(stateOf))).join()
    if (applied === '') applied = now
    if (now !== applied && now === before) {
      applied = now
      onChange()
    }
    before = now
    setTimeout(look, lookMs).unref()
  }
  void look()
}

/** What changes with a file; links are followed. */
async function stateOf(file: string): Promise<string> {
  try {
    const { ino, size, mtimeMs, ctimeMs } = await stat(file)
    return [ino, size, mtimeMs, ctimeMs].join(':')
  } catch {
    return 'gone'
  }
}
