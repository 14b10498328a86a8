// Many values looked for in one text at once, in time that does not depend on how many there are or how alike.

import type { Yielder } from '@patchbay/core/wrap'

// After so many characters others may have a turn of the event loop.
const often = 8192
// So many characters of a value are compared at a time; those that begin alike part at the next ones, or later.
const step = 64

/** Values that have begun alike: how they go on from here. */
class Node<T> {
  /** By the next two characters: the lengths of what ends within this step, longest first. */
  readonly #lengths = new Map<string, number[]>()
  readonly #endings = new Map<string, { length: number; meaning: T }>()
  /** What goes on after this step, by it. */
  readonly #longer = new Map<string, Node<T>>()

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

  /** Where those go on that have this step; made where there is none. */
  after(piece: string): Node<T> {
    const known = this.#longer.get(piece)
    if (known !== undefined) return known
    const made = new Node<T>()
    this.#longer.set(piece, made)
    return made
  }

  next(text: string, at: number): Node<T> | undefined {
    return this.#longer.size === 0 ? undefined : this.#longer.get(text.slice(at, at + step))
  }

  /** The longest that ends within this step. */
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
  /** By the code of a character: does one of them begin with it? */
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
        node = node.after(value.slice(from, from + step))
        if (from % often === 0) await yielder.yieldIfDue()
      }
      node.add(value.slice(from), value.length, meaning)
      await yielder.yieldIfDue()
    }
    return known
  }

  /**
   * The text with each of them replaced, the longest where several begin at one place. `passed` is told now and then how far
   * it is.
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
        next = at + often
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
