// JSON Schemas in the keywords that Gemini takes. Core checks the answer against the whole schema afterwards.
// Source: ai.google.dev/api/generate-content (`_responseJsonSchema`: "only the following may be set"), November 2026.
import type { JsonSchema } from '@patchbay/core'
import { fieldsOf } from '@patchbay/core/wire'

const kept = new Set(
  '$id $anchor type format title description const default minItems maxItems minimum maximum required propertyOrdering'.split(
    ' ',
  ),
)
/** Keywords that constrain nothing. */
const remarks = new Set('$schema $comment examples deprecated readOnly writeOnly'.split(' '))
const lists = new Set(['prefixItems', 'anyOf', 'oneOf'])
const maps: Record<string, string> = { properties: 'properties', $defs: '$defs', definitions: '$defs' }

/** The schema with the keywords that the service takes, and the names of those that it does not. */
export function knownKeywords(schema: JsonSchema): { schema: JsonSchema; dropped: string[] } {
  const dropped = new Set<string>()
  const node = (value: unknown): unknown => {
    // `true` and `false` are schemas too.
    if (typeof value === 'boolean') return value ? {} : { enum: [] }
    const given = fieldsOf(value)
    const wire: Record<string, unknown> = {}
    // "If `$ref` is set on a sub-schema, no other properties, except for those starting as a `$`, may be set."
    if (typeof given.$ref === 'string') {
      const rest = Object.keys(given).filter(
        (name) => !name.startsWith('$') && name !== 'definitions' && !kept.has(name) && !remarks.has(name),
      )
      for (const name of rest) dropped.add(name)
      return {
        $ref: given.$ref.replace('#/definitions/', '#/$defs/'),
        ...(given.$defs || given.definitions ? defs(given) : {}),
      }
    }
    for (const [name, one] of Object.entries(given)) {
      const map = maps[name]
      if (map === '$defs') Object.assign(wire, defs(given))
      else if (map !== undefined) wire[map] = each(one)
      else if (name === 'items' || name === 'additionalProperties')
        wire[name] = typeof one === 'boolean' ? one : Array.isArray(one) ? undefined : node(one)
      else if (lists.has(name) && Array.isArray(one)) wire[name] = one.map(node)
      else if (name === 'enum' && Array.isArray(one) && one.every(isLiteral)) wire.enum = one
      else if (kept.has(name)) wire[name] = one
      else if (!remarks.has(name)) dropped.add(name)
    }
    if (Array.isArray(given.items)) dropped.add('items')
    // `const` is an enum of one.
    if ('const' in wire) {
      if (isLiteral(wire.const)) wire.enum = [wire.const]
      else dropped.add('const')
      delete wire.const
    }
    return Object.fromEntries(Object.entries(wire).filter(([, one]) => one !== undefined))
  }
  const each = (group: unknown) =>
    Object.fromEntries(Object.entries(fieldsOf(group)).map(([name, one]) => [name, node(one)]))
  const defs = (given: Record<string, unknown>) => ({
    $defs: { ...each(given.definitions), ...each(given.$defs) },
  })
  return { schema: node(schema) as JsonSchema, dropped: [...dropped] }
}

/** "enum (for strings and numbers)". */
function isLiteral(value: unknown): boolean {
  return typeof value === 'string' || typeof value === 'number'
}
