// Models from Hugging Face or an address, into the cache. Only `pullModel` fetches anything.
import { mkdir, rename, stat, writeFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { LlmError } from '@patchbay/core'
import { fetchFile } from './download-file.js'
import { lock } from './file-lock.js'
import { partsOf } from './hub.js'
import { type Asking, addressOf } from './hub-request.js'
import { isRemote, publicName } from './model-name.js'
import { listName, type ModelList, modelDir, pulledPath } from './model-store.js'
import { environmentFetch } from './proxy.js'
import { pullFailure } from './pull-failure.js'
import type { PullOptions, PullProgress } from './pull-options.js'

/** `pullModel`, once there is something to do. */
export async function download(model: string, options: PullOptions): Promise<string> {
  const { signal = new AbortController().signal, cacheDir } = options
  const offline = options.offline ?? process.env.HF_HUB_OFFLINE === '1'
  try {
    if (typeof model !== 'string' || !isRemote(model))
      throw new LlmError('config', `${model} is neither hf:owner/repo:file nor an address of a .gguf file.`)
    const there = pulledPath(model, cacheDir)
    if (there !== undefined) return there
    if (offline)
      throw new LlmError('config', 'It is not on this machine, and nothing may be fetched (offline).')
    const dir = modelDir(model, cacheDir)
    await mkdir(dir, { recursive: true })
    const unlock = await lock(`${dir}.lock`, signal)
    try {
      // Somebody else may have fetched it meanwhile.
      return pulledPath(model, cacheDir) ?? (await fetchModel(model, dir, { ...options, signal }))
    } finally {
      await unlock()
    }
  } catch (cause) {
    throw pullFailure(cause, model, signal)
  }
}

type Pulling = PullOptions & { signal: AbortSignal }

async function fetchModel(model: string, dir: string, options: Pulling): Promise<string> {
  const { signal } = options
  const { fetch, close } = options.fetch
    ? { fetch: options.fetch, close: async () => {} }
    : await environmentFetch()
  try {
    return await fetchParts(model, dir, options, { fetch, signal })
  } finally {
    await close()
  }
}

async function fetchParts(model: string, dir: string, options: Pulling, asking: Asking): Promise<string> {
  const addresses = partsOf(await addressOf(model, asking))
  const { sha256: given } = options
  if (given !== undefined && addresses.length > 1)
    throw new LlmError('config', 'sha256 is for a model of one file; this one comes in parts. Leave it out.')
  const list: ModelList = { name: publicName(model), pulledAt: new Date().toISOString(), files: [] }
  for (const [index, address] of addresses.entries()) {
    const name = fileName(address)
    const path = join(dir, name)
    const sha256 = await fetchFile(path, address, {
      ...asking,
      sha256: given,
      onProgress: (progress) => tell(options, { ...progress, file: index + 1, files: addresses.length }),
    })
    const { size } = await stat(path)
    list.files.push({ name, size, ...(sha256 !== undefined && { sha256 }) })
  }
  const draft = join(dir, `${listName}.part`)
  await writeFile(draft, JSON.stringify(list, null, 2))
  await rename(draft, join(dir, listName))
  return join(dir, list.files[0]?.name ?? '')
}

function tell({ onProgress }: Pulling, progress: PullProgress): void {
  try {
    onProgress?.(progress)
  } catch (cause) {
    throw new LlmError('aborted', 'The onProgress callback threw; what is there is kept.', { cause })
  }
}

/** The file's own name: the engine finds the parts of a model by their names. */
function fileName(address: string): string {
  const { pathname } = new URL(address)
  const name = basename(decoded(pathname))
    .replace(/[^\w.-]+/g, '-')
    .slice(-200)
  return name.endsWith('.gguf') ? name : `${name || 'model'}.gguf`
}

function decoded(path: string): string {
  try {
    return decodeURIComponent(path)
  } catch {
    // A percent sign that escapes nothing stands for itself.
    return path
  }
}
