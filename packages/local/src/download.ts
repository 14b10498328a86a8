// Models from Hugging Face or an address, into the cache. Only `pullModel` fetches anything.
import { mkdir, rename, stat, writeFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { LlmError } from '@patchbay/core'
import { fetchFile } from './download-file.js'
import { partsOf } from './hub.js'
import { type Asking, addressOf } from './hub-request.js'
import { lock } from './lock.js'
import { isRemote, publicName } from './model-name.js'
import { environmentFetch } from './proxy.js'
import { pullFailure } from './pull-failure.js'
import { listName, type ModelList, modelDir, pulledPath } from './store.js'

/** How far a model has come. */
export interface PullProgress {
  /** Bytes of this file that are there. */
  completed: number
  /** All it will have, where the server says. */
  total?: number
  /** Which of its files it is, from 1: large models come in parts. */
  file: number
  files: number
}

/** Options of `pullModel`. */
export interface PullOptions {
  signal?: AbortSignal
  /** A callback that throws ends the download with `aborted`; what is there is kept. */
  onProgress?: (progress: PullProgress) => void
  /** Default: `patchbay` in the user's cache folder. */
  cacheDir?: string
  /** What the file must have, in hexadecimal, where the hub does not say; for models of one file. */
  sha256?: string
  /** Fetch nothing: the model must be there. Default: true when `HF_HUB_OFFLINE` is 1. */
  offline?: boolean
  /**
   * Makes the requests, for proxies, certificates or headers of your own. Default: the platform's `fetch`, through the
   * proxy of `HTTPS_PROXY` and `HTTP_PROXY` (`NO_PROXY` names hosts that are asked directly).
   */
  fetch?: typeof fetch
}

/**
 * Fetches `hf:owner/repo:file.gguf`, `hf:owner/repo:Q4_K_M` or an https address, unless it is there, and gives its path;
 * of a model in parts (`-00001-of-00003.gguf`) all of them, and the path of the first.
 * `HF_TOKEN` opens models that are not public; it is sent to the hub alone, over https (a hub on this machine that
 * `HF_ENDPOINT` names gets it without). `HF_ENDPOINT` names another hub.
 * @throws {LlmError} `network` (what is there is kept), `not-found`, `permission-denied`, `bad-response` for a wrong sum
 *   or a page in place of a model, `rate-limited`, `server-error`, `model-load` for what is no model, `config` when it is
 *   not there and nothing may be fetched or kept, `aborted`
 */
export async function pullModel(model: string, options: PullOptions = {}): Promise<string> {
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
