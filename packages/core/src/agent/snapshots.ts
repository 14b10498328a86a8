// Snapshots of a JSON value that grows in place: a new object for what has changed, the old one for everything else.

type Container = unknown[] | Record<string, unknown>

/** The snapshots of one value. Taking one costs as much as the containers that are still open have entries. */
export class Snapshots {
  /** The entries that the last snapshot has looked at. */
  cost = 0
  readonly #complete = new WeakSet<object>()
  /** The last snapshot of each container that was open when it was taken. */
  readonly #last = new WeakMap<object, Container>()
  /** Complete containers whose last snapshot is final. */
  readonly #settled = new WeakSet<object>()

  /** The value will not change any more. */
  readonly complete = (value: unknown): void => {
    if (isContainer(value)) this.#complete.add(value)
  }

  /** A snapshot of the value: the same object as the last one, if nothing has changed. */
  of<Value extends Container>(value: Value): Value {
    this.cost = 0
    // Not recursive, since a model may nest values deeper than the stack.
    const changing: Container[] = []
    const stack: Container[] = this.#mayDiffer(value) ? [value] : []
    for (let next = stack.pop(); next !== undefined; next = stack.pop()) {
      changing.push(next)
      for (const child of childrenOf(next)) {
        this.cost++
        if (isContainer(child) && this.#mayDiffer(child)) stack.push(child)
      }
    }
    for (const container of changing.toReversed()) {
      const copy = this.#copy(container)
      // One that is still open has changed: the parser stands in it.
      const isComplete = this.#complete.has(container)
      if (!isComplete || !isSame(this.#last.get(container), copy)) this.#last.set(container, copy)
      if (isComplete) this.#settled.add(container)
    }
    return this.#shown(value) as Value
  }

  /** Whether the container is open, or was open when the last snapshot was taken. */
  #mayDiffer(container: Container): boolean {
    return !this.#complete.has(container) || (this.#last.has(container) && !this.#settled.has(container))
  }

  /** A container that was never shown while it was open needs no copy. */
  #shown(value: unknown): unknown {
    return isContainer(value) ? (this.#last.get(value) ?? value) : value
  }

  #copy(container: Container): Container {
    if (Array.isArray(container)) return container.map((child) => this.#shown(child))
    const copy = { ...container }
    for (const key of Object.keys(container)) {
      const child = container[key]
      const value = this.#shown(child)
      // Assigning `__proto__` would set the prototype.
      if (value !== child)
        Object.defineProperty(copy, key, { value, enumerable: true, writable: true, configurable: true })
    }
    return copy
  }
}

function isContainer(value: unknown): value is Container {
  return typeof value === 'object' && value !== null
}

function childrenOf(container: Container): unknown[] {
  return Array.isArray(container) ? container : Object.values(container)
}

function isSame(a: Container = [], b: Container): boolean {
  const [before, after] = [childrenOf(a), childrenOf(b)]
  return before.length === after.length && after.every((child, index) => child === before[index])
}
