// Environment variables in a configuration: `${NAME}`, `${NAME:-default}` (which may hold variables itself), `$${` for a
// literal `${`.
import type { JsonSchema } from '@patchbay/core'
import { wrong } from './config-error.js'

/**
 * The value with its variables filled in. Where the schema takes no text, what a variable holds is read as JSON: `300`,
 * `true`, `["a"]`.
 * @throws {LlmError} `config` for a variable that is not set, and for `${` that does not start one
 */
export function interpolated<T>(value: T, where: string, schema?: JsonSchema): T {
  return visit(value, where, schema) as T
}

/** The same, or nothing while a variable is not set: what needs it is not in use yet. */
export function interpolatedIfSet<T>(value: T, where: string, schema?: JsonSchema): T | undefined {
  try {
    return interpolated(value, where, schema)
  } catch (error) {
    if (error instanceof Error && unset.has(error)) return undefined
    throw error
  }
}

/** Errors of variables that are not set, apart from those of mistakes in the text. */
const unset = new WeakSet<Error>()

function visit(value: unknown, where: string, schema: JsonSchema | undefined): unknown {
  if (typeof value === 'string') {
    const text = new Text(value, where).filled()
    return value.startsWith('${') && value.endsWith('}') ? fitted(text, schema) : text
  }
  if (Array.isArray(value))
    return value.map((item, index) => visit(item, `${where}[${index}]`, schemaAt(schema, 'items')))
  // Only what a file can hold: functions and instances come from modules, and are nobody's text.
  if (typeof value !== 'object' || value === null || Object.getPrototypeOf(value) !== Object.prototype)
    return value
  const properties = schema?.properties as Record<string, JsonSchema> | undefined
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [
      key,
      visit(item, `${where}.${key}`, properties?.[key] ?? schemaAt(schema, 'additionalProperties')),
    ]),
  )
}

function schemaAt(schema: JsonSchema | undefined, keyword: string): JsonSchema | undefined {
  const found = schema?.[keyword]
  return typeof found === 'object' && found !== null ? (found as JsonSchema) : undefined
}

/** What a variable holds, as the kind of value the schema takes. */
function fitted(text: string, schema: JsonSchema | undefined): unknown {
  const values = (schema?.enum ?? []) as unknown[]
  const types = [schema?.type ?? [], values.map((one) => typeof one)].flat() as string[]
  if (types.length === 0 || values.includes(text)) return text
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    return text
  }
  const isNumber = typeof value === 'number' && (types.includes('number') || types.includes('integer'))
  const isBoolean = typeof value === 'boolean' && types.includes('boolean') && values.length === 0
  const isList = typeof value === 'object' && types.includes(Array.isArray(value) ? 'array' : 'object')
  const fits = isNumber || isBoolean || isList || values.includes(value)
  return fits || !types.includes('string') ? value : text
}

/** One text, read from left to right. */
class Text {
  #at = 0
  constructor(
    private readonly text: string,
    private readonly where: string,
  ) {}

  filled(): string {
    let out = ''
    while (this.#at < this.text.length) {
      if (this.#takes('$${')) {
        const end = this.text.indexOf('}', this.#at)
        const literal = this.text.slice(this.#at, end < 0 ? undefined : end + 1)
        this.#at += literal.length
        out += `\${${literal}`
      } else if (this.#takes('${')) out += this.#variable()
      else out += this.text[this.#at++]
    }
    return out
  }

  #variable(): string {
    const from = this.#at
    const [name = ''] = /^\w*/.exec(this.text.slice(from, from + 256)) ?? []
    this.#at += name.length
    const otherwise = name !== '' && this.#takes(':-') ? this.#default() : undefined
    if (name === '' || !this.#takes('}'))
      throw wrong(
        `${this.where}: a "\${" does not start a variable. Write \${NAME} or \${NAME:-default}, and $\${ for a literal "\${".`,
      )
    const found = (Object.hasOwn(process.env, name) && process.env[name]) || otherwise?.()
    if (found !== undefined) return found
    const error = wrong(`${this.where}: the variable ${name} is not set.`)
    unset.add(error)
    throw error
  }

  /** Only a default that is needed has to have its variables set. */
  #default(): () => string {
    const from = this.#at
    // Where other braces are no pairs, they are text.
    this.#at = this.#endOf('{') ?? this.#endOf('${') ?? this.text.length
    const inner = this.text.slice(from, this.#at)
    return () => new Text(inner, this.where).filled()
  }

  /** Where the brace stands that closes what has begun, if each of these is closed by one of its own. */
  #endOf(opening: string): number | undefined {
    let depth = 0
    for (let at = this.#at; at < this.text.length; at++) {
      if (this.text.startsWith(opening, at)) depth++
      if (this.text[at] === '}' && depth-- === 0) return at
    }
    return undefined
  }

  #takes(sign: string): boolean {
    const there = this.text.startsWith(sign, this.#at)
    if (there) this.#at += sign.length
    return there
  }
}
