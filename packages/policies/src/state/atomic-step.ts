// Atomic steps: what one call changes in shared counters, in one go, wherever they are kept.
import { systemClock } from '@patchbay/core'
import { Cell, type StateStore } from './state.js'

/**
 * The steps on one kind of value: as a pure function, and as Lua with the same outcome, for Redis. Arguments and results are
 * JSON values.
 */
export interface AtomicSteps<Value, Args, Result> {
  /** Name of the kind. */
  readonly name: string
  initial(): Value
  /** The value after a step, and its result. Does not modify the value. `now` is in milliseconds. */
  apply(value: Value, args: Args, now: number): { next: Value; result: Result }
  /** Whether a step was refused: then a step on several values changes none of them. Default: never. */
  refused?(result: Result): boolean
  /** Arguments that take a step back which had this result. Needed where steps can be refused. */
  undo?(args: Args, result: Result): Args
  /**
   * Lua that defines `step(n, args)`, which changes the n-th value and returns the result, and `refusal(n, args)`, which
   * changes nothing and returns the result of a refused step. The value is in the hash `hash(n)` and the sorted set `set(n)`;
   * `now` and `ttl(n)` are in milliseconds.
   */
  lua(): Promise<string>
}

/** A value that a step changes. */
export interface StepTarget<Args> {
  /** Begins with the step's `group`. */
  key: string
  /** Time to live after a change, in milliseconds. */
  ttlMs: number
  args: Args
}

/** A step on one or several values: on all or, if one refuses, on none. */
export interface AtomicStep<Value, Args, Result> {
  steps: AtomicSteps<Value, Args, Result>
  /** The common part of the keys. In a Redis cluster the values of one group are on one server. */
  group: string
  targets: readonly StepTarget<Args>[]
  /** Milliseconds; `undefined`: by the store's own clock, where it has one. */
  now: number | undefined
}

// A cell groups the changes of its process, so each value has only one.
const cells = new WeakMap<StateStore, Map<string, Cell<unknown>>>()
const maxCells = 1000

/**
 * Runs a step in a store: in one go where the store can do that, otherwise by compare-and-swap, value by value.
 * @returns the result of each target in order; if one refuses, its result is the last
 */
export function runStep<Value, Args, Result>(
  store: StateStore,
  step: AtomicStep<Value, Args, Result>,
): Promise<Result[]> {
  return store.run === undefined ? runBySwap(store, step) : store.run(step)
}

async function runBySwap<Value, Args, Result>(
  store: StateStore,
  { steps, targets, now = systemClock.now() }: AtomicStep<Value, Args, Result>,
): Promise<Result[]> {
  const results: Result[] = []
  const run = ({ key, ttlMs, args }: StepTarget<Args>) =>
    cellOf(store, key, steps, ttlMs).update((value) => steps.apply(value, args, now))
  const takeBack = async () => {
    for (const [index, result] of results.entries()) {
      const { args, ...target } = targets[index] as StepTarget<Args>
      if (steps.undo !== undefined) await run({ ...target, args: steps.undo(args, result) })
    }
  }
  for (const target of targets) {
    try {
      const result = await run(target)
      if (!steps.refused?.(result)) {
        results.push(result)
        continue
      }
      await takeBack()
      return [...results, result]
    } catch (error) {
      await takeBack().catch(() => {})
      throw error
    }
  }
  return results
}

function cellOf<Value>(
  store: StateStore,
  key: string,
  steps: Pick<AtomicSteps<Value, never, unknown>, 'initial'>,
  ttlMs: number,
): Cell<Value> {
  let known = cells.get(store)
  if (known === undefined) cells.set(store, (known = new Map()))
  const cell = known.get(key) as Cell<Value> | undefined
  if (cell !== undefined) return cell
  // Those of past days are no longer needed; a cell can always be made again.
  if (known.size >= maxCells) known.clear()
  const made = new Cell<Value>(store, key, () => steps.initial(), ttlMs)
  known.set(key, made as Cell<unknown>)
  return made
}
