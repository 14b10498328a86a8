// State in a folder: it outlives the process, and processes of one machine share it.
import { LlmError } from '@patchbay/core'
import { files } from './files.js'
import type { StateStore } from './state.js'

/**
 * State in files. A value is a file with a number that goes up; the next one is written beside it and put in its place by
 * a link, which only one process can make. A crash leaves the old value or the new one.
 */
export function fileState(folder: string): StateStore {
  const open = async () => {
    const { fs } = files()
    await fs.mkdir(folder, { recursive: true })
    return fs
  }
  const stem = (key: string) => `${encodeURIComponent(key)}.`
  const latest = async (key: string): Promise<{ version: number; text: string | undefined }> => {
    const { readdir, readFile } = await open()
    for (;;) {
      const version = Math.max(0, ...versions(await readdir(folder), stem(key)))
      if (version === 0) return { version, text: undefined }
      try {
        return { version, text: await readFile(`${folder}/${stem(key)}${version}.json`, 'utf8') }
      } catch (error) {
        // Replaced since it was listed.
        if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
      }
    }
  }
  return {
    get: async (key) => (await latest(key)).text,
    async swap(key, expected, next) {
      const { version, text } = await latest(key)
      if (text !== expected) return false
      const { link, readdir, unlink, writeFile } = await open()
      const path = (at: number) => `${folder}/${stem(key)}${at}.json`
      const draft = `${folder}/.${stem(key)}${process.pid}.${Math.random().toString(36).slice(2)}`
      await writeFile(draft, next, { flag: 'wx', flush: true })
      try {
        await link(draft, path(version + 1))
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false
        throw new LlmError(
          'config',
          `State cannot be kept in ${folder}. It must be a folder that can be written to.`,
          {
            cause: error,
          },
        )
      } finally {
        await unlink(draft)
      }
      const all = versions(await readdir(folder), stem(key))
      const newest = Math.max(...all)
      // Whoever was slower than two others has written an old number.
      const won = newest === version + 1
      for (const old of all)
        if (won ? old <= version : old === version + 1) await unlink(path(old)).catch(gone)
      return won
    },
  }
}

function versions(names: string[], stem: string): number[] {
  return names
    .filter((name) => name.startsWith(stem) && name.endsWith('.json'))
    .map((name) => Number(name.slice(stem.length, -'.json'.length)))
    .filter((version) => Number.isInteger(version))
}

/** Somebody else has cleared it away. */
function gone(error: NodeJS.ErrnoException): void {
  if (error.code !== 'ENOENT') throw error
}
