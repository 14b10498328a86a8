// What comes back into a tool's input, or an answer that is JSON: a number where its schema wants one.
import type { JsonSchema } from '@patchbay/core'
import { numberOf, type Placeholders } from './placeholders.js'

const deepest = 16

/** The input with its values, each of the type that its schema wants. */
export function restoredInput(
  input: unknown,
  schema: JsonSchema | undefined,
  placeholders: Placeholders,
): unknown {
  if (schema === undefined || placeholders.empty) return placeholders.restored(input)
  const restored = (value: unknown, here: JsonSchema[]): unknown => {
    if (typeof value === 'string') return typed(value, here, placeholders)
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

/** The same for a text that is JSON or has it in a fence; nothing for another one. */
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

/** May this input have numbers in it that were taken out? */
export function wantsNumbers(schema: JsonSchema): boolean {
  return /"(?:integer|number)"/.test(JSON.stringify(schema))
}

function typed(text: string, here: JsonSchema[], placeholders: Placeholders): unknown {
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
    const own = isSchema(properties) && Object.hasOwn(properties, name) ? properties[name] : undefined
    return branchesOf(own ?? additionalProperties, root)
  })
}

/** A schema, what it refers to, and what it is put together of. */
function branchesOf(schema: unknown, root: JsonSchema, depth = 0): JsonSchema[] {
  if (!isSchema(schema) || depth > deepest) return []
  const { $ref, anyOf, oneOf, allOf } = schema
  const others = [anyOf, oneOf, allOf].flatMap((list) => (Array.isArray(list) ? list : []))
  if (typeof $ref === 'string') others.push(definitionOf($ref, root))
  return [schema, ...others.flatMap((one) => branchesOf(one, root, depth + 1))]
}

function definitionOf(ref: string, root: JsonSchema): unknown {
  if (!ref.startsWith('#')) return undefined
  let here: unknown = root
  for (const step of ref.split('/').slice(1)) {
    const name = decoded(step).replaceAll('~1', '/').replaceAll('~0', '~')
    if (typeof here !== 'object' || here === null || !Object.hasOwn(here, name)) return undefined
    here = (here as Record<string, unknown>)[name]
  }
  return here
}

/** A reference is part of an address, so names in it may be percent-encoded. */
function decoded(step: string): string {
  try {
    return decodeURIComponent(step)
  } catch {
    return step
  }
}

function isSchema(value: unknown): value is JsonSchema {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
