// One file of a model: resumed where it broke off, checked by its sum, and never seen half done.
import { createHash } from 'node:crypto'
import { createReadStream, existsSync } from 'node:fs'
import { type FileHandle, open, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { pipeline } from 'node:stream/promises'
import { LlmError } from '@patchbay/core'
import { checkModelFile } from '../options/model-file.js'
import { type Asking, ask, beginning, notExpected } from './hub-request.js'

/** How a file is fetched. */
export interface FetchingFile extends Asking {
  /** What it must have; without it, what the hub says. */
  sha256: string | undefined
  onProgress: (progress: { completed: number; total?: number }) => void
}

/** Fetches a file, unless it is there, and gives the sum it was checked by. */
export async function fetchFile(
  path: string,
  address: string,
  options: FetchingFile,
): Promise<string | undefined> {
  if (existsSync(path)) return undefined
  const part = `${path}.part`
  const versionFile = `${part}.version`
  const had = await stat(part).then(
    ({ size }) => size,
    () => 0,
  )
  const version = await readFile(versionFile, 'utf8').catch(() => undefined)
  let { response, sha256: told } = await ask(address, { ...options, from: had, version })
  const sum = () => options.sha256?.toLowerCase() ?? told
  // A sum tells in the end whether what is there is of this file. Without one its version must be the same, or the
  // halves of two files would be put together.
  const resumable = () => sum() !== undefined || (version !== undefined && version === versionOf(response))
  // Nothing is left to fetch, or what is there is not of this file.
  if (response.status === 416 && sum() !== undefined && (await sumOf(part)) === sum()) {
    await response.body?.cancel()
    await finish(part, path)
    return sum()
  }
  if (had > 0 && (response.status === 416 || (response.status === 206 && !resumable()))) {
    await response.body?.cancel()
    ;({ response, sha256: told } = await ask(address, { ...options, from: 0 }))
  }
  const from = response.status === 206 ? had : 0
  checkPlace(response, from)
  await receive(response, part, versionFile, from, sum() === undefined, options)
  if (sum() !== undefined && (await sumOf(part)) !== sum()) {
    await forget(part)
    // What was there before may have been of another file.
    if (from > 0) return fetchFile(path, address, options)
    throw new LlmError('bad-response', 'What came is not what it should be: its sum is another. Try again.', {
      retryable: true,
    })
  }
  await finish(part, path)
  return sum()
}

/** The answer is the whole file, or all that is missing of it. */
function checkPlace({ status, headers }: Response, from: number): void {
  const begins = /^bytes (\d+)-/.exec(headers.get('content-range') ?? '')?.[1] ?? from
  if (status === 200 || (status === 206 && from > 0 && Number(begins) === from)) return
  throw new LlmError(
    'bad-response',
    `The server answers with status ${status}, and not with the file. Check the address.`,
    { status },
  )
}

/** Piece by piece onto the disk: what has come is kept, however it ends. */
async function receive(
  response: Response,
  part: string,
  versionFile: string,
  from: number,
  keepVersion: boolean,
  { onProgress }: FetchingFile,
): Promise<void> {
  if (/^text\/html/i.test(response.headers.get('content-type') ?? ''))
    throw notExpected('a model', response, await beginning(response, 16_384))
  if (response.body === null)
    throw new LlmError('empty-response', 'The answer has no body.', { retryable: true })
  const total = totalOf(response, from)
  const version = versionOf(response)
  const file = await open(part, from > 0 ? 'a' : 'w')
  let completed = from
  try {
    await rm(versionFile, { force: true })
    if (keepVersion && version !== undefined) await writeFile(versionFile, version)
    for await (const piece of response.body) {
      await writeAll(file, piece)
      // No hours of what is no model.
      if (completed < 4 && completed + piece.length >= 4) await checkPart(part)
      completed += piece.length
      onProgress({ completed, ...(total !== undefined && { total }) })
    }
  } finally {
    await file.close()
  }
  if (total !== undefined && completed < total)
    throw new LlmError('network', 'The connection broke. Try again; what is there is kept.', {
      retryable: true,
    })
}

/** A disk that is nearly full takes a part of a piece, and says so. */
async function writeAll(file: FileHandle, piece: Uint8Array): Promise<void> {
  for (let at = 0; at < piece.length; ) at += (await file.write(piece, at)).bytesWritten
}

/** The length that servers tell is that of what is on the wire. */
function totalOf({ headers }: Response, from: number): number | undefined {
  const length = headers.get('content-length')
  return length === null || headers.has('content-encoding') ? undefined : from + Number(length)
}

/** Which version of the file this is, as `if-range` takes it: a strong tag, or a date. */
function versionOf({ headers }: Response): string | undefined {
  const tag = headers.get('etag')
  return (tag?.startsWith('"') ? tag : headers.get('last-modified')) ?? undefined
}

async function finish(part: string, path: string): Promise<void> {
  await checkPart(part)
  await rename(part, path)
  await rm(`${part}.version`, { force: true })
}

async function checkPart(part: string): Promise<void> {
  try {
    await checkModelFile(part)
  } catch (error) {
    await forget(part)
    throw error
  }
}

async function forget(part: string): Promise<void> {
  await Promise.all([part, `${part}.version`].map((path) => rm(path, { force: true })))
}

async function sumOf(path: string): Promise<string> {
  const hash = createHash('sha256')
  await pipeline(createReadStream(path), hash)
  return hash.digest('hex')
}
