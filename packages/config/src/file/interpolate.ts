// Environment variables in a configuration: `${NAME}`, `${NAME:-default}` (which may hold variables itself), `$${` for a
// literal `${`.
import type { JsonSchema } from '@patchbay/core'
import { configError } from './config-error.js'

/**
 * The value with its variables interpolate in. If the schema does not take text, a variable is read as JSON: `300`, `true`,
 * `["a"]`.
 * @throws {LlmError} `config` for a variable that is not set, and for a `${` that starts no variable
 */
export function interpolated<T>(value: T, where: string, schema?: JsonSchema): T {
  return interpolateValue(value, where, schema) as T
}

/** The same, but undefined if a variable is not set: the value may never be used. */
export function interpolatedIfSet<T>(value: T, where: string, schema?: JsonSchema): T | undefined {
  try {
    return interpolated(value, where, schema)
  } catch (error) {
    if (error instanceof Error && unset.has(error)) return undefined
    throw error
  }
}

/** Errors of variables that are not set, unlike errors in the text. */
const unset = new WeakSet<Error>()

function interpolateValue(value: unknown, where: string, schema: JsonSchema | undefined): unknown {
  if (typeof value === 'string') {
    const text = new TemplateParser(value, where).interpolate()
    return value.startsWith('${') && value.endsWith('}') ? convert(text, schema) : text
  }
  if (Array.isArray(value))
    return value.map((item, index) => interpolateValue(item, `${where}[${index}]`, schemaAt(schema, 'items')))
  // Only plain values: functions and instances come from modules.
  if (typeof value !== 'object' || value === null || Object.getPrototypeOf(value) !== Object.prototype)
    return value
  const properties = schema?.properties as Record<string, JsonSchema> | undefined
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [
      key,
      interpolateValue(
        item,
        `${where}.${key}`,
        properties?.[key] ?? schemaAt(schema, 'additionalProperties'),
      ),
    ]),
  )
}

function schemaAt(schema: JsonSchema | undefined, keyword: string): JsonSchema | undefined {
  const found = schema?.[keyword]
  return typeof found === 'object' && found !== null ? (found as JsonSchema) : undefined
}

/** The text of a variable as the type that the schema takes. */
function convert(text: string, schema: JsonSchema | undefined): unknown {
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

/** Parser for variables in one text. */
class TemplateParser {
  #at = 0
  constructor(
    private readonly text: string,
    private readonly where: string,
  ) {}

  interpolate(): string {
    let out = ''
    while (this.#at < this.text.length) {
      if (this.#consume('$${')) {
        const end = this.text.indexOf('}', this.#at)
        const literal = this.text.slice(this.#at, end < 0 ? undefined : end + 1)
        this.#at += literal.length
        out += `\${${literal}`
      } else if (this.#consume('${')) out += this.#variable()
      else out += this.text[this.#at++]
    }
    return out
  }

  #variable(): string {
    const from = this.#at
    const [name = ''] = /^\w*/.exec(this.text.slice(from, from + 256)) ?? []
    this.#at += name.length
    const defaultValue = name !== '' && this.#consume(':-') ? this.#default() : undefined
    if (name === '' || !this.#consume('}'))
      throw configError(
        `${this.where}: a "\${" does not start a variable. Write \${NAME} or \${NAME:-default}, and $\${ for a literal "\${".`,
      )
    const found = (Object.hasOwn(process.env, name) && process.env[name]) || defaultValue?.()
    if (found !== undefined) return found
    const error = configError(`${this.where}: the variable ${name} is not set.`)
    unset.add(error)
    throw error
  }

  /** Evaluated only if needed: variables in an unused default need not be set. */
  #default(): () => string {
    const from = this.#at
    // Braces that are not in pairs are plain text.
    this.#at = this.#endOf('{') ?? this.#endOf('${') ?? this.text.length
    const inner = this.text.slice(from, this.#at)
    return () => new TemplateParser(inner, this.where).interpolate()
  }

  /** The position of the closing brace, counting nested ones of this kind. */
  #endOf(opening: string): number | undefined {
    let depth = 0
    for (let at = this.#at; at < this.text.length; at++) {
      if (this.text.startsWith(opening, at)) depth++
      if (this.text[at] === '}' && depth-- === 0) return at
    }
    return undefined
  }

  #consume(sign: string): boolean {
    const there = this.text.startsWith(sign, this.#at)
    if (there) this.#at += sign.length
    return there
  }
}
