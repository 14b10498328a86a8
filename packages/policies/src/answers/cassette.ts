// Calls on a tape: a file of what was asked and what came of it. `record` writes one, `replay` plays it.
import { LlmError } from '@patchbay/core'
import { files } from '../state/files.js'
import { frozen, thawed } from './frozen.js'

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

export class Cassette {
  #calls: Promise<Recording[]> | undefined
  #writing: Promise<void> = Promise.resolve()

  constructor(readonly file: string) {}

  /** @throws {LlmError} `config` for a file that is no cassette */
  calls(): Promise<Recording[]> {
    this.#calls ??= read(this.file)
    return this.#calls
  }

  /** Adds a call; the file is whole at any time. */
  async add(recording: Recording): Promise<void> {
    const calls = await this.calls()
    calls.push(recording)
    const write = () => written(this.file, { patchbay: 1, calls })
    this.#writing = this.#writing.then(write, write)
    return this.#writing
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
