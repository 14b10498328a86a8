// Who is next: higher priority first, the callers of one priority in turn, each caller's own calls in their order.

/** How urgent a call is. A lower one waits for as long as a higher one does. */
export type Priority = 'high' | 'normal' | 'low'

/** What can wait in line. */
export interface Waiting {
  readonly caller: unknown
  readonly priority: Priority
}

export const priorities: readonly Priority[] = ['high', 'normal', 'low']

export class Queue<T extends Waiting> {
  /** Of each priority: the callers in the order of their turns, each with what it waits for. */
  readonly #lines = new Map(priorities.map((priority) => [priority, new Map<unknown, T[]>()]))
  #size = 0

  get size(): number {
    return this.#size
  }

  add(item: T): void {
    const line = this.#line(item)
    const own = line.get(item.caller)
    if (own === undefined) line.set(item.caller, [item])
    else own.push(item)
    this.#size++
  }

  /** Takes it out of the line; `false` if it was not in it. */
  remove(item: T): boolean {
    const line = this.#line(item)
    const own = line.get(item.caller) ?? []
    const at = own.indexOf(item)
    if (at < 0) return false
    own.splice(at, 1)
    if (own.length === 0) line.delete(item.caller)
    this.#size--
    return true
  }

  /** The next one; its caller goes to the end of the line. */
  take(): T | undefined {
    for (const line of this.#lines.values())
      for (const [caller, own] of line) {
        const item = own.shift()
        line.delete(caller)
        if (own.length > 0) line.set(caller, own)
        this.#size--
        return item
      }
    return undefined
  }

  /** In the order in which they will be taken, if nothing changes. */
  *[Symbol.iterator](): Generator<T> {
    for (const line of this.#lines.values()) {
      const all = [...line.values()]
      const longest = Math.max(0, ...all.map(({ length }) => length))
      for (let round = 0; round < longest; round++)
        for (const own of all) {
          const item = own[round]
          if (item !== undefined) yield item
        }
    }
  }

  #line({ priority }: Waiting): Map<unknown, T[]> {
    return this.#lines.get(priority) as Map<unknown, T[]>
  }
}
