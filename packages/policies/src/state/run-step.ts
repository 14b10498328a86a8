// Runs an atomic step in any store.
import { systemClock } from '@patchbay/core'
import type { AtomicStep, AtomicSteps, StepTarget } from './atomic-step.js'
import { Cell, type StateStore } from './state.js'

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
  try {
    return store.run === undefined ? runBySwap(store, step) : Promise.resolve(store.run(step))
  } catch (error) {
    // A store of the app's may throw at once.
    return Promise.reject(error)
  }
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
