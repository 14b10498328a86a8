// Restores values in structured data by its schema: a number where the schema requires one.
import type { JsonSchema } from '@patchbay/core'
import { decodePercent } from '@patchbay/core/wire'
import { isObject } from '@patchbay/core/wrap'
import { numberOf, type Placeholders } from './placeholders.js'

const maxDepth = 16

/** The input with its values, each of the type in its schema. */
export function restoredInput(
  input: unknown,
  schema: JsonSchema | undefined,
  placeholders: Placeholders,
): unknown {
  if (schema === undefined || placeholders.empty) return placeholders.restored(input)
  const restored = (value: unknown, here: JsonSchema[]): unknown => {
    if (typeof value === 'string') return typedValue(value, here, placeholders)
    if (Array.isArray(value)) return value.map((item, index) => restored(item, itemsOf(here, index, schema)))
    if (typeof value !== 'object' || value === null) return value
    return Object.fromEntries(
      Object.entries(value).map(([masked, item]) => {
        const name = placeholders.restoredText(masked)
        return [name, restored(item, propertyOf(here, name, schema))]
      }),
    )
  }
  return restored(input, branchesOf(schema, schema))
}

const fenced = /^([\s\S]*?```(?:json)?\s*)([[{][\s\S]*?)(```[\s\S]*)$/i

/** The same for a text that is JSON, possibly in a code fence; `undefined` for other texts. */
export function restoredJson(
  text: string,
  schema: JsonSchema,
  placeholders: Placeholders,
): string | undefined {
  const [, before = '', json = text, after = ''] = fenced.exec(text) ?? []
  let value: unknown
  try {
    value = JSON.parse(json)
  } catch {
    return undefined
  }
  const restored = JSON.stringify(restoredInput(value, schema, placeholders))
  return `${placeholders.restoredText(before)}${restored}${placeholders.restoredText(after)}`
}

/** Does the schema have numbers, which may have been masked? */
export function hasNumbers(schema: JsonSchema): boolean {
  return /"(?:integer|number)"/.test(JSON.stringify(schema))
}

function typedValue(text: string, here: JsonSchema[], placeholders: Placeholders): unknown {
  const value = placeholders.valueOf(text)
  if (value === undefined) return placeholders.restoredText(text)
  const types = new Set(here.flatMap(({ type }) => [type].flat()))
  if (types.has('string') || !(types.has('integer') || types.has('number'))) return value
  return numberOf(value) ?? value
}

function itemsOf(here: JsonSchema[], index: number, root: JsonSchema): JsonSchema[] {
  return here.flatMap(({ items, prefixItems }) =>
    branchesOf((Array.isArray(prefixItems) ? prefixItems[index] : undefined) ?? items, root),
  )
}

function propertyOf(here: JsonSchema[], name: string, root: JsonSchema): JsonSchema[] {
  return here.flatMap(({ properties, additionalProperties }) => {
    const own = isObject(properties) && Object.hasOwn(properties, name) ? properties[name] : undefined
    return branchesOf(own ?? additionalProperties, root)
  })
}

/** A schema, those it refers to, and those it is composed of. */
function branchesOf(schema: unknown, root: JsonSchema, depth = 0): JsonSchema[] {
  if (!isObject(schema) || depth > maxDepth) return []
  const { $ref, anyOf, oneOf, allOf } = schema
  const others = [anyOf, oneOf, allOf].flatMap((list) => (Array.isArray(list) ? list : []))
  if (typeof $ref === 'string') others.push(definitionOf($ref, root))
  return [schema, ...others.flatMap((one) => branchesOf(one, root, depth + 1))]
}

function definitionOf(ref: string, root: JsonSchema): unknown {
  if (!ref.startsWith('#')) return undefined
  let here: unknown = root
  // A reference is part of a URI, so names in it may be percent-encoded.
  for (const step of ref.split('/').slice(1)) {
    const name = decodePercent(step).replaceAll('~1', '/').replaceAll('~0', '~')
    if (typeof here !== 'object' || here === null || !Object.hasOwn(here, name)) return undefined
    here = (here as Record<string, unknown>)[name]
  }
  return here
}
