// Calls on a tape: a file of what was asked and what came of it. `record` writes one, `replay` plays it.
import { LlmError } from '@patchbay/core'
import { frozen, thawed } from '../cache/serialization.js'
import { files } from '../state/node-files.js'

/** One call on a tape. */
export interface Recording {
  /** What finds it again: a hash of all that was asked. */
  key: string
  kind: string
  /** What was asked, for whoever reads the file. */
  request: unknown
  /** What came of it: one of the two. */
  response?: unknown
  error?: Record<string, unknown>
}

/** What a file holds. */
interface Tape {
  patchbay: 1
  calls: Recording[]
}

/** What is on it, and where each call is. */
interface Index {
  calls: Recording[]
  byKey: Map<string, Recording[]>
}

export class Cassette {
  #read: Promise<Index> | undefined
  #written: Promise<void> | undefined
  #next: Promise<void> | undefined

  constructor(readonly file: string) {}

  /**
   * The recordings of one call, in their order.
   * @throws {LlmError} `config` for a file that is no cassette
   */
  async recordings(key: string): Promise<Recording[]> {
    return (await this.#index()).byKey.get(key) ?? []
  }

  /** Adds a call; the file is whole at any time. */
  async add(recording: Recording): Promise<void> {
    const { calls, byKey } = await this.#index()
    calls.push(recording)
    const same = byKey.get(recording.key)
    if (same === undefined) byKey.set(recording.key, [recording])
    else same.push(recording)
    // Those that come while it is being written are written together.
    this.#next ??= this.#write(calls)
    return this.#next
  }

  async #write(calls: Recording[]): Promise<void> {
    await this.#written?.catch(() => {})
    this.#written = this.#next
    this.#next = undefined
    await written(this.file, { patchbay: 1, calls })
  }

  #index(): Promise<Index> {
    this.#read ??= read(this.file).then((calls) => {
      const byKey = new Map<string, Recording[]>()
      for (const call of calls) byKey.set(call.key, [...(byKey.get(call.key) ?? []), call])
      return { calls, byKey }
    })
    return this.#read
  }
}

async function read(file: string): Promise<Recording[]> {
  const { fs } = files()
  let text: string
  try {
    text = await fs.readFile(file, 'utf8')
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return []
    throw new LlmError('config', `The cassette ${file} cannot be read.`, { cause })
  }
  try {
    const tape = thawed(text) as Partial<Tape>
    if (tape.patchbay === 1 && Array.isArray(tape.calls)) return tape.calls
  } catch {
    // Told below, as what it is.
  }
  throw new LlmError('config', `${file} is no cassette. Delete it, and record anew.`)
}

async function written(file: string, tape: Tape): Promise<void> {
  const { fs, path } = files()
  try {
    await fs.mkdir(path.dirname(file), { recursive: true })
    const draft = `${file}.${process.pid}`
    await fs.writeFile(draft, `${JSON.stringify(JSON.parse(frozen(tape)), undefined, 2)}\n`)
    await fs.rename(draft, file)
  } catch (cause) {
    throw new LlmError(
      'config',
      `The cassette ${file} cannot be written. Is its folder one that can be written to?`,
      {
        cause,
      },
    )
  }
}
