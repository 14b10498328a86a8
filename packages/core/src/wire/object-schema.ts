// Schemas of tools for services that take one object at the top, and no alternatives.
import type { JsonSchema } from '../contract/schema.js'
import { fieldsOf } from './formats/received-json.js'

/** References may go round in circles. */
const deepest = 8
const combinators = ['anyOf', 'oneOf', 'allOf'] as const

/**
 * The schema of a tool's input as one object at its top, for services that refuse `anyOf`, `oneOf` and `allOf` there: with the
 * properties of all its branches. `isOpen` where that accepts more than the schema does.
 */
export function objectSchema(schema: JsonSchema): { schema: JsonSchema; isOpen: boolean } {
  const root = resolved(schema, schema)
  const rest = without(root, [...combinators, '$ref'])
  if (combinators.every((name) => root[name] === undefined))
    return {
      schema: root === schema && schema.type === 'object' ? schema : { ...rest, type: 'object' },
      isOpen: false,
    }
  const merged: Merged = { properties: new Map(), required: new Set(), isOpen: false }
  merge(root, schema, merged, true, 0)
  // What is closed in one branch is open for the properties of another.
  const open = without(rest, ['additionalProperties'])
  const properties = [...merged.properties].map(([name, forms]) => [
    name,
    forms.size === 1 ? JSON.parse([...forms].join()) : { anyOf: [...forms].map((form) => JSON.parse(form)) },
  ])
  const required = [...merged.required]
  return {
    schema: {
      ...open,
      type: 'object',
      properties: Object.fromEntries(properties),
      ...(required.length > 0 && { required }),
    },
    isOpen: merged.isOpen,
  }
}

function without(schema: JsonSchema, keywords: readonly string[]): JsonSchema {
  return Object.fromEntries(Object.entries(schema).filter(([keyword]) => !keywords.includes(keyword)))
}

/** The properties of all branches, each with its different forms as JSON. */
interface Merged {
  properties: Map<string, Set<string>>
  required: Set<unknown>
  isOpen: boolean
}

function merge(node: JsonSchema, root: JsonSchema, merged: Merged, isRequired: boolean, depth: number): void {
  for (const [name, property] of Object.entries(fieldsOf(node.properties))) {
    const forms = merged.properties.get(name) ?? new Set()
    merged.properties.set(name, forms.add(JSON.stringify(property)))
    merged.isOpen ||= forms.size > 1
  }
  if (isRequired && Array.isArray(node.required)) for (const name of node.required) merged.required.add(name)
  for (const combinator of combinators) {
    const branches = Array.isArray(node[combinator]) ? node[combinator] : []
    const isAll = combinator === 'allOf'
    merged.isOpen ||= branches.length > 0 && (!isAll || depth === deepest)
    if (depth === deepest) continue
    for (const branch of branches)
      merge(resolved(fieldsOf(branch), root), root, merged, isRequired && isAll, depth + 1)
  }
}

/** The schema, or the definition that it is a reference to. */
function resolved(node: JsonSchema, root: JsonSchema, depth = 0): JsonSchema {
  const [, group, name] = /^#\/(\$defs|definitions)\/([^/]+)$/.exec(String(node.$ref ?? '')) ?? []
  if (group === undefined || name === undefined || depth > deepest) return node
  const { $ref: _, ...rest } = node
  return { ...resolved(fieldsOf(fieldsOf(root[group])[name]), root, depth + 1), ...rest }
}
