// Store of downloaded models: one folder each, with the files and a manifest. The manifest is written last: a folder
// without one is still being downloaded.
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { readdir, readFile, rm } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { LlmError } from '@patchbay/core'
import { defaultCacheDir } from '../cache-dir.js'
import { lock } from './file-lock.js'
import { publicName } from './model-name.js'

/** A model that `pullModel` has downloaded. */
export interface PulledModel {
  /** Its name for `pullModel` and `local()`, such as `hf:owner/repo:Q4_K_M`. */
  name: string
  /** Path of the file, or of the first part of a model in parts. */
  path: string
  /** Size of all its files, in bytes. */
  size: number
  /** Time of the download, ISO 8601. */
  pulledAt: string
}

/** Manifest of a model, in its folder. */
export interface ModelManifest {
  name: string
  pulledAt: string
  /** In the order of their parts. */
  files: { name: string; size: number; sha256?: string }[]
  /** The name of the file that is the model's projector. */
  projector?: string
}

export const manifestName = 'model.json'

function modelsDir(cacheDir = defaultCacheDir()): string {
  return join(cacheDir, 'models')
}

/** The folder of a model. The digest keeps names apart that are equal to a file system. */
export function modelDir(given: string, cacheDir: string | undefined): string {
  const model = publicName(given)
  const name = model.replace(/^(hf:|https?:\/\/)|[?#].*$|\.gguf$/g, '').replace(/[^\w.-]+/g, '--')
  const digest = createHash('sha256').update(model).digest('hex').slice(0, 8)
  return join(modelsDir(cacheDir), `${name.slice(0, 100)}-${digest}`)
}

/** The path of a model's file; `undefined` if it was not downloaded. */
export function pulledPath(model: string, cacheDir: string | undefined): string | undefined {
  return fromManifest(model, cacheDir, pathIn)
}

/** The path of the projector that was downloaded with a model; `undefined` if there is none. */
export function pulledProjector(model: string, cacheDir: string | undefined): string | undefined {
  return fromManifest(model, cacheDir, (dir, { projector }) => projector && join(dir, basename(projector)))
}

function fromManifest(
  model: string,
  cacheDir: string | undefined,
  read: (dir: string, manifest: ModelManifest) => string | undefined,
): string | undefined {
  const dir = modelDir(model, cacheDir)
  try {
    return read(dir, JSON.parse(readFileSync(join(dir, manifestName), 'utf8')))
  } catch {
    // Missing or incomplete.
    return undefined
  }
}

function pathIn(dir: string, { files: [first] }: ModelManifest): string | undefined {
  return first && join(dir, basename(first.name))
}

/**
 * The downloaded models, sorted by name.
 * @example
 * for (const { name, size } of await pulledModels()) console.log(name, size)
 */
export async function pulledModels({ cacheDir }: { cacheDir?: string } = {}): Promise<PulledModel[]> {
  const dir = modelsDir(cacheDir)
  const names = await readdir(dir).catch(() => [])
  const all = await Promise.all(
    names.map(async (name): Promise<PulledModel[]> => {
      try {
        const manifest = JSON.parse(await readFile(join(dir, name, manifestName), 'utf8')) as ModelManifest
        const path = pathIn(join(dir, name), manifest)
        const size = manifest.files.reduce((sum, file) => sum + file.size, 0)
        return path === undefined ? [] : [{ name: manifest.name, path, size, pulledAt: manifest.pulledAt }]
      } catch {
        // Still being downloaded, or not a model.
        return []
      }
    }),
  )
  return all.flat().sort((a, b) => a.name.localeCompare(b.name))
}

/**
 * Deletes a downloaded model, or the parts of an unfinished download. Waits for a download of it to end.
 * @throws {LlmError} `not-found` if nothing of it is on this machine
 * @example
 * await removeModel('hf:owner/repo:Q4_K_M')
 */
export async function removeModel(
  model: string,
  { cacheDir, signal = new AbortController().signal }: { cacheDir?: string; signal?: AbortSignal } = {},
): Promise<void> {
  const dir = modelDir(model, cacheDir)
  const files = await readdir(dir).catch(() => undefined)
  if (files === undefined)
    throw new LlmError(
      'not-found',
      `${publicName(model)} is not on this machine. \`patchbay models --local\` lists the downloaded models.`,
      { provider: 'local', model: publicName(model) },
    )
  const unlock = await lock(`${dir}.lock`, signal)
  try {
    await rm(dir, { recursive: true, force: true })
  } finally {
    await unlock()
  }
}
