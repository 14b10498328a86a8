// What policies know between calls, where several processes may know it together: one value a key, changed atomically.
import { LlmError } from '@patchbay/core'
import { storeTimeout, withinTime } from './time-limit.js'

/** Where values live. `memoryState`, `fileState` and `redisState` are three; anything with a compare-and-swap can be one. */
export interface StateStore {
  /** `undefined` where there is none, or its time is up. */
  get(key: string): Promise<string | undefined>
  /**
   * Sets it, if it is still what is expected (`undefined`: not there), and says whether it was. After `ttlMs`
   * milliseconds it is not there any more.
   */
  swap(key: string, expected: string | undefined, next: string, ttlMs: number): Promise<boolean>
}

/** A change of a value: what it becomes, and what the one who changed it wants to know. It leaves the old one as it is. */
export type Change<T, R> = (value: T) => { next: T; result: R }

interface Waiting<T> {
  change: Change<T, unknown>
  resolve(result: unknown): void
  reject(error: unknown): void
}

// Each lost race is another process that got on; so many in a row are no race.
const mostRaces = 1000

/** One value of a store. Changes of this process are made together, so that it races with other processes only. */
export class Cell<T> {
  readonly #waiting: Waiting<T>[] = []
  #busy = false
  /** What was written last: as long as nobody else has, there is nothing to read in it. */
  #last: { text: string; value: T } | undefined

  constructor(
    private readonly store: StateStore,
    private readonly key: string,
    private readonly initial: () => T,
    /** How long the value is worth anything after its last change, in milliseconds. */
    private readonly ttlMs: number,
  ) {}

  /** @throws {LlmError} `network` where the store cannot be reached; what the change throws */
  update<R>(change: Change<T, R>): Promise<R> {
    return new Promise<R>((resolve, reject) => {
      this.#waiting.push({ change, resolve: resolve as Waiting<T>['resolve'], reject })
      if (!this.#busy) void this.#work()
    })
  }

  async read(): Promise<T> {
    return this.#parsed(await this.#reached(() => this.store.get(this.key)))
  }

  async #work(): Promise<void> {
    this.#busy = true
    while (this.#waiting.length > 0) {
      const group = this.#waiting.splice(0)
      try {
        await this.#changed(group)
      } catch (error) {
        for (const { reject } of group) reject(error)
      }
    }
    this.#busy = false
  }

  async #changed(group: Waiting<T>[]): Promise<void> {
    for (let race = 0; race < mostRaces; race++) {
      const before = await this.#reached(() => this.store.get(this.key))
      let value = this.#parsed(before)
      const endings = group.map(({ change, resolve, reject }) => {
        try {
          const { next, result } = change(value)
          value = next
          return () => resolve(result)
        } catch (error) {
          return () => reject(error)
        }
      })
      const after = JSON.stringify(value)
      if (
        after === before ||
        (await this.#reached(() => this.store.swap(this.key, before, after, this.ttlMs)))
      ) {
        this.#last = { text: after, value }
        for (const end of endings) end()
        return
      }
      // Out of step with whoever won.
      if (race > 0) await new Promise((resolve) => setTimeout(resolve, Math.random() * Math.min(50, race)))
    }
    throw new LlmError(
      'overloaded',
      `Too many processes change ${this.key} at once. Give it a store of its own.`,
    )
  }

  /** What cannot be read any more is begun anew. */
  #parsed(text: string | undefined): T {
    if (text === undefined) return this.initial()
    if (text === this.#last?.text) return this.#last.value
    try {
      return JSON.parse(text) as T
    } catch {
      return this.initial()
    }
  }

  async #reached<R>(work: () => Promise<R>): Promise<R> {
    try {
      return await withinTime(work(), storeTimeout, `The store that keeps ${this.key}`)
    } catch (cause) {
      if (cause instanceof LlmError) throw cause
      const why = cause instanceof Error ? cause.message : String(cause)
      throw new LlmError(
        'network',
        `The store that keeps ${this.key} cannot be reached: ${why}. Is it running?`,
        {
          cause,
        },
      )
    }
  }
}
