// What the sequences hold, kept on disk from one life of the worker to the next.
import { createHash } from 'node:crypto'
import { mkdir, readdir, rename, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { LlamaContext, LlamaContextSequence } from 'node-llama-cpp'
import type { LoadSettings } from '../../supervisor/protocol.js'

/** Fewer tokens than this are evaluated as fast as they are read back. */
const worthIt = 64

export class PrefixStore {
  readonly #modelDir: string
  readonly #dir: string

  private constructor(modelDir: string, form: string) {
    this.#modelDir = modelDir
    this.#dir = join(modelDir, form)
  }

  /**
   * The store of this very model in this very form: a state of another one would crash the engine. `undefined` when
   * prefixes are not to be kept.
   */
  static async of(
    context: LlamaContext,
    settings: LoadSettings,
    engine: string,
  ): Promise<PrefixStore | undefined> {
    const { keepPrefixes, cacheDir, modelPath, adapters = [] } = settings
    if (!keepPrefixes || cacheDir === undefined) return undefined
    const files = await Promise.all(
      [modelPath, ...adapters.map(({ path }) => path)].map(async (path) => {
        const { size, mtimeMs } = await stat(path)
        return [path, size, mtimeMs]
      }),
    )
    const { contextSize, kvCacheKeyType, kvCacheValueType, totalSequences } = context
    const form = [files, adapters, engine, contextSize, totalSequences, kvCacheKeyType, kvCacheValueType]
    return new PrefixStore(join(cacheDir, 'prefixes', digest(modelPath)), digest(form))
  }

  /**
   * Gives sequences back what was saved. Each file is taken out of the store before it is read, so that one the engine
   * chokes on is not met again, and two processes never share one.
   */
  async restore(sequences: LlamaContextSequence[]): Promise<number> {
    const names = await readdir(this.#dir).catch(() => [])
    let restored = 0
    for (const name of names.filter((file) => file.endsWith('.state'))) {
      const sequence = sequences[restored]
      if (sequence === undefined) break
      const own = join(this.#dir, `${name}.${process.pid}`)
      try {
        await rename(join(this.#dir, name), own)
        await sequence.loadStateFromFile(own, { acceptRisk: true })
        restored++
      } catch {
        // Taken by another process, or not readable: what it held is evaluated again.
      }
      await rm(own, { force: true })
    }
    return restored
  }

  /** Saves what is worth it, in place of what was there of this model, in whichever form. */
  async save(sequences: LlamaContextSequence[]): Promise<void> {
    await rm(this.#modelDir, { recursive: true, force: true })
    await mkdir(this.#dir, { recursive: true })
    for (const [index, sequence] of sequences.entries()) {
      if (sequence.nextTokenIndex < worthIt) continue
      const draft = join(this.#dir, `${index}.${process.pid}.tmp`)
      await sequence.saveStateToFile(draft)
      await rename(draft, join(this.#dir, `${index}.state`))
    }
  }
}

function digest(value: unknown): string {
  return createHash('sha256').update(JSON.stringify(value)).digest('hex').slice(0, 16)
}
