// Beginnings of conversations that were compacted before, by a chain of hashes over their units.
import { LRUCache } from 'lru-cache'
import { canonical, hash } from '../serialization/hash.js'
import type { Unit } from './units.js'

/** What is sent in place of the first units of a conversation. */
export interface Checkpoint {
  /** The number of units it stands for. */
  units: number
  /** The summary; for a trimmed conversation, the note that says so. */
  text: string
}

const most = 1000
const mostCharacters = 16_000_000

export class Checkpoints {
  readonly #texts = new LRUCache<string, string>({
    max: most,
    maxSize: mostCharacters,
    sizeCalculation: ({ length }) => length + 1,
  })

  /** The hash of each beginning: the first unit, the first two, … */
  async hashes(units: readonly Unit[]): Promise<string[]> {
    const all: string[] = []
    for (const { messages } of units) all.push(await hash(canonical([all.at(-1) ?? '', messages])))
    return all
  }

  /** The longest beginning with these hashes that was compacted before. */
  find(hashes: readonly string[]): Checkpoint | undefined {
    for (let units = hashes.length; units > 0; units--) {
      const text = this.#texts.get(hashes[units - 1] as string)
      if (text !== undefined) return { units, text }
    }
    return undefined
  }

  set(name: string, text: string): void {
    this.#texts.set(name, text)
  }
}
