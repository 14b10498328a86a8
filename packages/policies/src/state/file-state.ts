// State in a folder: it outlives the process, and processes of one machine share it.
import { LlmError } from '@patchbay/core'
import { hash } from '../cache/serialization.js'
import { files } from './node-files.js'
import type { StateStore } from './state.js'

type FileSystem = ReturnType<typeof files>['fs']

/** A value of a key, with the number of its file. */
interface Version {
  number: number
  /** Nothing where its time is up. */
  text: string | undefined
  /** The last changes that it is made of, newest first. */
  changes: string[]
}

// The numbers of expired files stay so long, in milliseconds: a process that has read one may be about to write the next.
const graceMs = 3_600_000
const sweepEveryMs = 600_000
/** Folders that this process has used, and looks through now and then. */
const swept = new Set<string>()
// A file names so many of the changes before it: whoever made one of them, and was slow to look, sees that it counted.
const changesNamed = 32

/**
 * State in files, a folder for each key. A value is a file with a number that goes up; its first line is when its time is
 * up, and which changes are in it. The next one is written beside it and put in its place by a link, which only one process
 * can make. A crash leaves the old value or the new one. What is kept may be private: only the user it runs as can read it.
 * A text whose time is up is cut off at once by whoever asks for it, within ten minutes by any process that uses the folder,
 * and by the next one that does where none is left; its file goes an hour later.
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
      const named = [change, ...changes].slice(0, changesNamed)
      const draft = `${place}/.${change}`
      const path = (at: number) => `${place}/${at}.json`
      try {
        await written(fs, place, draft, `${Date.now() + ttlMs} ${named.join(' ')}\n${next}`)
        await fs.link(draft, path(number + 1))
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false
        throw new LlmError(
          'config',
          `State cannot be kept in ${folder}. It must be a folder that can be written to.`,
          { cause: error },
        )
      } finally {
        await fs.unlink(draft).catch(gone)
      }
      const all = await numbers(fs, place)
      // A later number may be made of this one; or this one is old, and was free again because others had gone on.
      const won = Math.max(...all) === number + 1 || (await latest(fs, place)).changes.includes(change)
      for (const old of all)
        if (won ? old <= number : old === number + 1) await fs.unlink(path(old)).catch(gone)
      sweep(fs, folder)
      return won
    },
  }
}

/** A name that every file system tells from others, whatever the key is: some fold upper and lower case, or have reserved ones. */
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
      // Replaced since it was listed.
      gone(error as NodeJS.ErrnoException)
    }
  }
}

/** The numbers of a key's files. */
async function numbers(fs: FileSystem, place: string): Promise<number[]> {
  const names = await fs.readdir(place).catch((error) => {
    gone(error)
    return [] as string[]
  })
  return names
    .filter((name) => name.endsWith('.json'))
    .map((name) => Number(name.slice(0, -'.json'.length)))
    .filter((number) => Number.isInteger(number))
}

/** Writes a draft; its folder may be cleared away by another process until there is a file in it. */
async function written(fs: FileSystem, place: string, draft: string, content: string): Promise<void> {
  for (let tries = 0; ; tries++) {
    await fs.mkdir(place, { recursive: true })
    try {
      return await fs.writeFile(draft, content, { flag: 'wx', flush: true, mode: 0o600 })
    } catch (error) {
      if (tries > 10) throw error
      gone(error as NodeJS.ErrnoException)
    }
  }
}

/** A file as it is; what its time is up for is cut off, and its first line stays. */
async function read(fs: FileSystem, path: string, now: number) {
  const content = await fs.readFile(path, 'utf8')
  const end = content.indexOf('\n')
  const [until, ...changes] = content.slice(0, end).split(' ')
  const text = content.slice(end + 1)
  // Nobody writes a file anew, so nothing else can be cut off.
  if (Number(until) <= now && text !== '') await fs.truncate(path, end + 1).catch(() => {})
  return { until: Number(until), changes, text }
}

/** Looks through a folder now, and again for as long as there is something in it. Keeps no process alive. */
function sweep(fs: FileSystem, folder: string): void {
  if (swept.has(folder)) return
  swept.add(folder)
  // Beside the call that began it; what could not be removed is tried again later.
  const look = () => {
    const done = (isEmpty: boolean) =>
      isEmpty ? swept.delete(folder) : setTimeout(look, sweepEveryMs).unref()
    removeExpired(fs, folder, Date.now()).then(done, () => done(true))
  }
  look()
}

/** Removes what is over, and drafts of processes that died. Is nothing left? */
async function removeExpired(fs: FileSystem, folder: string, now: number): Promise<boolean> {
  const names = await fs.readdir(folder)
  for (const name of names) {
    const place = `${folder}/${name}`
    for (const file of await fs.readdir(place).catch(() => [] as string[])) {
      const path = `${place}/${file}`
      const over = file.endsWith('.json')
        ? (await read(fs, path, now).catch(() => ({ until: now }))).until
        : ((await fs.stat(path).catch(() => undefined))?.mtimeMs ?? now)
      if (over < now - graceMs) await fs.unlink(path).catch(gone)
    }
    // A folder with something in it stays.
    await fs.rmdir(place).catch(() => {})
  }
  return names.length === 0
}

/** Somebody else has cleared it away. */
function gone(error: NodeJS.ErrnoException): void {
  if (error.code !== 'ENOENT') throw error
}
