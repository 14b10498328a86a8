// Grammar expressions for the numbers of a JSON Schema.
import { type Bounds, integerRange, numberRange } from './number-grammar.js'
import type { Schema } from './schema-merge.js'

/** The most multiples that are listed one by one. */
const mostMultiples = 300

const ends = ['minimum', 'maximum', 'exclusiveMinimum', 'exclusiveMaximum']

/** The expression for a number; `undefined` if no number fits. Reports keywords that it does not enforce. */
export function numberExpression(
  schema: Schema,
  type: 'integer' | 'number',
  onUnenforced: (keyword: string) => void,
): string | undefined {
  const multiples = multiplesOf({ ...schema, type })
  if (multiples !== undefined) return multiples.map((value) => `"${value}"`).join(' | ') || undefined
  if (!ends.some((key) => typeof schema[key] === 'number')) return type
  const bounds = boundsOf(schema)
  if (type === 'number') return numberRange(roundOutwards(bounds, onUnenforced))
  const { least, most, leastExcluded, mostExcluded } = bounds
  return integerRange(
    leastExcluded && least !== undefined ? Math.floor(least) + 1 : least,
    mostExcluded && most !== undefined ? Math.ceil(most) - 1 : most,
  )
}

/** The integers of `multipleOf` between two bounds, if there are at most 300. */
export function multiplesOf(schema: Schema): number[] | undefined {
  const { multipleOf: step, type } = schema
  const { least, most, leastExcluded, mostExcluded } = boundsOf(schema)
  if (type !== 'integer' || typeof step !== 'number' || !Number.isSafeInteger(step) || step <= 0)
    return undefined
  if (least === undefined || most === undefined) return undefined
  const [from, to] = [Math.ceil(least / step), Math.floor(most / step)]
  if (!(to - from < mostMultiples)) return undefined
  return Array.from({ length: Math.max(0, to - from + 1) }, (_, index) => (from + index) * step).filter(
    (value) => !(leastExcluded && value === least) && !(mostExcluded && value === most),
  )
}

/** Rounds bounds that are not integers outwards, and reports them as unenforced. */
function roundOutwards(
  { least, most, leastExcluded, mostExcluded }: Bounds,
  onUnenforced: (keyword: string) => void,
): Bounds {
  if (least !== undefined && !Number.isInteger(least)) onUnenforced('minimum')
  if (most !== undefined && !Number.isInteger(most)) onUnenforced('maximum')
  return {
    ...(least !== undefined && { least: Math.floor(least) }),
    ...(most !== undefined && { most: Math.ceil(most) }),
    leastExcluded: leastExcluded === true && Number.isInteger(least),
    mostExcluded: mostExcluded === true && Number.isInteger(most),
  }
}

/** The narrower bound on each side. In older drafts, `exclusiveMinimum: true` applies to `minimum`. */
function boundsOf({ minimum, maximum, exclusiveMinimum, exclusiveMaximum }: Schema): Bounds {
  const [above, below] = [numeric(exclusiveMinimum), numeric(exclusiveMaximum)]
  const [from, to] = [numeric(minimum), numeric(maximum)]
  const leastExcluded =
    (above !== undefined && !(from !== undefined && from > above)) || exclusiveMinimum === true
  const mostExcluded = (below !== undefined && !(to !== undefined && to < below)) || exclusiveMaximum === true
  const least = leastExcluded ? (above ?? from) : from
  const most = mostExcluded ? (below ?? to) : to
  return {
    ...(least !== undefined && { least }),
    ...(most !== undefined && { most }),
    leastExcluded,
    mostExcluded,
  }
}

function numeric(value: unknown): number | undefined {
  return typeof value === 'number' ? value : undefined
}
