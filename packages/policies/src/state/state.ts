// State that policies keep between calls: one value a key, changed atomically, possibly shared by several processes.
import { LlmError } from '@patchbay/core'
import type { AtomicStep } from './atomic-step.js'
import { storeTimeoutMs, withinTime } from './time-limit.js'

/**
 * A key-value store with an atomic compare-and-swap. This package has `memoryState`, `fileState` and `redisState`; any store
 * with a compare-and-swap can be one.
 */
export interface StateStore {
  /** The value; `undefined` if there is none or it has expired. */
  get(key: string): Promise<string | undefined>
  /**
   * Sets the value if the current one equals `expected` (`undefined`: no value), and returns whether it did. The value
   * expires `ttlMs` milliseconds later.
   */
  swap(key: string, expected: string | undefined, next: string, ttlMs: number): Promise<boolean>
  /**
   * Runs a step of a counter (`limit`, `budget`, `breaker`) in one go. Optional: without it, counters are changed by `swap`.
   * The result of each target in order; if one refuses, its result is the last.
   */
  run?<Value, Args, Result>(step: AtomicStep<Value, Args, Result>): Promise<Result[]>
}

/** A change of a value: the next value, and a result for the caller. It must not modify the old value. */
export type Change<T, R> = (value: T) => { next: T; result: R }

interface PendingChange<T> {
  change: Change<T, unknown>
  resolve(result: unknown): void
  reject(error: unknown): void
}

// Each lost race means that another process made progress. This many in a row mean that something is wrong.
const maxRaces = 1000

/** One value of a store, as JSON. Changes of this process are applied in groups, so that it only races with other processes. */
export class Cell<T> {
  readonly #pending: PendingChange<T>[] = []
  #busy = false
  /** The last text this process wrote, with its parsed value: saves parsing while no other process writes. */
  #last: { text: string; value: T } | undefined

  constructor(
    private readonly store: StateStore,
    private readonly key: string,
    private readonly initial: () => T,
    /** Time to live after the last change, in milliseconds. */
    private readonly ttlMs: number,
  ) {}

  /**
   * Applies a change atomically.
   * @throws {LlmError} `network` if the store cannot be reached; `overloaded` after too many lost races; whatever the change throws
   */
  update<R>(change: Change<T, R>): Promise<R> {
    return new Promise<R>((resolve, reject) => {
      this.#pending.push({ change, resolve: resolve as PendingChange<T>['resolve'], reject })
      if (!this.#busy) void this.#applyPending()
    })
  }

  async read(): Promise<T> {
    return this.#parse(await this.#withStore(() => this.store.get(this.key)))
  }

  async #applyPending(): Promise<void> {
    this.#busy = true
    while (this.#pending.length > 0) {
      const group = this.#pending.splice(0)
      try {
        await this.#apply(group)
      } catch (error) {
        for (const { reject } of group) reject(error)
      }
    }
    this.#busy = false
  }

  async #apply(group: PendingChange<T>[]): Promise<void> {
    for (let race = 0; race < maxRaces; race++) {
      const before = await this.#withStore(() => this.store.get(this.key))
      let value = this.#parse(before)
      const settlers = group.map(({ change, resolve, reject }) => {
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
        (await this.#withStore(() => this.store.swap(this.key, before, after, this.ttlMs)))
      ) {
        this.#last = { text: after, value }
        for (const settle of settlers) settle()
        return
      }
      // A random pause, so that the processes do not keep colliding.
      if (race > 0) await new Promise((resolve) => setTimeout(resolve, Math.random() * Math.min(50, race)))
    }
    throw new LlmError(
      'overloaded',
      `Too many processes change ${this.key} at once. Give it a store of its own.`,
    )
  }

  /** A value that cannot be parsed starts again at its initial value. */
  #parse(text: string | undefined): T {
    if (text === undefined) return this.initial()
    if (text === this.#last?.text) return this.#last.value
    try {
      return JSON.parse(text) as T
    } catch {
      return this.initial()
    }
  }

  async #withStore<R>(work: () => Promise<R>): Promise<R> {
    try {
      return await withinTime(work(), storeTimeoutMs, `The store that keeps ${this.key}`)
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
