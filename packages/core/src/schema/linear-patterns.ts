// Copies a JSON Schema into the form the check needs: invalid keywords are left out, and patterns are matched in linear time
// (RE2), since a schema may be hostile. A pattern that RE2 does not support (lookaround, back references, another dialect) is
// an annotation, like `format`.
import { format, type Schema } from '@cfworker/json-schema'
import { RE2JS } from 're2js'
import type { JsonSchema } from '../contract/schema.js'
import { isObject } from '../object.js'

/** The copy, and how to prepare it for a value. */
export interface Checkable {
  schema: Schema | boolean
  /** Prepares `patternProperties` for the keys of `value`, and counts the values in it. */
  adapt(value: unknown): number
  /** Runs a check with the patterns of this schema registered. */
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
      // The validator compares all pairs of items, so it is only asked to if there are duplicates.
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

/** The validator has no dynamic scope: such references are resolved statically. */
const renamed: Record<string, string> = { $dynamicRef: '$ref', $dynamicAnchor: '$anchor' }

/** Our own tests are registered in the validator's table of formats. */
const slot = (pattern: string) => `pattern ${pattern}`

/** The pattern that a format name stands for. */
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

// Compiled patterns are cached, since compiling takes longer than most checks. The oldest are evicted.
const maxPatterns = 500
const longestKept = 1000
const compiledPatterns = new Map<string, RE2JS | undefined>()

function expression(pattern: string): RE2JS | undefined {
  if (compiledPatterns.has(pattern)) return compiledPatterns.get(pattern)
  const made = compile(pattern)
  if (pattern.length > longestKept) return made
  if (compiledPatterns.size >= maxPatterns)
    for (const oldest of compiledPatterns.keys()) if (compiledPatterns.delete(oldest)) break
  compiledPatterns.set(pattern, made)
  return made
}

/** `undefined` unless the pattern is valid in ECMAScript, as the drafts require, and in RE2. */
function compile(pattern: string): RE2JS | undefined {
  for (const flags of ['u', ''])
    try {
      new RegExp(pattern, flags)
      return RE2JS.compile(RE2JS.translateRegExp(pattern))
    } catch {}
  return undefined
}

/** A pattern for those of these keys that `found` matches, safe in any regex engine. */
function exactly(keys: Set<string>, found: RE2JS | undefined): string {
  const taken = [...keys].filter((key) => found?.matcher(key).find())
  return `^(?:${taken.map((key) => key.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&')).join('|') || '(?!)'})$`
}

/** Does any list in this value contain an item twice? Each value is visited once. */
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
