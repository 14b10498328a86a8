// Models from Hugging Face or an address, into the cache: resumed where it broke off, checked by its sum, and never seen
// half done. Only `pullModel` fetches anything.
import { createHash } from 'node:crypto'
import { createReadStream, existsSync } from 'node:fs'
import { link, mkdir, open, readFile, rename, rm, stat, utimes, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { setTimeout as wait } from 'node:timers/promises'
import { isLlmError, LlmError } from '@patchbay/core'
import { defaultCacheDir } from './cache-dir.js'
import { addressOf, ask } from './hub.js'
import { checkModelFile } from './model-file.js'

/** Options of `pullModel`. */
export interface PullOptions {
  signal?: AbortSignal
  /** Bytes that are there, and all there will be, where the server says. */
  onProgress?: (progress: { completed: number; total?: number }) => void
  /** Default: `patchbay` in the user's cache folder. */
  cacheDir?: string
}

/** Is it a model that has to be fetched first? */
export function isRemote(model: string): boolean {
  return /^(hf:|https?:\/\/)/.test(model)
}

/** Where a fetched model lies, or will. */
export function cachedPath(model: string, cacheDir = defaultCacheDir()): string {
  const name = model.replace(/^(hf:|https?:\/\/)|[?#].*$|\.gguf$/g, '').replace(/[^\w.-]+/g, '--')
  return join(cacheDir, 'models', `${name}.gguf`)
}

/**
 * Fetches `hf:owner/repo:file.gguf`, `hf:owner/repo:Q4_K_M` or an https address, unless it is there, and gives its path.
 * `HF_TOKEN` opens models that are not public; `HF_ENDPOINT` names another hub.
 * @throws {LlmError} `network` (what is there is kept), `not-found`, `permission-denied`, `bad-response` for a wrong sum,
 *   `model-load` for what is no model, `aborted`
 */
export async function pullModel(model: string, options: PullOptions = {}): Promise<string> {
  const { signal = new AbortController().signal, cacheDir } = options
  const path = cachedPath(model, cacheDir)
  try {
    if (!isRemote(model))
      throw new LlmError('config', `${model} is neither hf:owner/repo:file nor an address of a .gguf file.`)
    await mkdir(dirname(path), { recursive: true })
    const unlock = await lock(`${path}.lock`, signal)
    try {
      if (!existsSync(path)) await fetchTo(path, await addressOf(model, signal), { ...options, signal })
    } finally {
      await unlock()
    }
    return path
  } catch (cause) {
    throw asFailure(cause, model, signal)
  }
}

/** How often whoever holds a lock says so. */
const beatMs = 10_000

/** What is being fetched in this process. */
const held = new Set<string>()

/** One caller fetches a model at a time; the others wait for it, in this process and in others. */
async function lock(path: string, signal: AbortSignal): Promise<() => Promise<void>> {
  while (held.has(path)) await wait(50, undefined, { signal })
  held.add(path)
  try {
    while (!(await taken(path))) await wait(100, undefined, { signal })
  } catch (error) {
    held.delete(path)
    throw error
  }
  const beat = setInterval(() => void utimes(path, new Date(), new Date()).catch(() => {}), beatMs)
  beat.unref()
  return async () => {
    clearInterval(beat)
    await rm(path, { force: true })
    held.delete(path)
  }
}

/** Takes the lock, unless another process has it. */
async function taken(path: string): Promise<boolean> {
  try {
    await writeFile(path, String(process.pid), { flag: 'wx' })
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
  }
  const found = await stat(path).catch(() => undefined)
  const holder = Number(await readFile(path, 'utf8').catch(() => ''))
  if (found === undefined) return false
  // Nobody's any more: its process is gone, or is another one by now and does not keep it fresh.
  if ((holder > 0 && !isAlive(holder)) || Date.now() - found.mtimeMs > 6 * beatMs)
    await clear(path, found.mtimeMs)
  return false
}

/** Takes an old lock away. Another process may have done so, and have put its own there: that one goes back. */
async function clear(path: string, writtenAt: number): Promise<void> {
  const aside = `${path}.${process.pid}`
  try {
    await rename(path, aside)
    if ((await stat(aside)).mtimeMs !== writtenAt) await link(aside, path)
  } catch {
    // Somebody was faster; the next look tells who has it.
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

async function fetchTo(
  path: string,
  address: string,
  { signal, onProgress = () => {} }: PullOptions & { signal: AbortSignal },
): Promise<void> {
  const part = `${path}.part`
  const had = await stat(part).then(
    ({ size }) => size,
    () => 0,
  )
  let { response, sha256 } = await ask(address, signal, had)
  // Nothing is left to fetch, or what is there is not of this file: its sum tells.
  if (response.status === 416) {
    await response.body?.cancel()
    if (sha256 !== undefined && (await sumOf(part)) === sha256) return finish(part, path)
    await rm(part, { force: true })
    ;({ response, sha256 } = await ask(address, signal))
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
  if (sha256 !== undefined && (await sumOf(part)) !== sha256) {
    await rm(part, { force: true })
    throw new LlmError('bad-response', 'What came is not what the hub has: its sum is another. Try again.', {
      retryable: true,
    })
  }
  await finish(part, path)
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
