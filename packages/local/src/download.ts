// Models from Hugging Face or an address, into the cache: resumed where it broke off, checked by its sum, and never seen
// half done. Only `pullModel` fetches anything.
import { createHash } from 'node:crypto'
import { createReadStream, existsSync } from 'node:fs'
import { mkdir, open, rename, rm, stat, writeFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { isLlmError, LlmError } from '@patchbay/core'
import { addressOf, ask, partsOf } from './hub.js'
import { lock } from './lock.js'
import { checkModelFile } from './model-file.js'
import { isRemote, listName, type ModelList, modelDir, pulledPath } from './store.js'

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
  onProgress?: (progress: PullProgress) => void
  /** Default: `patchbay` in the user's cache folder. */
  cacheDir?: string
  /** What the file must have, in hexadecimal, where the hub does not say; for models of one file. */
  sha256?: string
  /** Fetch nothing: the model must be there. Default: true when `HF_HUB_OFFLINE` is 1. */
  offline?: boolean
}

/**
 * Fetches `hf:owner/repo:file.gguf`, `hf:owner/repo:Q4_K_M` or an https address, unless it is there, and gives its path;
 * of a model in parts (`-00001-of-00003.gguf`) all of them, and the path of the first.
 * `HF_TOKEN` opens models that are not public; `HF_ENDPOINT` names another hub.
 * @throws {LlmError} `network` (what is there is kept), `not-found`, `permission-denied`, `bad-response` for a wrong sum,
 *   `model-load` for what is no model, `config` when it is not there and nothing may be fetched, `aborted`
 */
export async function pullModel(model: string, options: PullOptions = {}): Promise<string> {
  const { signal = new AbortController().signal, cacheDir } = options
  const offline = options.offline ?? process.env.HF_HUB_OFFLINE === '1'
  try {
    if (!isRemote(model))
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
      return pulledPath(model, cacheDir) ?? (await fetchAll(model, dir, { ...options, signal }))
    } finally {
      await unlock()
    }
  } catch (cause) {
    throw asFailure(cause, model, signal)
  }
}

type Fetching = PullOptions & { signal: AbortSignal }

async function fetchAll(model: string, dir: string, options: Fetching): Promise<string> {
  const addresses = partsOf(await addressOf(model, options.signal))
  const list: ModelList = { name: model, pulledAt: new Date().toISOString(), files: [] }
  for (const [index, address] of addresses.entries()) {
    const name = fileName(address)
    const onProgress = (progress: Pick<PullProgress, 'completed' | 'total'>) =>
      options.onProgress?.({ ...progress, file: index + 1, files: addresses.length })
    const path = join(dir, name)
    const sha256 = await fetchTo(path, address, { ...options, onProgress })
    const { size } = await stat(path)
    list.files.push({ name, size, ...(sha256 !== undefined && { sha256 }) })
  }
  const draft = join(dir, `${listName}.part`)
  await writeFile(draft, JSON.stringify(list, null, 2))
  await rename(draft, join(dir, listName))
  return join(dir, list.files[0]?.name ?? '')
}

/** The file's own name: the engine finds the parts of a model by their names. */
function fileName(address: string): string {
  const name = basename(decodeURIComponent(new URL(address).pathname)).replace(/[^\w.-]+/g, '-')
  return name.endsWith('.gguf') ? name : `${name || 'model'}.gguf`
}

/** Fetches a file, unless it is there, and gives the sum it was checked by. */
async function fetchTo(
  path: string,
  address: string,
  {
    signal,
    onProgress,
    sha256: given,
  }: Omit<Fetching, 'onProgress'> & {
    onProgress: (progress: { completed: number; total?: number }) => void
  },
): Promise<string | undefined> {
  if (existsSync(path)) return undefined
  const part = `${path}.part`
  const had = await stat(part).then(
    ({ size }) => size,
    () => 0,
  )
  let { response, sha256: told } = await ask(address, signal, had)
  const sum = () => given?.toLowerCase() ?? told
  // Nothing is left to fetch, or what is there is not of this file: its sum tells.
  if (response.status === 416) {
    await response.body?.cancel()
    if (sum() !== undefined && (await sumOf(part)) === sum()) {
      await finish(part, path)
      return sum()
    }
    await rm(part, { force: true })
    ;({ response, sha256: told } = await ask(address, signal))
  }
  const from = response.status === 206 ? had : 0
  const length = Number(response.headers.get('content-length') ?? Number.NaN)
  const total = Number.isFinite(length) ? { total: from + length } : {}
  let completed = from
  if (response.body === null)
    throw new LlmError('empty-response', 'The answer has no body.', { retryable: true })
  const file = await open(part, from > 0 ? 'a' : 'w')
  try {
    // Piece by piece onto the disk: what has come is kept, however it ends.
    for await (const piece of response.body) {
      await file.write(piece)
      completed += piece.length
      onProgress({ completed, ...total })
    }
  } finally {
    await file.close()
  }
  if (total.total !== undefined && completed < total.total)
    throw new LlmError('network', 'The connection broke. Try again; what is there is kept.', {
      retryable: true,
    })
  if (sum() !== undefined && (await sumOf(part)) !== sum()) {
    await rm(part, { force: true })
    throw new LlmError('bad-response', 'What came is not what it should be: its sum is another. Try again.', {
      retryable: true,
    })
  }
  await finish(part, path)
  return sum()
}

async function finish(part: string, path: string): Promise<void> {
  try {
    await checkModelFile(part)
  } catch (error) {
    await rm(part, { force: true })
    throw error
  }
  await rename(part, path)
}

async function sumOf(path: string): Promise<string> {
  const hash = createHash('sha256')
  await pipeline(createReadStream(path), hash)
  return hash.digest('hex')
}

function asFailure(cause: unknown, model: string, signal: AbortSignal): LlmError {
  const who = { provider: 'local', model }
  if (signal.aborted)
    return new LlmError('aborted', `Fetching ${model} was aborted by its caller; what is there is kept.`, {
      ...who,
      cause: signal.reason,
    })
  if (isLlmError(cause)) {
    const { code, message, status, retryable } = cause
    return new LlmError(code, `${model}: ${message}`, {
      ...who,
      retryable,
      cause,
      ...(status !== undefined && { status }),
    })
  }
  const { code = '' } = cause as NodeJS.ErrnoException
  if (['ENOSPC', 'EACCES', 'EROFS', 'EPERM'].includes(code))
    return new LlmError(
      'config',
      `${model} cannot be kept in the cache (${code}). Make room, or set cacheDir.`,
      { ...who, cause },
    )
  return new LlmError('network', `${model} could not be fetched. Try again; what is there is kept.`, {
    ...who,
    cause,
    retryable: true,
  })
}
