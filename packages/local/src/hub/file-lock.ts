// One at a time, in this process and in others: a lock that is a file, and nobody's once its process is gone.
import { link, readFile, rename, rm, stat, utimes, writeFile } from 'node:fs/promises'
import { setTimeout as wait } from 'node:timers/promises'

/** How often whoever holds a lock says so. */
const beatMs = 10_000

/** What is locked in this process. */
const held = new Set<string>()

/** Waits for the lock, and gives what unlocks it. */
export async function lock(path: string, signal: AbortSignal): Promise<() => Promise<void>> {
  while (held.has(path)) await wait(50, undefined, { signal })
  held.add(path)
  try {
    while (!(await taken(path))) await wait(100, undefined, { signal })
  } catch (error) {
    held.delete(path)
    throw error
  }
  const beat = setInterval(() => void utimes(path, new Date(), new Date()).catch(() => {}), beatMs)
  beat.unref()
  return async () => {
    clearInterval(beat)
    await rm(path, { force: true })
    held.delete(path)
  }
}

/** Takes the lock, unless another process has it. */
async function taken(path: string): Promise<boolean> {
  try {
    await writeFile(path, String(process.pid), { flag: 'wx' })
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
  }
  const found = await stat(path).catch(() => undefined)
  const holder = Number(await readFile(path, 'utf8').catch(() => ''))
  if (found === undefined) return false
  // Nobody's any more: its process is gone, or is another one by now and does not keep it fresh.
  if ((holder > 0 && !isAlive(holder)) || Date.now() - found.mtimeMs > 6 * beatMs)
    await clear(path, found.mtimeMs)
  return false
}

/** Takes an old lock away. Another process may have done so, and have put its own there: that one goes back. */
async function clear(path: string, writtenAt: number): Promise<void> {
  const aside = `${path}.${process.pid}`
  try {
    await rename(path, aside)
    if ((await stat(aside)).mtimeMs !== writtenAt) await link(aside, path)
  } catch {
    // Somebody was faster; the next look tells who has it.
  }
  await rm(aside, { force: true })
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}
