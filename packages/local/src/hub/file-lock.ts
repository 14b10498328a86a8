// Lock file for one holder at a time, in all processes. A lock whose process is gone is removed.
import { link, readFile, rename, rm, stat, utimes, writeFile } from 'node:fs/promises'
import { setTimeout as wait } from 'node:timers/promises'

/** How often a lock's file is touched by its holder, in milliseconds. */
const heartbeatMs = 10_000

/** Locks of this process. */
const ownLocks = new Set<string>()

/** Waits for the lock, and returns the function that releases it. */
export async function lock(path: string, signal: AbortSignal): Promise<() => Promise<void>> {
  while (ownLocks.has(path)) await wait(50, undefined, { signal })
  ownLocks.add(path)
  try {
    while (!(await tryLock(path))) await wait(100, undefined, { signal })
  } catch (error) {
    ownLocks.delete(path)
    throw error
  }
  const heartbeat = setInterval(() => void utimes(path, new Date(), new Date()).catch(() => {}), heartbeatMs)
  heartbeat.unref()
  return async () => {
    clearInterval(heartbeat)
    await rm(path, { force: true })
    ownLocks.delete(path)
  }
}

/** Takes the lock; `false` if another process has it. */
async function tryLock(path: string): Promise<boolean> {
  try {
    await writeFile(path, String(process.pid), { flag: 'wx' })
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
  }
  const info = await stat(path).catch(() => undefined)
  const holder = Number(await readFile(path, 'utf8').catch(() => ''))
  if (info === undefined) return false
  // The holder is gone: there is no such process, or another one that has its id now and does not touch the file.
  if ((holder > 0 && !isAlive(holder)) || Date.now() - info.mtimeMs > 6 * heartbeatMs)
    await removeStale(path, info.mtimeMs)
  return false
}

/** Removes a stale lock. Another process may have been faster, and taken a new lock: that one is put back. */
async function removeStale(path: string, writtenAt: number): Promise<void> {
  const aside = `${path}.${process.pid}`
  try {
    await rename(path, aside)
    if ((await stat(aside)).mtimeMs !== writtenAt) await link(aside, path)
  } catch {
    // Another process was faster; the next try shows its lock.
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
