// Runs a function for many rows: a few at a time, with results in the order of the rows.
import { onAbort } from '../call/abort-listener.js'
import { Yielder } from '../call/event-loop.js'
import { LinkedSignal } from '../call/linked-signal.js'
import { invalid, LlmError } from '../contract/errors.js'
import { readCallerValue } from '../request/caller-objects.js'

/** Options of `map`. */
export interface MapOptions<Row> {
  /** How many rows are run at the same time. Default 8. */
  concurrency?: number | undefined
  /** Ends the map with `aborted`, and the signal of each running row. */
  signal?: AbortSignal | undefined
  /** Rows that are not run and have no result: those done by an earlier map, to resume it. */
  skip?: ((row: Row, index: number) => boolean) | undefined
  /** Called after each row. */
  onProgress?: ((progress: MapProgress) => void) | undefined
}

/** The progress of a `map`, in rows. */
export interface MapProgress {
  done: number
  failed: number
  skipped: number
  /** All rows, if they are an array. */
  total?: number
}

/** The value of one row, or its error. `index` counts from 0. */
export type MapResult<Row, Value> =
  | { index: number; row: Row; value: Value; error?: never }
  | { index: number; row: Row; error: unknown; value?: never }

// Rows that may be done before the first of them is: a slow row does not stop the others at once, and memory stays bounded.
const windowPerWorker = 4

/**
 * Yields one result for each row, in their order.
 * @throws {LlmError} `aborted` by the signal; whatever the rows' own iterator or `onProgress` throws
 */
export async function* mapRows<Row, Value>(
  rows: Iterable<Row> | AsyncIterable<Row>,
  run: (row: Row, context: { index: number; signal: AbortSignal }) => Value | PromiseLike<Value>,
  { concurrency = 8, signal, skip, onProgress }: MapOptions<Row>,
): AsyncGenerator<MapResult<Row, Awaited<Value>>> {
  if (!(Number.isInteger(concurrency) && concurrency >= 1))
    throw invalid('concurrency', `must be a whole number of at least 1, not ${String(concurrency)}`)
  type Result = MapResult<Row, Awaited<Value>>
  const source = Symbol.asyncIterator in rows ? rows[Symbol.asyncIterator]() : rows[Symbol.iterator]()
  const total = Array.isArray(rows) ? rows.length : undefined
  const progress: MapProgress = { done: 0, failed: 0, skipped: 0, ...(total !== undefined && { total }) }
  const running = await readCallerValue('The options', () => new LinkedSignal(signal))
  // Rows that are skipped or settle at once would keep timers and sockets waiting.
  const yielder = new Yielder()
  /** Rows that have begun and were not yielded, in order. */
  const begun: { result?: Result }[] = []
  let next = 0
  let active = 0
  let isPulling = false
  let hasEnded = false
  let failure: { error: unknown } | undefined
  let wake: () => void = () => {}

  const fail = (error: unknown) => {
    failure ??= { error }
    hasEnded = true
  }
  const report = () => {
    try {
      onProgress?.({ ...progress })
    } catch (error) {
      fail(error)
    }
  }
  const begin = async (row: Row, index: number) => {
    const entry: { result?: Result } = {}
    begun.push(entry)
    active++
    try {
      entry.result = { index, row, value: await run(row, { index, signal: running.signal }) }
      progress.done++
    } catch (error) {
      entry.result = { index, row, error }
      progress.failed++
    }
    active--
    if (!running.signal.aborted) report()
    void fill()
    wake()
  }
  const fill = async () => {
    if (isPulling) return
    isPulling = true
    try {
      while (!hasEnded && active < concurrency && begun.length < concurrency * windowPerWorker) {
        const { done, value } = await source.next()
        await yielder.yieldIfDue()
        if (hasEnded) break
        if (done) hasEnded = true
        else if (skip?.(value, next)) {
          next++
          progress.skipped++
        } else void begin(value, next++)
      }
    } catch (error) {
      fail(error)
    }
    isPulling = false
    wake()
  }

  const stopListening = onAbort(running.signal, () => wake())
  try {
    void fill()
    for (;;) {
      await yielder.yieldIfDue()
      const first = begun[0]
      if (signal?.aborted)
        throw new LlmError('aborted', 'The map was aborted by its caller.', { cause: signal.reason })
      if (first?.result !== undefined) {
        begun.shift()
        void fill()
        yield first.result
      } else if (first === undefined && hasEnded && !isPulling) {
        if (failure !== undefined) throw failure.error
        return
      } else
        await new Promise<void>((resolve) => {
          wake = resolve
        })
    }
  } finally {
    hasEnded = true
    stopListening()
    running.release()
    // Not awaited: a source that hangs must not hold up the caller.
    void (async () => source.return?.())().catch(() => {})
  }
}

/** All results. */
export async function collect<Result>(results: AsyncIterable<Result>): Promise<Result[]> {
  const all: Result[] = []
  for await (const result of results) all.push(result)
  return all
}
