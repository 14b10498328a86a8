// Questions of one conversation with their answers, each an entry of its own in the store: what was found there before is
// not read again.
import type { ChatResponse, Warning } from '@patchbay/core'
import type { AnswerStore } from './store.js'
import { isNear, VectorIndex } from './vector-index.js'

/** An entry of the store. Places are used again: the number tells whose turn it is. */
interface Entry {
  number: number
  vector: Float32Array
  answer: ChatResponse
}

// Reads at the same time, when a process meets a store that others have filled.
const readsAtOnce = 32

export class Meanings {
  readonly #vectors = new VectorIndex()
  /** Entries up to this number have been looked at. */
  #seen = 0
  #looking: Promise<void> | undefined
  #keeping: Promise<void> = Promise.resolve()

  constructor(
    private readonly store: AnswerStore,
    private readonly key: string,
    private readonly max: number,
  ) {}

  get size(): number {
    return this.#vectors.size
  }

  /** The answer to the nearest question that is at least so near. */
  async find(
    vector: Float32Array,
    threshold: number,
    warnings: Warning[],
  ): Promise<ChatResponse | undefined> {
    this.#looking ??= this.#look(warnings).finally(() => {
      this.#looking = undefined
    })
    await this.#looking
    for (;;) {
      const near = this.#vectors.nearest(vector, threshold)
      if (near === undefined) return undefined
      const { length } = warnings
      const entry = await this.#entry(near.id, warnings)
      if (warnings.length > length) return undefined
      if (entry === undefined) {
        // Its time is up, or its place is another one's.
        this.#vectors.delete(near.id)
        continue
      }
      if (isNear(entry.vector, vector, threshold)) return entry.answer
      // Another process kept its question by the same number.
      this.#vectors.set(near.id, entry.vector)
    }
  }

  /** Keeps one more; the oldest one's place is taken where there are `max`. */
  keep(vector: Float32Array, answer: ChatResponse, warnings: Warning[]): Promise<void> {
    const keeping = this.#keeping.then(async () => {
      // Others may have kept some since.
      const count = await this.#count(warnings)
      if (count === undefined) return
      const number = count + 1
      await this.store.set(this.#place(number), { number, vector, answer } satisfies Entry, warnings)
      await this.store.set(`${this.key}:count`, number, warnings)
      if (number === this.#seen + 1) this.#add(number, vector)
    })
    this.#keeping = keeping
    return keeping
  }

  /** Looks at what has come since the last time. */
  async #look(warnings: Warning[]): Promise<void> {
    const count = await this.#count(warnings)
    if (count === undefined) return
    if (count < this.#seen) {
      // The store was emptied.
      this.#vectors.clear()
      this.#seen = 0
    }
    let next = Math.max(this.#seen, count - this.max) + 1
    const reader = async () => {
      while (next <= count) {
        const number = next++
        const entry = await this.#entry(number, warnings)
        if (entry !== undefined) this.#add(number, entry.vector)
      }
    }
    await Promise.all(Array.from({ length: Math.min(readsAtOnce, count - next + 1) }, reader))
    this.#seen = Math.max(this.#seen, count)
  }

  #add(number: number, vector: Float32Array): void {
    this.#vectors.set(number, vector)
    this.#vectors.delete(number - this.max)
    this.#seen = Math.max(this.#seen, number)
  }

  /** How many were ever kept; nothing where the store does not say. */
  async #count(warnings: Warning[]): Promise<number | undefined> {
    const { length } = warnings
    const count = await this.store.get(`${this.key}:count`, warnings)
    return warnings.length > length ? undefined : Number(count ?? 0)
  }

  async #entry(number: number, warnings: Warning[]): Promise<Entry | undefined> {
    const entry = (await this.store.get(this.#place(number), warnings)) as Entry | undefined
    return entry?.number === number ? entry : undefined
  }

  #place(number: number): string {
    return `${this.key}:${number % this.max}`
  }
}
