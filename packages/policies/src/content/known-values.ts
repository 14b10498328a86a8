// Many values looked for in one text at once, in time that does not depend on how many there are.

// Values that begin alike are told apart by as many characters; what is longer is compared to its end.
const head = 64
// So many long values that begin alike are compared; more than that are no secrets of somebody's text.
const mostAlike = 8

export class KnownValues<T> {
  /** By the first two characters: the lengths there are, longest first. */
  readonly #lengths = new Map<string, number[]>()
  /** Short ones by themselves, long ones by their heads. */
  readonly #values = new Map<string, { value: string; meaning: T }[]>()

  constructor(values: Iterable<[value: string, meaning: T]>) {
    const lengths = new Map<string, Set<number>>()
    for (const [value, meaning] of values) {
      const name = value.slice(0, head)
      const alike = this.#values.get(name)
      if (alike === undefined) this.#values.set(name, [{ value, meaning }])
      else alike.push({ value, meaning })
      const start = value.slice(0, 2)
      const known = lengths.get(start)
      if (known === undefined) lengths.set(start, new Set([name.length]))
      else known.add(name.length)
    }
    for (const alike of this.#values.values()) {
      alike.sort((a, b) => b.value.length - a.value.length)
      alike.length = Math.min(alike.length, mostAlike)
    }
    for (const [start, all] of lengths)
      this.#lengths.set(
        start,
        [...all].sort((a, b) => b - a),
      )
  }

  /** The text with each of them replaced, the longest where several begin at one place. */
  replaced(text: string, replacement: (meaning: T, from: number) => string): string {
    const pieces: string[] = []
    let copied = 0
    for (let at = 0; at < text.length; ) {
      const found = this.#at(text, at)
      if (found === undefined) {
        at++
        continue
      }
      const to = at + found.value.length
      pieces.push(text.slice(copied, at), replacement(found.meaning, at))
      copied = at = to
    }
    return copied === 0 ? text : pieces.join('') + text.slice(copied)
  }

  #at(text: string, at: number): { value: string; meaning: T } | undefined {
    const two = this.#lengths.get(text.slice(at, at + 2))
    const one = this.#lengths.get(text[at] ?? '')
    if (two === undefined && one === undefined) return undefined
    for (const length of [...(two ?? []), ...(one ?? [])])
      for (const known of this.#values.get(text.slice(at, at + length)) ?? [])
        if (text.startsWith(known.value, at)) return known
    return undefined
  }
}
