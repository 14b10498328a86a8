// A copy of a JSON Schema in the form its check needs: what no draft allows is left out, and patterns are matched in linear
// time (RE2), since a schema may be a stranger's and its pattern made to never end. A pattern that RE2 has no word for
// (lookaround, back references, another dialect) is an annotation, like `format`.
import { format, type Schema } from '@cfworker/json-schema'
import { RE2JS } from 're2js'
import { isObject } from './is-object.js'
import type { JsonSchema } from './request.js'

/** The copy, and what has to be known of a value before it is checked. */
export interface Checkable {
  schema: Schema | boolean
  /** Prepares `patternProperties` for the keys of `value`, and counts the values in it. */
  adapt(value: unknown): number
  /** Runs a check during which the patterns of this schema are known. */
  matching<T>(check: () => T): T
}

const lists = words('required enum allOf anyOf oneOf prefixItems')
const maps = words(
  'properties patternProperties $defs definitions dependentSchemas dependentRequired dependencies',
)
const numbers = words(
  'minimum maximum multipleOf minLength maxLength minItems maxItems minProperties maxProperties minContains maxContains',
)
/** Their values are not schemas. */
const verbatim = words('enum const default examples required dependentRequired')

export function checkable(given: JsonSchema | boolean, draft4: boolean): Checkable {
  const patterns = new Map<string, RE2JS | undefined>()
  const unique: Record<string, unknown>[] = []
  const byPattern: { schema: Record<string, unknown>; entries: [string, unknown][] }[] = []
  const compiled = (pattern: string) => {
    if (!patterns.has(pattern)) patterns.set(pattern, expression(pattern))
    return patterns.get(pattern)
  }

  const copy = (schema: unknown): unknown => {
    if (Array.isArray(schema)) return schema.map(copy)
    if (!isObject(schema)) return schema
    const made = Object.fromEntries(
      Object.entries(schema).flatMap(([key, item]) => {
        const value = verbatim.has(key)
          ? item
          : maps.has(key) && isObject(item)
            ? each(item, copy)
            : copy(item)
        return isUsable(key, item, draft4) ? [[renamed[key] ?? key, value]] : []
      }),
    )
    if (typeof schema.pattern === 'string' && compiled(schema.pattern) !== undefined)
      made.format = slot(schema.pattern)
    if (made.uniqueItems === true) unique.push(made)
    if (isObject(made.patternProperties))
      byPattern.push({ schema: made, entries: Object.entries(made.patternProperties) })
    return made
  }

  return {
    schema: copy(given) as Schema | boolean,
    adapt(value) {
      const keys = new Set<string>()
      const count = countValues(value, keys)
      // The validator compares each item with each other one: only where there is something to be found.
      const twins = unique.length > 0 && hasTwins(value)
      for (const schema of unique) schema.uniqueItems = twins
      for (const { schema, entries } of byPattern)
        schema.patternProperties = Object.fromEntries(
          entries.map(([pattern, sub]) => [exactly(keys, compiled(pattern)), sub]),
        )
      return count
    },
    matching(check) {
      const own = [...patterns].flatMap(([pattern, found]) => (found ? [{ name: slot(pattern), found }] : []))
      for (const { name, found } of own) format[name] = (text) => found.matcher(text).find()
      try {
        return check()
      } finally {
        for (const { name } of own) delete format[name]
      }
    },
  }
}

/** The validator knows no dynamic scope: such a reference leads where it stands. */
const renamed: Record<string, string> = { $dynamicRef: '$ref', $dynamicAnchor: '$anchor' }

/** The validator's table of formats is where tests of our own can stand. */
const slot = (pattern: string) => `pattern ${pattern}`

/** The pattern of a slot. */
export function patternOf(name: unknown): string {
  return String(name).slice(slot('').length)
}

function isUsable(key: string, value: unknown, draft4: boolean): boolean {
  if (key === 'format' || key === 'pattern') return false
  if (key === 'id') return draft4
  if (key === 'exclusiveMinimum' || key === 'exclusiveMaximum')
    return typeof value === (draft4 ? 'boolean' : 'number')
  if (lists.has(key)) return Array.isArray(value)
  if (maps.has(key)) return isObject(value)
  return !numbers.has(key) || typeof value === 'number'
}

// Schemas are checked again and again, and compiling a pattern takes longer than most checks. The oldest make room.
const mostKept = 500
const longestKept = 1000
const kept = new Map<string, RE2JS | undefined>()

function expression(pattern: string): RE2JS | undefined {
  if (kept.has(pattern)) return kept.get(pattern)
  const made = compile(pattern)
  if (pattern.length > longestKept) return made
  if (kept.size >= mostKept) for (const oldest of kept.keys()) if (kept.delete(oldest)) break
  kept.set(pattern, made)
  return made
}

/** Only what is a pattern in ECMAScript, as the drafts ask for, and in RE2. */
function compile(pattern: string): RE2JS | undefined {
  for (const flags of ['u', ''])
    try {
      new RegExp(pattern, flags)
      return RE2JS.compile(RE2JS.translateRegExp(pattern))
    } catch {}
  return undefined
}

/** A pattern that takes, of these keys, those that `found` takes, and that is matched in linear time by any engine. */
function exactly(keys: Set<string>, found: RE2JS | undefined): string {
  const taken = [...keys].filter((key) => found?.matcher(key).find())
  return `^(?:${taken.map((key) => key.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&')).join('|') || '(?!)'})$`
}

/** Has some list in this value the same item twice? Each value is looked at once. */
function hasTwins(value: unknown): boolean {
  const ids = new Map<string, number>()
  let found = false
  const idOf = (one: unknown): number => {
    let text: string
    if (Array.isArray(one)) {
      const items = one.map(idOf)
      found ||= new Set(items).size < items.length
      text = `[${items}]`
    } else if (isObject(one)) {
      const names = Object.keys(one).sort()
      text = `{${JSON.stringify(names.map((name) => [name, idOf(one[name])]))}}`
    } else text = `${typeof one}:${one}`
    const id = ids.get(text) ?? ids.size
    ids.set(text, id)
    return id
  }
  idOf(value)
  return found
}

function countValues(value: unknown, keys: Set<string>): number {
  if (typeof value !== 'object' || value === null) return 1
  let count = 1
  for (const [key, item] of Object.entries(value)) {
    if (!Array.isArray(value)) keys.add(key)
    count += countValues(item, keys)
  }
  return count
}

function each(object: object, change: (value: unknown) => unknown): object {
  return Object.fromEntries(Object.entries(object).map(([key, item]) => [key, change(item)]))
}

function words(text: string): Set<string> {
  return new Set(text.split(' '))
}
