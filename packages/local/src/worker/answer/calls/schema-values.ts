// Values of arguments that are written as bare text: the tool's schema tells what they are.
import type { TemplateTool } from '../../../supervisor/protocol.js'
import { parsePython } from './python-literal.js'
import { jsonOf } from './source.js'

type Schema = Record<string, unknown>

/** The schema of a tool's argument; `undefined` if it is not declared. */
export function argumentSchema(tools: TemplateTool[], name: string, key: string): unknown {
  const parameters = tools.find((tool) => tool.function.name === name)?.function.parameters as
    | Schema
    | undefined
  return (parameters?.properties as Schema | undefined)?.[key]
}

/** Whether a schema takes texts, and whether it takes anything else. */
function kinds(schema: unknown): { text: boolean; other: boolean } {
  if (typeof schema !== 'object' || schema === null) return { text: true, other: true }
  const { type, enum: values, const: constant, anyOf, oneOf } = schema as Schema
  if (constant !== undefined)
    return { text: typeof constant === 'string', other: typeof constant !== 'string' }
  if (Array.isArray(values)) {
    const text = values.some((value) => typeof value === 'string')
    return { text, other: values.some((value) => typeof value !== 'string') }
  }
  const branches = anyOf ?? oneOf
  if (Array.isArray(branches)) {
    const all = branches.map(kinds)
    return { text: all.some(({ text }) => text), other: all.some(({ other }) => other) }
  }
  if (type === undefined) return { text: true, other: true }
  const types = [type].flat()
  return { text: types.includes('string'), other: types.some((type) => type !== 'string') }
}

export function isTextOnly(schema: unknown): boolean {
  const { text, other } = kinds(schema)
  return text && !other
}

/** The value of a bare text: a text where the schema takes only texts, otherwise JSON or a Python literal if it is one. */
export function valueOfText(text: string, schema: unknown): unknown {
  if (isTextOnly(schema)) return text
  try {
    return jsonOf(text)
  } catch {
    const parsed = /^\s*([[{]|True|False|None)/.test(text) ? parsePython(text) : undefined
    return parsed === undefined ? text : parsed.value
  }
}
