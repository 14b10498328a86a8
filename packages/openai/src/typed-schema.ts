// Schemas in Moonshot's form of JSON Schema: every schema has a type, and alternatives have theirs instead of the schema around them.
// Sources: MoonshotAI/kimi-cli#1595, Hmbown/Codewhale#2438, duolahypercho/codex-router#641 (March to September 2026).
import type { JsonSchema } from '@patchbay/core'
import { isObject } from '@patchbay/core/wire'
import { mapInner } from './inner-schemas.js'

const scalars = ['string', 'number', 'boolean', 'null'].map((type) => ({ type }))
/** Any value: a schema without a type says that. */
const anything = [...scalars, { type: 'object' }, { type: 'array', items: { anyOf: scalars } }]

/** The same schema with all its types where they are wanted. */
export function withTypes(schema: JsonSchema): JsonSchema {
  const inner = mapInner(withTypedAlternatives(schema), withTypes)
  if (hasType(inner)) return inner
  const values = Array.isArray(inner.enum) ? inner.enum : 'const' in inner ? [inner.const] : undefined
  if (values === undefined) return { ...inner, anyOf: anything }
  const types = [...new Set(values.map(typeOf))]
  return { ...inner, type: types.length === 1 ? types[0] : types }
}

function withTypedAlternatives(schema: JsonSchema): JsonSchema {
  const { type, ...rest } = schema
  const alternatives = ['anyOf', 'oneOf'].filter((name) => Array.isArray(schema[name]))
  if (type === undefined || alternatives.length === 0) return schema
  const typed = (one: unknown) => (isObject(one) && !hasType(one) ? { type, ...one } : one)
  return {
    ...rest,
    ...Object.fromEntries(alternatives.map((name) => [name, (schema[name] as unknown[]).map(typed)])),
  }
}

function hasType(schema: JsonSchema): boolean {
  return ['type', 'anyOf', 'oneOf', 'allOf', '$ref'].some((name) => name in schema)
}

function typeOf(value: unknown): string {
  if (value === null) return 'null'
  return Array.isArray(value) ? 'array' : typeof value
}
