// Cached questions of one conversation and their answers: one store entry each, with the vectors indexed in memory.
import type { ChatResponse, Warning } from '@patchbay/core'
import type { ResponseStore } from './store.js'
import { isNear, VectorIndex } from './vector-index.js'

/** A store entry. Slots are reused, so the number tells whether it is still the same entry. */
interface Entry {
  number: number
  vector: Float32Array
  answer: ChatResponse
}

// Parallel reads when a process first meets a store that others have filled.
const parallelReads = 32

export class SemanticEntries {
  readonly #vectors = new VectorIndex()
  /** Entries up to this number are indexed. */
  #indexed = 0
  #refreshing: Promise<void> | undefined
  #saving: Promise<void> = Promise.resolve()

  constructor(
    private readonly store: ResponseStore,
    private readonly key: string,
    private readonly max: number,
  ) {}

  get size(): number {
    return this.#vectors.size
  }

  /** The answer to the most similar question, if its similarity is at least `threshold`. */
  async find(
    vector: Float32Array,
    threshold: number,
    warnings: Warning[],
  ): Promise<ChatResponse | undefined> {
    this.#refreshing ??= this.#refresh(warnings).finally(() => {
      this.#refreshing = undefined
    })
    await this.#refreshing
    for (;;) {
      const near = this.#vectors.nearest(vector, threshold)
      if (near === undefined) return undefined
      const { length } = warnings
      const entry = await this.#entry(near.id, warnings)
      if (warnings.length > length) return undefined
      if (entry === undefined) {
        // Expired, or its slot was reused.
        this.#vectors.delete(near.id)
        continue
      }
      if (isNear(entry.vector, vector, threshold)) return entry.answer
      // Another process stored a different question under the same number.
      this.#vectors.set(near.id, entry.vector)
    }
  }

  /** Adds an entry. Beyond `max` entries it takes the slot of the oldest. */
  add(vector: Float32Array, answer: ChatResponse, warnings: Warning[]): Promise<void> {
    const saving = this.#saving.then(async () => {
      // Other processes may have added entries.
      const count = await this.#count(warnings)
      if (count === undefined) return
      const number = count + 1
      await this.store.set(this.#slot(number), { number, vector, answer } satisfies Entry, warnings)
      await this.store.set(`${this.key}:count`, number, warnings)
      if (number === this.#indexed + 1) this.#index(number, vector)
    })
    this.#saving = saving
    return saving
  }

  /** Indexes the entries that were added since the last time. */
  async #refresh(warnings: Warning[]): Promise<void> {
    const count = await this.#count(warnings)
    if (count === undefined) return
    if (count < this.#indexed) {
      // The store was emptied.
      this.#vectors.clear()
      this.#indexed = 0
    }
    let next = Math.max(this.#indexed, count - this.max) + 1
    const reader = async () => {
      while (next <= count) {
        const number = next++
        const entry = await this.#entry(number, warnings)
        if (entry !== undefined) this.#index(number, entry.vector)
      }
    }
    await Promise.all(Array.from({ length: Math.min(parallelReads, count - next + 1) }, reader))
    this.#indexed = Math.max(this.#indexed, count)
  }

  #index(number: number, vector: Float32Array): void {
    this.#vectors.set(number, vector)
    this.#vectors.delete(number - this.max)
    this.#indexed = Math.max(this.#indexed, number)
  }

  /** Number of entries ever added; `undefined` if the store failed. */
  async #count(warnings: Warning[]): Promise<number | undefined> {
    const { length } = warnings
    const count = await this.store.get(`${this.key}:count`, warnings)
    return warnings.length > length ? undefined : Number(count ?? 0)
  }

  async #entry(number: number, warnings: Warning[]): Promise<Entry | undefined> {
    const entry = (await this.store.get(this.#slot(number), warnings)) as Entry | undefined
    return entry?.number === number ? entry : undefined
  }

  #slot(number: number): string {
    return `${this.key}:${number % this.max}`
  }
}
