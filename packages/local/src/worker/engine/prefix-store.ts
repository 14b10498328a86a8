// Prefix store: states of sequences on disk, from one process to the next (`keepPrefixes`). Several processes may use it at once:
// each file is written under a name of its own and renamed, and no folder is ever removed.
import { createHash, randomUUID } from 'node:crypto'
import { mkdir, readdir, rename, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { LoadSettings } from '../../supervisor/protocol.js'
import type { Sequence } from './sequence.js'

/** Fewer tokens are evaluated as fast as they are loaded. */
const leastTokens = 64

/** Unfinished files, of processes that were killed, are removed after this many milliseconds. */
const oldestDraft = 3_600_000

export class PrefixStore {
  private constructor(
    private readonly dir: string,
    /** What the names of its files begin with. */
    private readonly version: string,
  ) {}

  /**
   * The store for exactly this model file, and these facts of its engine and context: the state of another one would crash
   * the engine. `undefined` without `keepPrefixes`.
   */
  static async of(facts: unknown[], settings: LoadSettings): Promise<PrefixStore | undefined> {
    const { keepPrefixes, cacheDir, modelPath, adapters = [] } = settings
    if (!keepPrefixes || cacheDir === undefined) return undefined
    const files = await Promise.all(
      [modelPath, ...adapters.map(({ path }) => path)].map(async (path) => {
        const { size, mtimeMs } = await stat(path)
        return [path, size, mtimeMs]
      }),
    )
    return new PrefixStore(join(cacheDir, 'prefixes', digest(modelPath)), digest([files, adapters, ...facts]))
  }

  /**
   * Loads saved states into the sequences, and returns their number. Each file is moved out of the store before it is
   * loaded, so that one that crashes the engine is not tried again, and two processes never load the same one.
   */
  async restore(sequences: Sequence[]): Promise<number> {
    const names = await readdir(this.dir).catch(() => [])
    let restored = 0
    for (const name of names.filter((file) => this.#isOwn(file))) {
      const sequence = sequences[restored]
      if (sequence === undefined) break
      const claimed = join(this.dir, `${name}.${randomUUID()}`)
      try {
        await rename(join(this.dir, name), claimed)
        await sequence.loadStateFromFile(claimed, { acceptRisk: true })
        restored++
      } catch {
        // Claimed by another process, or not readable: its tokens are evaluated again.
      }
      await rm(claimed, { force: true })
    }
    return restored
  }

  /** Saves the states of the sequences, and removes all older ones of this model. */
  async save(sequences: Sequence[]): Promise<void> {
    await mkdir(this.dir, { recursive: true })
    const before = await readdir(this.dir)
    const written = new Set<string>()
    for (const [index, sequence] of sequences.entries()) {
      if (sequence.nextTokenIndex < leastTokens) continue
      const name = `${this.version}-${index}.state`
      const draft = join(this.dir, `${name}.${randomUUID()}`)
      try {
        await sequence.saveStateToFile(draft)
        await rename(draft, join(this.dir, name))
      } finally {
        await rm(draft, { force: true })
      }
      written.add(name)
    }
    await Promise.all(before.filter((name) => !written.has(name)).map((name) => this.#removeOlder(name)))
  }

  #isOwn(file: string): boolean {
    return file.startsWith(`${this.version}-`) && file.endsWith('.state')
  }

  /** Other processes may be writing their files, or have removed them already. */
  async #removeOlder(name: string): Promise<void> {
    const path = join(this.dir, name)
    const { mtimeMs } = await stat(path).catch(() => ({ mtimeMs: 0 }))
    if (name.endsWith('.state') || Date.now() - mtimeMs > oldestDraft)
      await rm(path, { recursive: true, force: true })
  }
}

function digest(value: unknown): string {
  return createHash('sha256').update(JSON.stringify(value)).digest('hex').slice(0, 16)
}
