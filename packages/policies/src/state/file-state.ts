// State store in a folder: it outlives the process, and the processes of one machine share it.
import { LlmError } from '@patchbay/core'
import { hash } from '../serialization/hash.js'
import { files } from './node-files.js'
import type { StateStore } from './state.js'

type FileSystem = ReturnType<typeof files>['fs']

/** The newest value of a key, with the number of its file. */
interface Version {
  number: number
  /** `undefined` if it has expired. */
  text: string | undefined
  /** Ids of the last changes in it, newest first. */
  changes: string[]
}

// Expired files keep their numbers this long, in milliseconds: a process that has read one may be about to write the next.
const graceMs = 3_600_000
const sweepEveryMs = 600_000
/** Folders that this process has used and sweeps regularly. */
const sweptFolders = new Set<string>()
// A file lists this many earlier changes, so that a slow process can still see that its own change counted.
const listedChanges = 32

/**
 * Keeps state in files, one folder a key, shared by the processes of this machine. Files are readable by the current user
 * only. A crash leaves either the old value or the new one.
 *
 * Each value is a file with an increasing number; its first line holds the expiry time and the ids of the last changes. The
 * next value is written to a draft and hard-linked to the next number, which only one process can do. Expired text is cut off
 * when it is read, and within ten minutes by any process that uses the folder; its file is deleted an hour later.
 * @throws {LlmError} writing fails with `config` if the folder is not writable
 *
 * @example
 * const llm = budget(provider, { limits: [{ per: 'month', usd: 50 }], state: fileState('./state') })
 */
export function fileState(folder: string): StateStore {
  return {
    async get(key) {
      const { fs } = files()
      sweep(fs, folder)
      return (await latest(fs, `${folder}/${await nameOf(key)}`)).text
    },
    async swap(key, expected, next, ttlMs) {
      const { fs } = files()
      const place = `${folder}/${await nameOf(key)}`
      const { number, text, changes } = await latest(fs, place)
      if (text !== expected) return false
      const change = `${process.pid}.${Math.random().toString(36).slice(2)}`
      const recent = [change, ...changes].slice(0, listedChanges)
      const draft = `${place}/.${change}`
      const path = (at: number) => `${place}/${at}.json`
      try {
        await writeDraft(fs, place, draft, `${Date.now() + ttlMs} ${recent.join(' ')}\n${next}`)
        await fs.link(draft, path(number + 1))
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false
        throw new LlmError(
          'config',
          `State cannot be written to ${folder}. Make it a folder that this process may write to.`,
          { cause: error },
        )
      } finally {
        await fs.unlink(draft).catch(ignoreMissing)
      }
      const all = await numbers(fs, place)
      // A later number may be based on this one. Or this number is old, and was free again because others had moved on.
      const won = Math.max(...all) === number + 1 || (await latest(fs, place)).changes.includes(change)
      for (const old of all)
        if (won ? old <= number : old === number + 1) await fs.unlink(path(old)).catch(ignoreMissing)
      sweep(fs, folder)
      return won
    },
  }
}

/** A folder name that is unique on every file system: some fold case or reserve names, so a hash of the key is part of it. */
async function nameOf(key: string): Promise<string> {
  const readable = key
    .toLowerCase()
    .replace(/[^a-z0-9=-]/g, '_')
    .slice(0, 80)
  return `${readable}.${(await hash(key)).slice(0, 32)}`
}

async function latest(fs: FileSystem, place: string): Promise<Version> {
  for (;;) {
    const number = Math.max(0, ...(await numbers(fs, place)))
    if (number === 0) return { number, text: undefined, changes: [] }
    try {
      const { until, changes, text } = await read(fs, `${place}/${number}.json`, Date.now())
      return { number, changes, text: until > Date.now() ? text : undefined }
    } catch (error) {
      // Replaced since the folder was listed.
      ignoreMissing(error as NodeJS.ErrnoException)
    }
  }
}

/** The file numbers of a key. */
async function numbers(fs: FileSystem, place: string): Promise<number[]> {
  const names = await fs.readdir(place).catch((error) => {
    ignoreMissing(error)
    return [] as string[]
  })
  return names
    .filter((name) => name.endsWith('.json'))
    .map((name) => Number(name.slice(0, -'.json'.length)))
    .filter((number) => Number.isInteger(number))
}

/** Writes a draft. Until there is a file in it, another process may remove the folder; then it is made again. */
async function writeDraft(fs: FileSystem, place: string, draft: string, content: string): Promise<void> {
  for (let tries = 0; ; tries++) {
    await fs.mkdir(place, { recursive: true })
    try {
      return await fs.writeFile(draft, content, { flag: 'wx', flush: true, mode: 0o600 })
    } catch (error) {
      if (tries > 10) throw error
      ignoreMissing(error as NodeJS.ErrnoException)
    }
  }
}

/** Reads a file. Expired text is cut off; the first line stays. */
async function read(fs: FileSystem, path: string, now: number) {
  const content = await fs.readFile(path, 'utf8')
  const end = content.indexOf('\n')
  const [until, ...changes] = content.slice(0, end).split(' ')
  const text = content.slice(end + 1)
  // Files are never rewritten, so nothing newer can be cut off.
  if (Number(until) <= now && text !== '') await fs.truncate(path, end + 1).catch(() => {})
  return { until: Number(until), changes, text }
}

/** Removes expired files of a folder now, and regularly until it is empty. Does not keep the process alive. */
function sweep(fs: FileSystem, folder: string): void {
  if (sweptFolders.has(folder)) return
  sweptFolders.add(folder)
  // In the background. What could not be removed is tried again the next time.
  const run = () => {
    const done = (isEmpty: boolean) =>
      isEmpty ? sweptFolders.delete(folder) : setTimeout(run, sweepEveryMs).unref()
    removeExpired(fs, folder, Date.now()).then(done, () => done(true))
  }
  run()
}

/** Removes expired files, and drafts of dead processes. Returns whether the folder is empty. */
async function removeExpired(fs: FileSystem, folder: string, now: number): Promise<boolean> {
  const names = await fs.readdir(folder)
  for (const name of names) {
    const place = `${folder}/${name}`
    for (const file of await fs.readdir(place).catch(() => [] as string[])) {
      const path = `${place}/${file}`
      const expiredAt = file.endsWith('.json')
        ? (await read(fs, path, now).catch(() => ({ until: now }))).until
        : ((await fs.stat(path).catch(() => undefined))?.mtimeMs ?? now)
      if (expiredAt < now - graceMs) await fs.unlink(path).catch(ignoreMissing)
    }
    // Fails if the folder is not empty, which is right.
    await fs.rmdir(place).catch(() => {})
  }
  return names.length === 0
}

/** Ignores that a file or folder is missing: another process has removed it. */
function ignoreMissing(error: NodeJS.ErrnoException): void {
  if (error.code !== 'ENOENT') throw error
}
