// JSON Schemas for Claude's structured output: closed objects and known keywords only. Core checks the answer against the
// whole schema afterwards. Source: platform.claude.com/docs/en/build-with-claude/structured-outputs ("JSON Schema
// limitations", "Schema complexity limits") and @anthropic-ai/sdk 1.14.0 (lib/transform-json-schema), November 2026.
import type { JsonSchema } from '@patchbay/core'
import { fieldsOf } from '@patchbay/core/wire'

/** A schema for the wire with the keywords that it no longer has, or the reason why there is none. */
export type StrictSchema = { schema: JsonSchema; dropped: string[] } | { problem: string }

/** The schema as the service accepts it. */
export function strictSchema(schema: JsonSchema): StrictSchema {
  const strict = new Strict()
  try {
    const wire = strict.node(schema)
    checkCircles(wire)
    if (strict.optional > limits.optional) throw new Problem(`${strict.optional} optional properties`)
    if (strict.unions > limits.unions) throw new Problem(`${strict.unions} properties with alternatives`)
    return { schema: wire, dropped: [...strict.dropped] }
  } catch (error) {
    if (error instanceof Problem) return { problem: error.what }
    throw error
  }
}

const limits = { optional: 24, unions: 16 }
const formats = new Set('date-time time date duration email hostname uri ipv4 ipv6 uuid'.split(' '))
const kept = new Set(['title', 'description', 'default', 'required'])
/** Keywords that constrain nothing. */
const remarks = new Set('$schema $id $anchor $comment examples deprecated readOnly writeOnly'.split(' '))

/** The schema cannot be expressed. */
class Problem extends Error {
  constructor(readonly what: string) {
    super(what)
  }
}

class Strict {
  readonly dropped = new Set<string>()
  optional = 0
  unions = 0

  node(value: unknown): Record<string, unknown> {
    const given = fieldsOf(value)
    const node: Record<string, unknown> = {}
    for (const group of ['$defs', 'definitions'])
      if (given[group] !== undefined) node[group] = this.#each(given[group])
    if (given.$ref !== undefined) return { ...node, $ref: reference(given.$ref) }
    const types = [given.type].flat()
    const isObject = types.includes('object') || given.properties !== undefined
    const rest = new Set(Object.keys(given))
    const take = (name: string) => {
      rest.delete(name)
      return given[name]
    }
    for (const name of ['$defs', 'definitions', 'type', 'nullable']) rest.delete(name)

    const literals = given.enum ?? (given.const === undefined ? undefined : [given.const])
    const branches = given.anyOf ?? given.oneOf
    if (literals !== undefined) this.#literals(literals, node, given, take)
    else if (Array.isArray(given.allOf)) return { ...node, ...this.node(together(given)) }
    else if (Array.isArray(branches)) {
      if (isObject) throw new Problem('alternatives beside properties')
      if (take('anyOf') === undefined) this.dropped.add('oneOf')
      rest.delete('oneOf')
      node.anyOf = branches.map((branch) => this.node(branch))
      this.unions++
    } else if (given.type === undefined && !isObject) throw new Problem('a value of any type')
    else {
      node.type = given.type ?? 'object'
      if (types.length > 1) this.unions++
      if (isObject) this.#object(node, given, take)
      if (types.includes('array')) this.#array(node, given, take)
      if (types.includes('string') && formats.has(String(given.format))) node.format = take('format')
    }
    for (const name of rest)
      if (kept.has(name)) node[name] = given[name]
      else if (!remarks.has(name)) this.dropped.add(name)
    return node
  }

  #each(group: unknown): Record<string, unknown> {
    return Object.fromEntries(Object.entries(fieldsOf(group)).map(([name, one]) => [name, this.node(one)]))
  }

  #literals(
    literals: unknown,
    node: Record<string, unknown>,
    given: Record<string, unknown>,
    take: (name: string) => unknown,
  ): void {
    if (!Array.isArray(literals) || literals.some((one) => typeof one === 'object' && one !== null))
      throw new Problem('an enum of objects')
    if (typeof given.type === 'string') node.type = given.type
    if (given.enum === undefined) node.const = take('const')
    else node.enum = take('enum')
  }

  #object(
    node: Record<string, unknown>,
    given: Record<string, unknown>,
    take: (name: string) => unknown,
  ): void {
    const open = take('additionalProperties')
    const names = Object.keys(fieldsOf(given.properties))
    const required = Array.isArray(given.required) ? given.required : []
    const isMap = typeof open === 'object' || (open === true && names.length === 0)
    if (isMap || given.patternProperties !== undefined || given.properties === undefined)
      throw new Problem('an object with properties of any name')
    if (!required.every((name) => names.includes(name))) throw new Problem('a required property of any kind')
    node.properties = this.#each(take('properties'))
    node.additionalProperties = false
    this.optional += names.filter((name) => !required.includes(name)).length
  }

  #array(
    node: Record<string, unknown>,
    given: Record<string, unknown>,
    take: (name: string) => unknown,
  ): void {
    if (given.prefixItems !== undefined || Array.isArray(given.items)) throw new Problem('a tuple')
    if (given.items !== undefined) node.items = this.node(take('items'))
    if (given.minItems === 0 || given.minItems === 1) node.minItems = take('minItems')
  }
}

/** One object instead of `allOf`: closed objects have nothing in common. */
function together({ allOf, ...given }: Record<string, unknown>): Record<string, unknown> {
  const parts = [given, ...(allOf as unknown[])].map(fieldsOf)
  const isFlat = ({ $ref, anyOf, oneOf }: Record<string, unknown>) =>
    [$ref, anyOf, oneOf].every((one) => one === undefined)
  const all = (allOf as unknown[]).map(fieldsOf)
  const [only] = all
  if (all.length === 1 && only !== undefined && given.properties === undefined) return { ...given, ...only }
  if (!parts.every(isFlat) || !all.every(({ properties }) => properties !== undefined))
    throw new Problem('several schemas at once')
  return {
    ...Object.assign({}, ...parts),
    type: 'object',
    properties: Object.assign({}, ...parts.map(({ properties }) => properties)),
    required: [...new Set(parts.flatMap(({ required }) => (Array.isArray(required) ? required : [])))],
  }
}

function reference($ref: unknown): unknown {
  if (/^#\/(\$defs|definitions)\/[^/]+$/.test(String($ref))) return $ref
  throw new Problem('references to other places than $defs')
}

/** Schemas that hold themselves are refused. */
function checkCircles(schema: Record<string, unknown>): void {
  const defs = { ...fieldsOf(schema.definitions), ...fieldsOf(schema.$defs) }
  const done = new Set<string>()
  const visit = (value: unknown, inside: string[]): void => {
    const { $ref, ...rest } = fieldsOf(value)
    for (const one of Object.values(rest)) visit(one, inside)
    if (typeof $ref !== 'string') return
    const name = $ref.slice($ref.lastIndexOf('/') + 1)
    if (inside.includes(name)) throw new Problem('a schema that holds itself')
    if (done.has(name)) return
    visit(defs[name], [...inside, name])
    done.add(name)
  }
  const { $defs: _, definitions: __, ...root } = schema
  visit(root, [])
}
