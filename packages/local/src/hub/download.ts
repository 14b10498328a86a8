// Downloads of models from Hugging Face, or any address, into the cache. Used by `pullModel` only.
import { mkdir, rename, stat, writeFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { LlmError } from '@patchbay/core'
import { decodePercent } from '@patchbay/core/wire'
import { downloadFile } from './download-file.js'
import { lock } from './file-lock.js'
import { partAddresses } from './hub.js'
import { type RequestSettings, resolveAddresses } from './hub-request.js'
import { isRemote, publicName } from './model-name.js'
import { type ModelManifest, manifestName, modelDir, pulledPath } from './model-store.js'
import { environmentFetch } from './proxy.js'
import { pullFailure } from './pull-failure.js'
import type { PullOptions, PullProgress } from './pull-options.js'

/** The implementation of `pullModel`, loaded on its first use. */
export async function download(model: string, options: PullOptions): Promise<string> {
  const { signal = new AbortController().signal, cacheDir } = options
  const offline = options.offline ?? process.env.HF_HUB_OFFLINE === '1'
  try {
    if (typeof model !== 'string' || !isRemote(model))
      throw new LlmError('config', `${model} is neither hf:owner/repo:file nor the address of a .gguf file.`)
    const existing = pulledPath(model, cacheDir)
    if (existing !== undefined) return existing
    if (offline)
      throw new LlmError('config', 'It is not on this machine, and downloads are switched off (offline).')
    const dir = modelDir(model, cacheDir)
    await mkdir(dir, { recursive: true })
    const unlock = await lock(`${dir}.lock`, signal)
    try {
      // Another process may have downloaded it in the meantime.
      return pulledPath(model, cacheDir) ?? (await downloadModel(model, dir, { ...options, signal }))
    } finally {
      await unlock()
    }
  } catch (cause) {
    throw pullFailure(cause, model, signal)
  }
}

type PullSettings = PullOptions & { signal: AbortSignal }

async function downloadModel(model: string, dir: string, options: PullSettings): Promise<string> {
  const { signal } = options
  const { fetch, close } = options.fetch
    ? { fetch: options.fetch, close: async () => {} }
    : await environmentFetch()
  try {
    return await downloadParts(model, dir, options, { fetch, signal })
  } finally {
    await close()
  }
}

async function downloadParts(
  model: string,
  dir: string,
  options: PullSettings,
  settings: RequestSettings,
): Promise<string> {
  const { model: address, projector } = await resolveAddresses(model, settings)
  const addresses = [...partAddresses(address), ...(projector === undefined ? [] : [projector])]
  const { sha256: given } = options
  if (given !== undefined && addresses.length > 1)
    throw new LlmError(
      'config',
      'sha256 is for a model of one file; this one comes in several. Leave it out.',
    )
  const manifest: ModelManifest = { name: publicName(model), pulledAt: new Date().toISOString(), files: [] }
  for (const [index, address] of addresses.entries()) {
    const name = fileName(address)
    const path = join(dir, name)
    const sha256 = await downloadFile(path, address, {
      ...settings,
      sha256: given,
      onProgress: (progress) =>
        reportProgress(options, { ...progress, file: index + 1, files: addresses.length }),
    })
    const { size } = await stat(path)
    manifest.files.push({ name, size, ...(sha256 !== undefined && { sha256 }) })
    if (address === projector) manifest.projector = name
  }
  const draft = join(dir, `${manifestName}.part`)
  await writeFile(draft, JSON.stringify(manifest, null, 2))
  await rename(draft, join(dir, manifestName))
  return join(dir, manifest.files[0]?.name ?? '')
}

function reportProgress({ onProgress }: PullSettings, progress: PullProgress): void {
  try {
    onProgress?.(progress)
  } catch (cause) {
    throw new LlmError('aborted', 'The onProgress callback threw an error; what was downloaded is kept.', {
      cause,
    })
  }
}

/** The file's name is kept: the engine finds the parts of a model by their names. */
function fileName(address: string): string {
  const { pathname } = new URL(address)
  const name = basename(decodePercent(pathname))
    .replace(/[^\w.-]+/g, '-')
    .slice(-200)
  return name.endsWith('.gguf') ? name : `${name || 'model'}.gguf`
}
