// Size and SHA-256 of model files. The hash is computed once for each version of a file, by a thread, and stored in the cache folder.
import { createHash } from 'node:crypto'
import { mkdir, readFile, rename, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Worker } from 'node:worker_threads'

/** What is known of a model's file, or of all its parts together. */
export interface FileInfo {
  sizeBytes?: number
  /** Missing while it is computed. */
  digest?: string
}

interface Entry {
  /** Sizes and times of the files: another version has another hash. */
  version: string
  digest?: string
}

// Of the models that one process serves.
const maxEntries = 256
const entries = new Map<string, Entry>()
/** One file is hashed at a time, so that the disk has time for others. */
let last: Promise<unknown> = Promise.resolve()

/** What is known of the model at `path` now. The first call for a version of a file begins to hash it, and does not wait. */
export async function fileInfo(path: string, cacheDir: string | undefined): Promise<FileInfo> {
  const paths = partsOf(path)
  const stats = await Promise.all(paths.map((one) => stat(one).catch(() => undefined)))
  const files = stats.flatMap((one) => (one?.isFile() ? [one] : []))
  if (files.length < paths.length) return {}
  const version = files.map((file) => `${file.size}:${file.mtimeMs}`).join(' ')
  const sizeBytes = files.reduce((sum, file) => sum + file.size, 0)
  const known = entries.get(path)
  if (known?.version !== version) start(path, paths, version, cacheDir)
  const digest = entries.get(path)?.digest
  return { sizeBytes, ...(digest !== undefined && { digest }) }
}

/** The files of a model, whose path is that of its first part. */
function partsOf(path: string): string[] {
  const [, count] = /-00001-of-(\d{5})\.gguf$/i.exec(path) ?? []
  if (count === undefined) return [path]
  return Array.from({ length: Number(count) }, (_, at) =>
    path.replace(/-00001(-of-\d{5}\.gguf)$/i, `-${String(at + 1).padStart(5, '0')}$1`),
  )
}

function start(path: string, paths: string[], version: string, cacheDir: string | undefined): void {
  const entry: Entry = { version }
  const [oldest] = entries.keys()
  if (entries.size >= maxEntries && oldest !== undefined) entries.delete(oldest)
  entries.set(path, entry)
  const stored = cacheDir && join(cacheDir, 'digests', `${sha256(path).slice(0, 16)}.json`)
  last = last.then(async () => {
    if (entries.get(path) !== entry) return
    try {
      const found = stored ? await readStored(stored, version) : undefined
      entry.digest = found ?? (await hashInThread(paths))
      if (stored && found === undefined) await writeStored(stored, { version, digest: entry.digest })
    } catch {
      // Gone or unreadable meanwhile, or no room to store it.
      if (entry.digest === undefined && entries.get(path) === entry) entries.delete(path)
    }
  })
}

async function readStored(file: string, version: string): Promise<string | undefined> {
  try {
    const stored = JSON.parse(await readFile(file, 'utf8')) as Entry
    return stored.version === version && /^[0-9a-f]{64}$/.test(stored.digest ?? '')
      ? stored.digest
      : undefined
  } catch {
    return undefined
  }
}

async function writeStored(file: string, entry: Entry): Promise<void> {
  await mkdir(join(file, '..'), { recursive: true })
  const own = `${file}.${process.pid}`
  await writeFile(own, JSON.stringify(entry))
  await rename(own, file)
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}

/** Runs in the thread as source text, so it uses nothing from outside, and plain syntax. */
function hashFiles(): void {
  const { parentPort, workerData } = process.getBuiltinModule('node:worker_threads')
  const { createHash } = process.getBuiltinModule('node:crypto')
  const { openSync, readSync, closeSync } = process.getBuiltinModule('node:fs')
  const hash = createHash('sha256')
  const buffer = Buffer.alloc(1024 * 1024)
  for (const path of workerData as string[]) {
    const file = openSync(path, 'r')
    for (let read = readSync(file, buffer); read > 0; read = readSync(file, buffer))
      hash.update(buffer.subarray(0, read))
    closeSync(file)
  }
  if (parentPort !== null) parentPort.postMessage(hash.digest('hex'))
}

function hashInThread(paths: string[]): Promise<string> {
  const worker = new Worker(`(${hashFiles})()`, { eval: true, workerData: paths, name: 'patchbay-digest' })
  // It keeps no process alive.
  worker.unref()
  return new Promise((resolve, reject) => {
    worker.once('message', resolve)
    worker.once('error', reject)
    worker.once('exit', () => reject(new Error('The thread ended without a hash.')))
  })
}
