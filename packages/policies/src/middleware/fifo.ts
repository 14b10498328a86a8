// First in, first out. `Array.prototype.shift` moves all that remain once a list has more than some 16,000 entries (V8 in Node 20 and
// 22), so that emptying a list of n took n² moves: a minute for 200,000 events.

/** From this many taken entries on, they are given back while others still wait. */
const fewTaken = 1024

/** A queue: adding and taking cost the same however long it is. */
export class Fifo<T> {
  #items: (T | undefined)[] = []
  #taken = 0

  get length(): number {
    return this.#items.length - this.#taken
  }

  push(item: T): void {
    this.#items.push(item)
  }

  /** Takes the oldest; `undefined` if there is none. */
  shift(): T | undefined {
    if (this.#taken === this.#items.length) return undefined
    const item = this.#items[this.#taken]
    this.#items[this.#taken++] = undefined
    if (this.#taken === this.#items.length) this.clear()
    else if (this.#taken >= fewTaken && this.#taken * 2 > this.#items.length) {
      // Half of them or less stay, so that an entry is moved once on average.
      this.#items = this.#items.slice(this.#taken)
      this.#taken = 0
    }
    return item
  }

  clear(): void {
    this.#items.length = 0
    this.#taken = 0
  }
}
