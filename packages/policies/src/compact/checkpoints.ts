// Beginnings of conversations that were compacted before, by a chain of hashes over their units.
import type { Message, Part } from '@patchbay/core'
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
    for (const { messages } of units) {
      const named = await Promise.all(messages.map(withoutBytes))
      all.push(await hash(canonical([all.at(-1) ?? '', named])))
    }
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

const digests = new WeakMap<Uint8Array, Promise<string>>()

/** The message with its bytes as their digest: a conversation carries the same large ones from turn to turn. */
async function withoutBytes(message: Message): Promise<unknown> {
  if (typeof message.content === 'string') return message
  return { ...message, content: await Promise.all(message.content.map(partWithoutBytes)) }
}

async function partWithoutBytes(part: Part): Promise<unknown> {
  if (part.type === 'tool-result' && typeof part.output !== 'string')
    return { ...part, output: await Promise.all(part.output.map(partWithoutBytes)) }
  if (!('data' in part) || !(part.data instanceof Uint8Array)) return part
  const digest = digests.get(part.data) ?? digestOf(part.data)
  digests.set(part.data, digest)
  return { ...part, data: await digest }
}

async function digestOf(bytes: Uint8Array): Promise<string> {
  const digest = await crypto.subtle.digest('SHA-256', new Uint8Array(bytes))
  return new Uint8Array(digest).join()
}
