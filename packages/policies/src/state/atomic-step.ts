// Atomic steps: what one call changes in shared counters, in one go, wherever they are kept.

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
   * What many steps have in common, sent once for all that travel together: `common` in Lua. An object that never changes. Default:
   * nothing.
   */
  common?(args: Args): object
  /** The arguments without what they have in common, in a form that Lua reads fast. Default: the arguments. */
  pack?(args: Args): unknown
  /**
   * Lua that defines `step(n, args)`, which changes the n-th value and returns the result, and `refusal(n, args)`, which
   * changes nothing and returns the result of a refused step; results are tables or JSON. The value is in the hash `hash(n)` and
   * the sorted set `set(n)`; `now` and `ttl(n)` are in milliseconds. Several steps may come in one command: `lists` has the arguments
   * of each. Those of which `isFirst(args)` is true are done before the others; what `finish()` does is done once, after the last.
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
