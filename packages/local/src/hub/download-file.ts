// Download of one file: resumes, verifies the SHA-256, and shows the file only when it is complete.
import { createHash } from 'node:crypto'
import { createReadStream, existsSync } from 'node:fs'
import { type FileHandle, open, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { pipeline } from 'node:stream/promises'
import { LlmError } from '@patchbay/core'
import { checkModelFile } from '../options/model-file.js'
import { type RequestSettings, readBeginning, requestFile, unexpectedContent } from './hub-request.js'

export interface FileDownload extends RequestSettings {
  /** Expected SHA-256. Absent: the one that the hub sends. */
  sha256: string | undefined
  onProgress: (progress: { completed: number; total?: number }) => void
}

/**
 * Downloads a file if it does not exist, and returns the SHA-256 that it was verified with.
 * @throws {LlmError} `bad-response` for a wrong SHA-256, and all errors of the requests
 */
export async function downloadFile(
  path: string,
  address: string,
  options: FileDownload,
): Promise<string | undefined> {
  if (existsSync(path)) return undefined
  const part = `${path}.part`
  const versionFile = `${part}.version`
  const downloaded = await stat(part).then(
    ({ size }) => size,
    () => 0,
  )
  const version = await readFile(versionFile, 'utf8').catch(() => undefined)
  let { response, sha256: hubSha256 } = await requestFile(address, { ...options, from: downloaded, version })
  const expected = () => options.sha256?.toLowerCase() ?? hubSha256
  // The SHA-256 shows in the end whether both parts are of the same file. Without one, the versions must be equal.
  const resumable = () =>
    expected() !== undefined || (version !== undefined && version === versionOf(response))
  // 416: the file is complete already, or the part is of another file.
  if (response.status === 416 && expected() !== undefined && (await sha256Of(part)) === expected()) {
    await response.body?.cancel()
    await commit(part, path)
    return expected()
  }
  if (downloaded > 0 && (response.status === 416 || (response.status === 206 && !resumable()))) {
    await response.body?.cancel()
    ;({ response, sha256: hubSha256 } = await requestFile(address, { ...options, from: 0 }))
  }
  const from = response.status === 206 ? downloaded : 0
  checkRange(response, from)
  await writeBody(response, part, versionFile, from, expected() === undefined, options)
  if (expected() !== undefined && (await sha256Of(part)) !== expected()) {
    await discard(part)
    // The earlier part may have been of another file.
    if (from > 0) return downloadFile(path, address, options)
    throw new LlmError('bad-response', 'The downloaded file has another SHA-256 than expected. Try again.', {
      retryable: true,
    })
  }
  await commit(part, path)
  return expected()
}

/** Checks that the response is the whole file, or all that is missing of it. */
function checkRange({ status, headers }: Response, from: number): void {
  const start = /^bytes (\d+)-/.exec(headers.get('content-range') ?? '')?.[1] ?? from
  if (status === 200 || (status === 206 && from > 0 && Number(start) === from)) return
  throw new LlmError(
    'bad-response',
    `The server answered with status ${status} instead of the file. Check the address.`,
    { status },
  )
}

/** Writes the body to the disk as it arrives. What was written is kept after a failure. */
async function writeBody(
  response: Response,
  part: string,
  versionFile: string,
  from: number,
  keepVersion: boolean,
  { onProgress }: FileDownload,
): Promise<void> {
  if (/^text\/html/i.test(response.headers.get('content-type') ?? ''))
    throw unexpectedContent('a model', response, await readBeginning(response, 16_384))
  if (response.body === null)
    throw new LlmError('empty-response', 'The response has no body.', { retryable: true })
  const total = totalOf(response, from)
  const version = versionOf(response)
  const file = await open(part, from > 0 ? 'a' : 'w')
  let completed = from
  try {
    await rm(versionFile, { force: true })
    if (keepVersion && version !== undefined) await writeFile(versionFile, version)
    for await (const piece of response.body) {
      await writeAll(file, piece)
      // Stop at once if the file is not a model.
      if (completed < 4 && completed + piece.length >= 4) await checkPart(part)
      completed += piece.length
      onProgress({ completed, ...(total !== undefined && { total }) })
    }
  } finally {
    await file.close()
  }
  if (total !== undefined && completed < total)
    throw new LlmError('network', 'The connection was lost. Try again; what was downloaded is kept.', {
      retryable: true,
    })
}

/** A nearly full disk may take only a part of a piece. */
async function writeAll(file: FileHandle, piece: Uint8Array): Promise<void> {
  for (let at = 0; at < piece.length; ) at += (await file.write(piece, at)).bytesWritten
}

/** The size of the whole file; unknown with a content encoding, as the length is that of the encoded body. */
function totalOf({ headers }: Response, from: number): number | undefined {
  const length = headers.get('content-length')
  return length === null || headers.has('content-encoding') ? undefined : from + Number(length)
}

/** The version of the file for `if-range`: a strong entity tag, or a date. */
function versionOf({ headers }: Response): string | undefined {
  const tag = headers.get('etag')
  return (tag?.startsWith('"') ? tag : headers.get('last-modified')) ?? undefined
}

async function commit(part: string, path: string): Promise<void> {
  await checkPart(part)
  await rename(part, path)
  await rm(`${part}.version`, { force: true })
}

async function checkPart(part: string): Promise<void> {
  try {
    await checkModelFile(part)
  } catch (error) {
    await discard(part)
    throw error
  }
}

async function discard(part: string): Promise<void> {
  await Promise.all([part, `${part}.version`].map((path) => rm(path, { force: true })))
}

async function sha256Of(path: string): Promise<string> {
  const hash = createHash('sha256')
  await pipeline(createReadStream(path), hash)
  return hash.digest('hex')
}
