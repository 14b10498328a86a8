// Fair queue: higher priorities first, callers of one priority in turn, each caller's own entries in their order.

/** Priority of a call. Lower ones wait for as long as higher ones do. */
export type Priority = 'high' | 'normal' | 'low'

export interface QueueEntry {
  /** Entries of one caller share its turns. Compared by identity. */
  readonly caller: unknown
  readonly priority: Priority
}

export const priorities: readonly Priority[] = ['high', 'normal', 'low']

export class FairQueue<T extends QueueEntry> {
  /** By priority: the callers in the order of their turns, each with its entries. */
  readonly #levels = new Map(priorities.map((priority) => [priority, new Map<unknown, T[]>()]))
  #size = 0

  get size(): number {
    return this.#size
  }

  add(entry: T): void {
    const callers = this.#level(entry)
    const own = callers.get(entry.caller)
    if (own === undefined) callers.set(entry.caller, [entry])
    else own.push(entry)
    this.#size++
  }

  /** Removes an entry; `false` if it is not in the queue. */
  remove(entry: T): boolean {
    const callers = this.#level(entry)
    const own = callers.get(entry.caller) ?? []
    const index = own.indexOf(entry)
    if (index < 0) return false
    own.splice(index, 1)
    if (own.length === 0) callers.delete(entry.caller)
    this.#size--
    return true
  }

  /** Removes the next entry; its caller's turn is then the last one. */
  take(): T | undefined {
    for (const callers of this.#levels.values())
      for (const [caller, own] of callers) {
        const entry = own.shift()
        callers.delete(caller)
        if (own.length > 0) callers.set(caller, own)
        this.#size--
        return entry
      }
    return undefined
  }

  /** The entries in the order in which `take` would return them. */
  *[Symbol.iterator](): Generator<T> {
    for (const callers of this.#levels.values()) {
      const lists = [...callers.values()]
      const rounds = Math.max(0, ...lists.map(({ length }) => length))
      for (let round = 0; round < rounds; round++)
        for (const own of lists) {
          const entry = own[round]
          if (entry !== undefined) yield entry
        }
    }
  }

  #level({ priority }: QueueEntry): Map<unknown, T[]> {
    return this.#levels.get(priority) as Map<unknown, T[]>
  }
}
