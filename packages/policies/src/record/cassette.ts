// Cassette: a JSON file of recorded calls and their outcomes. `record` writes it, `replay` reads it.
import { LlmError } from '@patchbay/core'
import { deserialize, serialize } from '../serialization/codec.js'
import type { StoredError } from '../serialization/stored-error.js'
import { files } from '../state/node-files.js'

/** One recorded call. */
export interface Recording {
  /** Hash of the call, by which it is found. */
  key: string
  kind: string
  /** The request, for people who read the file. */
  request: unknown
  /** The outcome: either `response` or `error`. */
  response?: unknown
  error?: StoredError
}

/** Content of the file. */
interface CassetteFile {
  patchbay: 1
  calls: Recording[]
}

/** All recordings, and those of each key. */
interface Index {
  calls: Recording[]
  byKey: Map<string, Recording[]>
}

export class Cassette {
  #loading: Promise<Index> | undefined
  #writing: Promise<void> | undefined
  #nextWrite: Promise<void> | undefined

  constructor(readonly file: string) {}

  /**
   * The recordings of a call, in order.
   * @throws {LlmError} `config` if the file is not a cassette
   */
  async recordings(key: string): Promise<Recording[]> {
    return (await this.#index()).byKey.get(key) ?? []
  }

  /** Adds a call. The file is complete at any time. */
  async add(recording: Recording): Promise<void> {
    const { calls, byKey } = await this.#index()
    calls.push(recording)
    const same = byKey.get(recording.key)
    if (same === undefined) byKey.set(recording.key, [recording])
    else same.push(recording)
    // Calls that are added during a write are written together by the next one.
    this.#nextWrite ??= this.#write(calls)
    return this.#nextWrite
  }

  async #write(calls: Recording[]): Promise<void> {
    await this.#writing?.catch(() => {})
    this.#writing = this.#nextWrite
    this.#nextWrite = undefined
    await writeCassette(this.file, { patchbay: 1, calls })
  }

  #index(): Promise<Index> {
    this.#loading ??= readCassette(this.file).then((calls) => {
      const byKey = new Map<string, Recording[]>()
      for (const call of calls) byKey.set(call.key, [...(byKey.get(call.key) ?? []), call])
      return { calls, byKey }
    })
    return this.#loading
  }
}

async function readCassette(file: string): Promise<Recording[]> {
  const { fs } = files()
  let text: string
  try {
    text = await fs.readFile(file, 'utf8')
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return []
    throw new LlmError('config', `The cassette ${file} cannot be read.`, { cause })
  }
  try {
    const tape = deserialize(text) as Partial<CassetteFile>
    if (tape.patchbay === 1 && Array.isArray(tape.calls)) return tape.calls
  } catch {
    // Reported below.
  }
  throw new LlmError('config', `${file} is not a cassette. Delete it, and record again.`)
}

async function writeCassette(file: string, content: CassetteFile): Promise<void> {
  const { fs, path } = files()
  try {
    await fs.mkdir(path.dirname(file), { recursive: true })
    const draft = `${file}.${process.pid}`
    await fs.writeFile(draft, `${JSON.stringify(JSON.parse(serialize(content)), undefined, 2)}\n`)
    await fs.rename(draft, file)
  } catch (cause) {
    throw new LlmError('config', `The cassette ${file} cannot be written. Make its folder writable.`, {
      cause,
    })
  }
}
