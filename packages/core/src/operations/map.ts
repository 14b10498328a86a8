// Entry point of @patchbay/core/map: a function for many rows, with limited concurrency.
import { type Use, watch } from '../call/unread.js'
import { collect, type MapOptions, type MapResult, mapRows } from './map-rows.js'

export type { MapOptions, MapProgress, MapResult } from './map-rows.js'

/** The results of `map`: loop over them, or await all of them. */
export interface MapRun<Row, Value>
  extends AsyncIterable<MapResult<Row, Value>>,
    PromiseLike<MapResult<Row, Value>[]> {}

/**
 * Runs a function for each row, several at a time, and gives the results in the order of the rows. A row that fails has an `error`
 * instead of a `value`; the others go on. Nothing is run before the results are read. In a loop, memory is bounded however many rows
 * there are: rows are read when they are needed, and few results wait for the loop. Leaving the loop aborts the running rows.
 * @example
 * for await (const { index, value, error } of map(reviews, (review) => llm.chat(`Positive or negative? ${review}`), { concurrency: 4 }))
 *   console.log(index, value?.text ?? error)
 */
export function map<Row, Value>(
  rows: Iterable<Row> | AsyncIterable<Row>,
  run: (row: Row, context: { index: number; signal: AbortSignal }) => Value | PromiseLike<Value>,
  options: MapOptions<Row> = {},
): MapRun<Row, Awaited<Value>> {
  const use = { begun: false }
  const begin = () => {
    use.begun = true
    return mapRows(rows, run, options)
  }
  const results: MapRun<Row, Awaited<Value>> & { readonly use: Use } = {
    use,
    [Symbol.asyncIterator]: begin,
    // biome-ignore lint/suspicious/noThenProperty: awaiting a map must not do nothing
    then: (onResults, onFailure) => collect(begin()).then(onResults, onFailure),
  }
  watch(results, results.use, { options, made: new Error() })
  return results
}
