// Multi-pattern search: replaces many known values in a text, in time that does not depend on their number or similarity.

import type { Yielder } from '@patchbay/core/wrap'

// Characters between two yields to the event loop.
const yieldEvery = 8192
// Characters of a value compared at a time, one tree level each.
const step = 64

/** Node of a prefix tree with steps of 64 characters. */
class Node<T> {
  /** Lengths of the values that end within this step, longest first, by their next two characters. */
  readonly #lengths = new Map<string, number[]>()
  readonly #endings = new Map<string, { length: number; meaning: T }>()
  /** Child nodes, by the characters of this step. */
  readonly #children = new Map<string, Node<T>>()

  add(ending: string, length: number, meaning: T): void {
    this.#endings.set(ending, { length, meaning })
    const start = ending.slice(0, 2)
    const lengths = this.#lengths.get(start) ?? []
    if (!lengths.includes(ending.length)) lengths.push(ending.length)
    this.#lengths.set(
      start,
      lengths.sort((a, b) => b - a),
    )
  }

  /** The child for these characters, created if needed. */
  childFor(piece: string): Node<T> {
    const existing = this.#children.get(piece)
    if (existing !== undefined) return existing
    const child = new Node<T>()
    this.#children.set(piece, child)
    return child
  }

  next(text: string, at: number): Node<T> | undefined {
    return this.#children.size === 0 ? undefined : this.#children.get(text.slice(at, at + step))
  }

  /** The longest value that ends within this step. */
  ending(text: string, at: number): { length: number; meaning: T } | undefined {
    const two = this.#lengths.get(text.slice(at, at + 2))
    const one = this.#lengths.get(text[at] ?? '')
    if (two === undefined && one === undefined) return undefined
    for (const length of [...(two ?? []), ...(one ?? [])]) {
      const found = this.#endings.get(text.slice(at, at + length))
      if (found !== undefined) return found
    }
    return undefined
  }
}

export class KnownValues<T> {
  readonly #root = new Node<T>()
  /** By character code: does any value begin with it? */
  readonly #starts = new Uint8Array(65_536)

  private constructor() {}

  static async of<T>(
    values: Iterable<[value: string, meaning: T]>,
    yielder: Yielder,
  ): Promise<KnownValues<T>> {
    const known = new KnownValues<T>()
    for (const [value, meaning] of values) {
      let node = known.#root
      let from = 0
      known.#starts[value.charCodeAt(0)] = 1
      for (; value.length - from > step; from += step) {
        node = node.childFor(value.slice(from, from + step))
        if (from % yieldEvery === 0) await yielder.yieldIfDue()
      }
      node.add(value.slice(from), value.length, meaning)
      await yielder.yieldIfDue()
    }
    return known
  }

  /**
   * The text with each value replaced; the longest wins if several begin at one position. `passed` is called regularly with the
   * current position.
   */
  async replaced(
    text: string,
    replacement: (meaning: T, from: number) => string,
    yielder: Yielder,
    passed?: (at: number) => unknown,
  ): Promise<string> {
    const pieces: string[] = []
    let copied = 0
    let next = 0
    for (let at = 0; at < text.length; ) {
      if (at >= next) {
        next = at + yieldEvery
        passed?.(at)
        await yielder.yieldIfDue()
      }
      const found = this.#starts[text.charCodeAt(at)] ? this.#at(text, at) : undefined
      if (found === undefined) {
        at++
        continue
      }
      pieces.push(text.slice(copied, at), replacement(found.meaning, at))
      copied = at = at + found.length
    }
    return copied === 0 ? text : pieces.join('') + text.slice(copied)
  }

  #at(text: string, at: number): { length: number; meaning: T } | undefined {
    let longest: { length: number; meaning: T } | undefined
    let node: Node<T> | undefined = this.#root
    for (let from = at; node !== undefined; from += step) {
      longest = node.ending(text, from) ?? longest
      node = node.next(text, from)
    }
    return longest
  }
}
