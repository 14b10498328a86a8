// Grammar rules for each kind of JSON Schema: references, values, combinations, objects, arrays, strings and numbers.
import { JobError } from '../failure.js'
import { membersExpression } from './members.js'
import { multiplesOf, numberExpression } from './number-schema.js'
import type { patternExpression } from './pattern-grammar.js'
import { impliedTypes, isOfType, keywords } from './schema-keywords.js'
import {
  annotations,
  areDisjoint,
  isSchema,
  mergeSchemas,
  resolveReference,
  type Schema,
} from './schema-merge.js'
import { formats, literal, nameOtherThan } from './text-grammar.js'

/** The engine cannot handle more repetitions than this. */
const mostRepeated = 1000

type AddRule = (body: string | ((self: string) => string)) => string

/** Adds the rules of one schema and of the schemas that it refers to. */
export class SchemaRules {
  readonly #refs = new Map<string, string>()
  /** Rules of merged schemas by their JSON: recursive ones come again and again. */
  readonly #mergedRules = new Map<string, string>()

  constructor(
    private readonly root: unknown,
    private readonly rule: AddRule,
    private readonly unenforced: Set<string>,
    private readonly fromPattern: typeof patternExpression,
  ) {}

  /** The expression for a schema. */
  of(schema: unknown): string {
    if (schema === true || schema === undefined) return 'value'
    if (!isSchema(schema)) throw unsatisfiable(schema)
    if (typeof schema.$ref === 'string') return this.#reference(schema.$ref, schema)
    for (const key of Object.keys(schema))
      if (keywords[key] === 'checked' && !this.#hasNoEffect(key, schema)) this.unenforced.add(key)
    const values = 'const' in schema ? [schema.const] : schema.enum
    if (Array.isArray(values)) return this.#values(values, schema)
    if (Array.isArray(schema.allOf)) return this.#allOf(schema.allOf, omit(schema, 'allOf'))
    const { anyOf, oneOf, ...own } = schema
    const branches = anyOf ?? oneOf
    if (Array.isArray(branches))
      return this.#anyOf(branches, own, anyOf === undefined, anyOf !== undefined && oneOf !== undefined)
    const types = own.type === undefined ? impliedTypes(own) : [own.type].flat()
    if (types === undefined) return 'value'
    return this.#alternatives(types.map((type) => this.#typed(type, own)))
  }

  /** The keyword does not constrain, or is enforced with another one. */
  #hasNoEffect(key: string, schema: Schema): boolean {
    return schema[key] === false || (key === 'multipleOf' && multiplesOf(schema) !== undefined)
  }

  #reference(ref: string, { $ref: _, ...siblings }: Schema): string {
    const target = resolveReference(this.root, ref)
    if (target === undefined)
      throw new JobError('unsupported', `The JSON schema's ${ref} has no target. Correct it.`)
    for (const key of Object.keys(siblings)) if (key in keywords) this.unenforced.add(key)
    const known = this.#refs.get(ref)
    if (known !== undefined) return known
    return this.rule((self) => {
      this.#refs.set(ref, self)
      return this.of(target)
    })
  }

  #values(values: unknown[], schema: Schema): string {
    const types = schema.type === undefined ? undefined : [schema.type].flat()
    const fitting = values.filter(
      (value) => types === undefined || types.some((type) => isOfType(value, type)),
    )
    const siblings = Object.keys(schema).filter((key) => !['const', 'enum', 'type'].includes(key))
    for (const key of siblings) if (key in keywords) this.unenforced.add(key)
    return this.#alternatives(fitting.map((value) => literal(JSON.stringify(value))))
  }

  #alternatives(forms: string[]): string {
    if (forms.length === 0) throw unsatisfiable('its type or choice')
    return forms.length === 1 ? (forms[0] as string) : this.rule(forms.join(' | '))
  }

  #allOf(parts: unknown[], own: Schema): string {
    const onUnenforced = (key: string) => this.unenforced.add(key)
    // A reference with a description is often written as an `allOf` with one branch.
    if (parts.length === 1 && !constrains(own)) return this.of(parts[0])
    return this.#merged(
      parts.reduce<Schema>((sum, part) => mergeSchemas(sum, this.#target(part), onUnenforced), own),
    )
  }

  #merged(schema: Schema): string {
    const text = JSON.stringify(schema)
    return (
      this.#mergedRules.get(text) ??
      this.rule((self) => {
        this.#mergedRules.set(text, self)
        return this.of(schema)
      })
    )
  }

  /** The schema, with its references followed. */
  #target(schema: unknown): Schema {
    let at = schema
    for (let steps = 0; isSchema(at) && typeof at.$ref === 'string' && steps < 100; steps++)
      at = resolveReference(this.root, at.$ref)
    if (at === true) return {}
    if (!isSchema(at)) throw unsatisfiable(at)
    return at
  }

  #anyOf(branches: unknown[], own: Schema, exactlyOne: boolean, both: boolean): string {
    const targets = branches.filter((branch) => branch !== false)
    if (both) this.unenforced.add('oneOf')
    if (exactlyOne) {
      const forms = targets.map((branch) => this.#target(branch))
      if (forms.some((one, index) => forms.slice(index + 1).some((other) => !areDisjoint(one, other))))
        this.unenforced.add('oneOf')
    }
    const onUnenforced = (key: string) => this.unenforced.add(key)
    return this.#alternatives(
      targets.map((branch) =>
        constrains(own)
          ? this.#merged(mergeSchemas(own, this.#target(branch), onUnenforced))
          : this.of(branch),
      ),
    )
  }

  #typed(type: unknown, schema: Schema): string {
    if (type === 'object') return this.#object(schema)
    if (type === 'array') return this.#array(schema)
    if (type === 'string') return this.#string(schema)
    if (type === 'integer' || type === 'number') return this.#number(schema, type)
    if (type === 'boolean' || type === 'null') return type
    throw new JobError('unsupported', `The JSON schema has an unknown type: ${JSON.stringify(type)}.`)
  }

  #object(schema: Schema): string {
    const declared = isSchema(schema.properties) ? schema.properties : {}
    const required = new Set(Array.isArray(schema.required) ? (schema.required as string[]) : [])
    const { additionalProperties: additional = schema.properties === undefined && required.size === 0 } =
      schema
    if (
      additional === true &&
      Object.keys(declared).length === 0 &&
      required.size === 0 &&
      !bounded(schema, 'Properties')
    )
      return 'object'
    const missing = [...required].filter((name) => !Object.hasOwn(declared, name))
    if (missing.length > 0 && schema.additionalProperties === false)
      throw unsatisfiable(`required ${missing.join(', ')}`)
    const properties = [
      ...Object.entries(declared),
      ...missing.map((name): [string, unknown] => [name, schema.additionalProperties ?? true]),
    ]
    const names = properties.map(([name]) => name)
    const other =
      additional === false ? undefined : this.rule(`${nameOtherThan(names)} ":" ws ${this.of(additional)}`)
    if (properties.length === 0) return this.#list('{', '}', other, schema, 'Properties')
    const { minProperties = 0, maxProperties = Number.POSITIVE_INFINITY } = schema
    if (Number(minProperties) > required.size) this.unenforced.add('minProperties')
    if (
      Number(maxProperties) < names.length ||
      (other !== undefined && maxProperties !== Number.POSITIVE_INFINITY)
    )
      this.unenforced.add('maxProperties')
    const pairs = properties.map(([name, value]) => ({
      form: `${literal(JSON.stringify(name))} ":" ws ${this.of(value)}`,
      optional: !required.has(name),
    }))
    return this.rule(`"{" ws ${membersExpression(pairs, '"," ws', other, this.rule)} ws "}"`)
  }

  /**
   * The arguments of a call whose schema is the root, each in the form that its key, schema and JSON expression are given;
   * only declared ones.
   */
  members(form: (key: string, schema: unknown, json: string) => string, separator: string): string {
    const schema = this.#target(this.root)
    const required = new Set(Array.isArray(schema.required) ? (schema.required as string[]) : [])
    const declared = isSchema(schema.properties) ? schema.properties : {}
    const members = Object.entries(declared).map(([key, value]) => ({
      form: form(key, isSchema(value) ? this.#target(value) : value, this.of(value)),
      optional: !required.has(key),
    }))
    return members.length === 0 ? '""' : membersExpression(members, separator, undefined, this.rule)
  }

  #array(schema: Schema): string {
    // Older drafts have the list in `items`, and the schema of the rest in `additionalItems`.
    const [list, items] = Array.isArray(schema.items)
      ? [schema.items, schema.additionalItems]
      : [schema.prefixItems, schema.items]
    const prefix = Array.isArray(list) ? list : []
    if (prefix.length === 0)
      return this.#list('[', ']', items === false ? undefined : this.of(items), schema, 'Items')
    const { minItems = 0, maxItems = Number.POSITIVE_INFINITY } = schema
    if (Number(maxItems) < prefix.length) throw unsatisfiable('maxItems')
    const least = Math.max(0, Number(minItems) - prefix.length)
    const more = least > 0 || (items !== undefined && items !== false)
    if (items === false && least > 0) throw unsatisfiable('minItems')
    const most = Number(maxItems) - prefix.length
    const tail = more ? ` ("," ws ${this.of(items)})${this.#repetition(least, most, 'Items')}` : ''
    return this.rule(`"[" ws ${prefix.map((item) => this.of(item)).join(' "," ws ')}${tail} ws "]"`)
  }

  /** A list of equal elements, within `minItems` and `maxItems` (or `…Properties`). */
  #list(open: string, close: string, item: string | undefined, schema: Schema, what: string): string {
    const least = Number(schema[`min${what}`] ?? 0)
    const most = Number(schema[`max${what}`] ?? Number.POSITIVE_INFINITY)
    if (least > most || (item === undefined && least > 0)) throw unsatisfiable(`min${what}`)
    if (item === undefined || most === 0) return this.rule(`"${open}" ws "${close}"`)
    const elements = `${item} ("," ws ${item})${this.#repetition(Math.max(0, least - 1), most - 1, what)} ws`
    return this.rule(`"${open}" ws ${least === 0 ? `(${elements})?` : elements} "${close}"`)
  }

  #repetition(least: number, most: number, what: string): string {
    if (least > mostRepeated) this.unenforced.add(`min${what}`)
    const from = Math.min(least, mostRepeated)
    if (most === Number.POSITIVE_INFINITY) return from === 0 ? '*' : `{${from},}`
    if (most <= mostRepeated) return `{${from},${most}}`
    this.unenforced.add(`max${what}`)
    return `{${from},}`
  }

  #number(schema: Schema, type: 'integer' | 'number'): string {
    const expression = numberExpression(schema, type, (keyword) => this.unenforced.add(keyword))
    if (expression === undefined) throw unsatisfiable('bounds of a number')
    return expression === type ? type : this.rule(expression)
  }

  #string({ format, minLength, maxLength, pattern }: Schema): string {
    const fromPattern = typeof pattern === 'string' ? this.fromPattern(pattern) : undefined
    if (pattern !== undefined && fromPattern === undefined) this.unenforced.add('pattern')
    if (fromPattern !== undefined && format !== undefined) this.unenforced.add('format')
    const content = fromPattern ?? (typeof format === 'string' ? formats[format] : undefined)
    if (content !== undefined) {
      if (minLength !== undefined) this.unenforced.add('minLength')
      if (maxLength !== undefined) this.unenforced.add('maxLength')
      return this.rule(`"\\"" (${content}) "\\""`)
    }
    if (format !== undefined) this.unenforced.add('format')
    if (minLength === undefined && maxLength === undefined) return 'string'
    const [least, most] = [Number(minLength ?? 0), Number(maxLength ?? Number.POSITIVE_INFINITY)]
    if (least > most) throw unsatisfiable('minLength')
    return this.rule(`"\\"" char${this.#repetition(least, most, 'Length')} "\\""`)
  }
}

function omit(schema: Schema, keyword: string): Schema {
  return Object.fromEntries(Object.entries(schema).filter(([key]) => key !== keyword))
}

function constrains(schema: Schema): boolean {
  return Object.keys(schema).some((key) => !annotations.has(key))
}

function bounded(schema: Schema, what: string): boolean {
  return schema[`min${what}`] !== undefined || schema[`max${what}`] !== undefined
}

function unsatisfiable(what: unknown): JobError {
  return new JobError(
    'unsupported',
    `No value can match this JSON schema (${typeof what === 'string' ? what : JSON.stringify(what)}). Correct it.`,
  )
}
