// Where fetched models lie: a folder each, with its files by their own names, and a list of them that is written last.
// A folder without its list is one that is still being fetched.
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { readdir, readFile, rm } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { LlmError } from '@patchbay/core'
import { defaultCacheDir } from '../cache-dir.js'
import { lock } from './file-lock.js'
import { publicName } from './model-name.js'

/** A model that `pullModel` has fetched. */
export interface PulledModel {
  /** As it was pulled, and as `local()` takes it. */
  name: string
  /** The file to load; the engine finds the other parts beside it. */
  path: string
  /** In bytes, of all its files. */
  size: number
  /** ISO 8601. */
  pulledAt: string
}

/** The list beside the files of a model. */
export interface ModelList {
  name: string
  pulledAt: string
  /** In the order of their parts. */
  files: { name: string; size: number; sha256?: string }[]
}

export const listName = 'model.json'

function modelsDir(cacheDir = defaultCacheDir()): string {
  return join(cacheDir, 'models')
}

/** The folder of a model. Names that differ in what a file system overlooks have different ones. */
export function modelDir(given: string, cacheDir: string | undefined): string {
  const model = publicName(given)
  const name = model.replace(/^(hf:|https?:\/\/)|[?#].*$|\.gguf$/g, '').replace(/[^\w.-]+/g, '--')
  const digest = createHash('sha256').update(model).digest('hex').slice(0, 8)
  return join(modelsDir(cacheDir), `${name.slice(0, 100)}-${digest}`)
}

/** Where a model lies, if it has been fetched. */
export function pulledPath(model: string, cacheDir: string | undefined): string | undefined {
  const dir = modelDir(model, cacheDir)
  try {
    return pathIn(dir, JSON.parse(readFileSync(join(dir, listName), 'utf8')))
  } catch {
    // Not there, or not whole: then it has to be fetched.
    return undefined
  }
}

function pathIn(dir: string, { files: [first] }: ModelList): string | undefined {
  return first && join(dir, basename(first.name))
}

/** The models that have been fetched, by name. */
export async function pulledModels({ cacheDir }: { cacheDir?: string } = {}): Promise<PulledModel[]> {
  const dir = modelsDir(cacheDir)
  const names = await readdir(dir).catch(() => [])
  const all = await Promise.all(
    names.map(async (name): Promise<PulledModel[]> => {
      try {
        const list = JSON.parse(await readFile(join(dir, name, listName), 'utf8')) as ModelList
        const path = pathIn(join(dir, name), list)
        const size = list.files.reduce((sum, file) => sum + file.size, 0)
        return path === undefined ? [] : [{ name: list.name, path, size, pulledAt: list.pulledAt }]
      } catch {
        // Being fetched, or no model at all.
        return []
      }
    }),
  )
  return all.flat().sort((a, b) => a.name.localeCompare(b.name))
}

/**
 * Takes a fetched model, or what is there of it, from the disk.
 * @throws {LlmError} `not-found` when there is nothing of it
 */
export async function removeModel(
  model: string,
  { cacheDir, signal = new AbortController().signal }: { cacheDir?: string; signal?: AbortSignal } = {},
): Promise<void> {
  const dir = modelDir(model, cacheDir)
  const there = await readdir(dir).catch(() => undefined)
  if (there === undefined)
    throw new LlmError(
      'not-found',
      `${publicName(model)} is not on this machine. \`patchbay models --local\` lists those that are.`,
      { provider: 'local', model: publicName(model) },
    )
  const unlock = await lock(`${dir}.lock`, signal)
  try {
    await rm(dir, { recursive: true, force: true })
  } finally {
    await unlock()
  }
}
