// The numbers that a JSON Schema allows, as a grammar.
import { type Bounds, integerRange, numberRange } from './number-grammar.js'
import type { Schema } from './schema-merge.js'

/** As many multiples as are written out one by one. */
const mostMultiples = 300

const ends = ['minimum', 'maximum', 'exclusiveMinimum', 'exclusiveMaximum']

/** The form of a number; nothing where none fits. `lost` hears of keywords that it does not keep. */
export function numberForm(
  schema: Schema,
  type: 'integer' | 'number',
  lost: (keyword: string) => void,
): string | undefined {
  const multiples = multiplesOf({ ...schema, type })
  if (multiples !== undefined) return multiples.map((value) => `"${value}"`).join(' | ') || undefined
  if (!ends.some((key) => typeof schema[key] === 'number')) return type
  const bounds = boundsOf(schema)
  if (type === 'number') return numberRange(whole(bounds, lost))
  const { least, most, leastExcluded, mostExcluded } = bounds
  return integerRange(
    leastExcluded && least !== undefined ? Math.floor(least) + 1 : least,
    mostExcluded && most !== undefined ? Math.ceil(most) - 1 : most,
  )
}

/** The multiples between two bounds, where there are few. */
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

/** Ends that are no whole numbers are moved outwards, and said not to be kept. */
function whole(
  { least, most, leastExcluded, mostExcluded }: Bounds,
  lost: (keyword: string) => void,
): Bounds {
  if (least !== undefined && !Number.isInteger(least)) lost('minimum')
  if (most !== undefined && !Number.isInteger(most)) lost('maximum')
  return {
    ...(least !== undefined && { least: Math.floor(least) }),
    ...(most !== undefined && { most: Math.ceil(most) }),
    leastExcluded: leastExcluded === true && Number.isInteger(least),
    mostExcluded: mostExcluded === true && Number.isInteger(most),
  }
}

/** The narrower end on either side; in older drafts `exclusiveMinimum: true` is said of `minimum`. */
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
