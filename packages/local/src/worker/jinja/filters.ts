// Filters of Jinja2 that the library lacks, or applies to fewer types than Jinja2 does.
import type { Value } from './library.js'
import { strip } from './text-methods.js'
import {
  integerKeyed,
  isList,
  isMap,
  isNull,
  isNumber,
  isText,
  isUndefined,
  keysOf,
  listOf,
  pythonText,
  toValue,
} from './values.js'

/** Arguments of a filter. */
export interface FilterArguments {
  positional: Value[]
  named: Map<string, Value>
  /** Applies another filter by its name. */
  apply: (name: string, value: Value) => Value
}

/** A filter; `undefined` for values that the library handles. */
type Filter = (value: Value, args: FilterArguments) => Value | undefined

/** Texts that are marked as HTML by `safe`: what is added to them is escaped. */
export const markedSafe = new WeakSet<Value>()

export function markSafe(value: Value): Value {
  const safe = toValue(pythonText(value))
  markedSafe.add(safe)
  return safe
}

export function escapeHtml(text: string): string {
  const entities: Record<string, string> = {
    '&': '&amp;',
    '<': '&lt;',
    '>': '&gt;',
    '"': '&#34;',
    "'": '&#39;',
  }
  return text.replace(/[&<>"']/g, (character) => entities[character] as string)
}

/** Python's `list()`; in Jinja2, what is undefined is empty. */
function items(value: Value): Value[] {
  if (isList(value)) return value.value
  if (isMap(value)) return keysOf(value)
  if (isText(value)) return [...value.value].map(toValue)
  if (isUndefined(value)) return []
  throw new Error(`${value.type} is not iterable`)
}

const nothingOfNull: Filter = (value) => (isNull(value) || isUndefined(value) ? listOf([]) : undefined)

function extreme(value: Value, sign: 1 | -1): Value {
  const [first = toValue(undefined), ...rest] = items(value)
  const isLess = (a: Value, b: Value) =>
    isNumber(a) && isNumber(b) ? a.value < b.value : pythonText(a).toLowerCase() < pythonText(b).toLowerCase()
  return rest.reduce(
    (best, item) => ((sign === 1 ? isLess(item, best) : isLess(best, item)) ? item : best),
    first,
  )
}

export const filters: Record<string, Filter> = {
  string: (value) => (markedSafe.has(value) ? value : toValue(pythonText(value))),
  safe: markSafe,
  escape: (value) => toValue(escapeHtml(pythonText(value))),
  e: (value) => toValue(escapeHtml(pythonText(value))),
  list: (value) => listOf(items(value)),
  length: (value) => (isUndefined(value) ? toValue(0) : undefined),
  count: (value, { apply }) => apply('length', value),
  d: (value, { positional }) => (isUndefined(value) ? (positional[0] ?? toValue('')) : value),
  default: (value, { positional }) =>
    positional.length === 0 && isUndefined(value) ? toValue('') : undefined,
  trim: (value, { positional }) => toValue(strip(pythonText(value), positional[0])),
  join: (value, { positional: [separator = toValue('')], named }) => {
    const attribute = named.get('attribute')
    const parts = items(value).map((item) =>
      attribute === undefined
        ? item
        : isMap(item)
          ? (item.value.get(pythonText(attribute)) ?? toValue(''))
          : item,
    )
    return toValue(parts.map(pythonText).join(pythonText(named.get('d') ?? separator)))
  },
  min: (value) => extreme(value, 1),
  max: (value) => extreme(value, -1),
  sum: (value) => toValue(items(value).reduce((sum, item) => sum + (isNumber(item) ? item.value : 0), 0)),
  first: (value) => items(value)[0] ?? toValue(undefined),
  last: (value) => items(value).at(-1) ?? toValue(undefined),
  reverse: (value) =>
    isText(value) ? toValue([...value.value].reverse().join('')) : listOf([...items(value)].reverse()),
  items: (value) => (isUndefined(value) ? listOf([]) : undefined),
  dictsort: (value) =>
    isMap(value) && integerKeyed.has(value)
      ? listOf(
          keysOf(value)
            .sort((a, b) => Number(a.value) - Number(b.value))
            .map((key) => listOf([key, value.value.get(pythonText(key)) ?? key])),
        )
      : undefined,
  selectattr: nothingOfNull,
  rejectattr: nothingOfNull,
  map: (value, { positional: [name], apply }) =>
    nothingOfNull(value, { positional: [], named: new Map(), apply }) ??
    (name === undefined ? undefined : listOf(items(value).map((item) => apply(pythonText(name), item)))),
}

/** Filters that take texts: another value is made a text first, and the library does the rest. */
export const textFilters = new Set(['upper', 'lower', 'title', 'capitalize', 'replace', 'indent'])
