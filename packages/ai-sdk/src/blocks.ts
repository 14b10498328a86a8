// Blocks of text and thinking, as both streams of the AI SDK tell them: each begun, told in pieces, and ended.
import type { Citation, Part } from '@patchbay/core'

type Kind = 'text' | 'reasoning'

/** The beginning or end of a block; its metadata belong to the end. */
export type Mark = { type: `${Kind}-start` | `${Kind}-end`; id: string }

export class Blocks {
  #open: { type: Kind; id: string } | undefined
  #count = 0

  /** What is to be told so that pieces of this kind can follow, and the id they go by. */
  into(type: Kind): { marks: Mark[]; id: string } {
    if (this.#open?.type === type) return { marks: [], id: this.#open.id }
    const ended = this.end()
    const id = String(this.#count++)
    this.#open = { type, id }
    return { marks: [...ended, { type: `${type}-start`, id }], id }
  }

  end(metadata: object = {}): Mark[] {
    if (this.#open === undefined) return []
    const { type, id } = this.#open
    this.#open = undefined
    return [{ type: `${type}-end`, id, ...metadata }]
  }
}

/** What an answer cites, where it has an address. */
export function citationsOf(content: readonly Part[]): (Citation & { url: string })[] {
  return content
    .flatMap((part) => (part.type === 'text' ? (part.citations ?? []) : []))
    .filter((citation): citation is Citation & { url: string } => citation.url !== undefined)
}
