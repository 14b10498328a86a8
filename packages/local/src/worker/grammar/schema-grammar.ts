// A JSON Schema as a grammar (GBNF): what a model may write. Optional properties are optional, in the order of the
// schema; what a grammar has no way to keep is told, and checked afterwards.
import { JobError } from '../failure.js'
import { multiplesOf, numberForm } from './number-schema.js'
import { patternForm } from './pattern-grammar.js'
import { impliedTypes, isOfType, keywords } from './schema-keywords.js'
import { annotations, apart, isSchema, merged, resolved, type Schema } from './schema-merge.js'
import { commonRules, formats, literal, nameOtherThan } from './text-grammar.js'

/** Repetitions of more than this are too much for the engine. */
const mostRepeated = 1000

export class SchemaGrammar {
  /** Keywords that the grammar does not keep. */
  readonly unkept = new Set<string>()
  readonly #rules: string[] = []
  #count = 0

  /** `patterns`: are they kept? What the engine makes of one may be too much for it. */
  constructor(private readonly patterns = true) {}

  /** Does it keep a pattern? */
  hasPattern = false

  /** The rule of a schema, by its name. @throws {JobError} `unsupported` */
  add(schema: unknown): string {
    try {
      const patterned = (pattern: string) => {
        const form = this.patterns ? patternForm(pattern) : undefined
        this.hasPattern ||= form !== undefined
        return form
      }
      return new Rules(schema, (body) => this.rule(body), this.unkept, patterned).of(schema)
    } catch (cause) {
      if (cause instanceof RangeError)
        throw new JobError('unsupported', 'This JSON schema is nested too deep for a grammar. Simplify it.')
      throw cause
    }
  }

  /** A rule of its own for an expression; `self` for one that names itself. */
  rule(body: string | ((self: string) => string)): string {
    const name = `r${this.#count++}`
    this.#rules.push(`${name} ::= ${typeof body === 'string' ? body : body(name)}`)
    return name
  }

  /** The whole grammar, for answers of this rule. */
  text(root: string): string {
    const values = Object.entries(commonRules).map(([name, body]) => `${name} ::= ${body}`)
    return [`root ::= ${root}`, ...this.#rules, ...values].join('\n')
  }
}

type AddRule = (body: string | ((self: string) => string)) => string

/** The rules of one schema and of what it refers to. */
class Rules {
  readonly #refs = new Map<string, string>()
  /** Rules of schemas that were put together, by their text: those of recursive ones come again and again. */
  readonly #merged = new Map<string, string>()

  constructor(
    private readonly root: unknown,
    private readonly rule: AddRule,
    private readonly unkept: Set<string>,
    private readonly patterned: typeof patternForm,
  ) {}

  of(schema: unknown): string {
    if (schema === true || schema === undefined) return 'value'
    if (!isSchema(schema)) throw nothingFits(schema)
    if (typeof schema.$ref === 'string') return this.#reference(schema.$ref, schema)
    for (const key of Object.keys(schema))
      if (keywords[key] === 'checked' && !this.#empty(key, schema)) this.unkept.add(key)
    const values = 'const' in schema ? [schema.const] : schema.enum
    if (Array.isArray(values)) return this.#values(values, schema)
    if (Array.isArray(schema.allOf)) return this.#all(schema.allOf, omit(schema, 'allOf'))
    const { anyOf, oneOf, ...own } = schema
    const branches = anyOf ?? oneOf
    if (Array.isArray(branches))
      return this.#choice(branches, own, anyOf === undefined, anyOf !== undefined && oneOf !== undefined)
    const types = own.type === undefined ? impliedTypes(own) : [own.type].flat()
    if (types === undefined) return 'value'
    return this.#either(types.map((type) => this.#typed(type, own)))
  }

  /** Keywords that ask for nothing. */
  #empty(key: string, schema: Schema): boolean {
    return schema[key] === false || (key === 'multipleOf' && multiplesOf(schema) !== undefined)
  }

  #reference(ref: string, { $ref: _, ...beside }: Schema): string {
    const target = resolved(this.root, ref)
    if (target === undefined) throw new JobError('unsupported', `The JSON schema's ${ref} leads nowhere.`)
    for (const key of Object.keys(beside)) if (key in keywords) this.unkept.add(key)
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
    const beside = Object.keys(schema).filter((key) => !['const', 'enum', 'type'].includes(key))
    for (const key of beside) if (key in keywords) this.unkept.add(key)
    return this.#either(fitting.map((value) => literal(JSON.stringify(value))))
  }

  #either(forms: string[]): string {
    if (forms.length === 0) throw nothingFits('its type or choice')
    return forms.length === 1 ? (forms[0] as string) : this.rule(forms.join(' | '))
  }

  #all(parts: unknown[], own: Schema): string {
    const lost = (key: string) => this.unkept.add(key)
    // A reference with a description beside it is written so by some.
    if (parts.length === 1 && !constrains(own)) return this.of(parts[0])
    return this.#ofMerged(parts.reduce<Schema>((sum, part) => merged(sum, this.#target(part), lost), own))
  }

  #ofMerged(schema: Schema): string {
    const text = JSON.stringify(schema)
    return (
      this.#merged.get(text) ??
      this.rule((self) => {
        this.#merged.set(text, self)
        return this.of(schema)
      })
    )
  }

  /** The schema itself, past its references. */
  #target(schema: unknown): Schema {
    let at = schema
    for (let steps = 0; isSchema(at) && typeof at.$ref === 'string' && steps < 100; steps++)
      at = resolved(this.root, at.$ref)
    if (at === true) return {}
    if (!isSchema(at)) throw nothingFits(at)
    return at
  }

  #choice(branches: unknown[], own: Schema, exactlyOne: boolean, both: boolean): string {
    const targets = branches.filter((branch) => branch !== false)
    if (both) this.unkept.add('oneOf')
    if (exactlyOne) {
      const forms = targets.map((branch) => this.#target(branch))
      if (forms.some((one, index) => forms.slice(index + 1).some((other) => !apart(one, other))))
        this.unkept.add('oneOf')
    }
    const lost = (key: string) => this.unkept.add(key)
    return this.#either(
      targets.map((branch) =>
        constrains(own) ? this.#ofMerged(merged(own, this.#target(branch), lost)) : this.of(branch),
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
    const given = isSchema(schema.properties) ? schema.properties : {}
    const required = new Set(Array.isArray(schema.required) ? (schema.required as string[]) : [])
    const { additionalProperties: more = schema.properties === undefined && required.size === 0 } = schema
    if (
      more === true &&
      Object.keys(given).length === 0 &&
      required.size === 0 &&
      !bounded(schema, 'Properties')
    )
      return 'object'
    const missing = [...required].filter((name) => !Object.hasOwn(given, name))
    if (missing.length > 0 && schema.additionalProperties === false)
      throw nothingFits(`required ${missing.join(', ')}`)
    const properties = [
      ...Object.entries(given),
      ...missing.map((name): [string, unknown] => [name, schema.additionalProperties ?? true]),
    ]
    const names = properties.map(([name]) => name)
    const other = more === false ? undefined : this.rule(`${nameOtherThan(names)} ":" ws ${this.of(more)}`)
    if (properties.length === 0) return this.#rowOf('{', '}', other, schema, 'Properties')
    const { minProperties = 0, maxProperties = Number.POSITIVE_INFINITY } = schema
    if (Number(minProperties) > required.size) this.unkept.add('minProperties')
    if (
      Number(maxProperties) < names.length ||
      (other !== undefined && maxProperties !== Number.POSITIVE_INFINITY)
    )
      this.unkept.add('maxProperties')
    const pairs = properties.map(([name, value]) => ({
      form: `${literal(JSON.stringify(name))} ":" ws ${this.of(value)}`,
      optional: !required.has(name),
    }))
    return this.rule(`"{" ws ${this.#members(pairs, other)} ws "}"`)
  }

  /** Members in their order, from the last to the first, so that each knows what may follow with and without it. */
  #members(pairs: { form: string; optional: boolean }[], other: string | undefined): string {
    let [after, alone] = [
      other === undefined ? '""' : this.rule(`("," ws ${other})*`),
      other === undefined ? '""' : this.rule(`(${other} ("," ws ${other})*)?`),
    ]
    for (const { form, optional } of pairs.toReversed()) {
      const pair = this.rule(form)
      const [behind, first] = [`"," ws ${pair} ${after}`, `${pair} ${after}`]
      ;[after, alone] = [
        this.rule(optional ? `${behind} | ${after}` : behind),
        this.rule(optional ? `${first} | ${alone}` : first),
      ]
    }
    return alone
  }

  #array(schema: Schema): string {
    // Older drafts have the list in `items`, and what follows in `additionalItems`.
    const [list, items] = Array.isArray(schema.items)
      ? [schema.items, schema.additionalItems]
      : [schema.prefixItems, schema.items]
    const prefix = Array.isArray(list) ? list : []
    if (prefix.length === 0)
      return this.#rowOf('[', ']', items === false ? undefined : this.of(items), schema, 'Items')
    const { minItems = 0, maxItems = Number.POSITIVE_INFINITY } = schema
    if (Number(maxItems) < prefix.length) throw nothingFits('maxItems')
    const least = Math.max(0, Number(minItems) - prefix.length)
    const more = least > 0 || (items !== undefined && items !== false)
    if (items === false && least > 0) throw nothingFits('minItems')
    const most = Number(maxItems) - prefix.length
    const tail = more ? ` ("," ws ${this.of(items)})${this.#times(least, most, 'Items')}` : ''
    return this.rule(`"[" ws ${prefix.map((item) => this.of(item)).join(' "," ws ')}${tail} ws "]"`)
  }

  /** Any number of one thing, within the bounds of `minItems` or `minProperties`. */
  #rowOf(open: string, close: string, item: string | undefined, schema: Schema, what: string): string {
    const least = Number(schema[`min${what}`] ?? 0)
    const most = Number(schema[`max${what}`] ?? Number.POSITIVE_INFINITY)
    if (least > most || (item === undefined && least > 0)) throw nothingFits(`min${what}`)
    if (item === undefined || most === 0) return this.rule(`"${open}" ws "${close}"`)
    const row = `${item} ("," ws ${item})${this.#times(Math.max(0, least - 1), most - 1, what)} ws`
    return this.rule(`"${open}" ws ${least === 0 ? `(${row})?` : row} "${close}"`)
  }

  #times(least: number, most: number, what: string): string {
    if (least > mostRepeated) this.unkept.add(`min${what}`)
    const from = Math.min(least, mostRepeated)
    if (most === Number.POSITIVE_INFINITY) return from === 0 ? '*' : `{${from},}`
    if (most <= mostRepeated) return `{${from},${most}}`
    this.unkept.add(`max${what}`)
    return `{${from},}`
  }

  #number(schema: Schema, type: 'integer' | 'number'): string {
    const form = numberForm(schema, type, (keyword) => this.unkept.add(keyword))
    if (form === undefined) throw nothingFits('bounds of a number')
    return form === type ? type : this.rule(form)
  }

  #string({ format, minLength, maxLength, pattern }: Schema): string {
    const matching = typeof pattern === 'string' ? this.patterned(pattern) : undefined
    if (pattern !== undefined && matching === undefined) this.unkept.add('pattern')
    if (matching !== undefined && format !== undefined) this.unkept.add('format')
    const form = matching ?? (typeof format === 'string' ? formats[format] : undefined)
    if (form !== undefined) {
      if (minLength !== undefined) this.unkept.add('minLength')
      if (maxLength !== undefined) this.unkept.add('maxLength')
      return this.rule(`"\\"" (${form}) "\\""`)
    }
    if (format !== undefined) this.unkept.add('format')
    if (minLength === undefined && maxLength === undefined) return 'string'
    const [least, most] = [Number(minLength ?? 0), Number(maxLength ?? Number.POSITIVE_INFINITY)]
    if (least > most) throw nothingFits('minLength')
    return this.rule(`"\\"" char${this.#times(least, most, 'Length')} "\\""`)
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

function nothingFits(what: unknown): JobError {
  return new JobError(
    'unsupported',
    `No value can fit this JSON schema (${typeof what === 'string' ? what : JSON.stringify(what)}). Correct it.`,
  )
}
