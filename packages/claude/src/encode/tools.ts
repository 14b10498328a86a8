// Tools and `tool_choice`. Source: platform.claude.com/docs/en/agents-and-tools/tool-use, and refusals of the service
// (anthropics/claude-code#5319, #44788; 2025 and 2026).
import type { JsonSchema, PreparedChat, PreparedTool, Warning } from '@patchbay/core'
import { fieldsOf, type LeaveOut } from '@patchbay/core/wire'

/** A tool definition, with a schema that the service accepts. */
export function toTool(
  { name, description, schema }: PreparedTool,
  leaveOut: LeaveOut,
  warn: (warning: Warning) => void,
): Record<string, unknown>[] {
  const { schema: input, isOpen } = objectSchema(schema)
  const key = Object.keys(fieldsOf(input.properties)).find((property) => !/^[\w.-]{1,64}$/.test(property))
  if (key !== undefined) {
    leaveOut(
      'tools',
      `Claude does not accept the property "${key.slice(0, 80)}" in the input of the tool ${name}.`,
      { advice: 'Its name may have 1 to 64 letters, digits, _, . and -: rename it.' },
    )
    return []
  }
  if (isOpen)
    warn({
      code: 'other',
      feature: 'tools',
      message: `Claude takes no alternatives at the top of a schema: for the tool ${name} they are described in words.`,
    })
  const words = isOpen ? `The input must match this JSON Schema: ${JSON.stringify(schema)}` : undefined
  const text = [description, words].filter((one) => one !== undefined).join('\n\n')
  return [{ name, ...(text !== '' && { description: text }), input_schema: input }]
}

/** The fields of a `toolChoice`; nothing for what the service does by default. */
export function toToolChoice(
  { toolChoice: choice = 'auto', parallelToolCalls }: Pick<PreparedChat, 'toolChoice' | 'parallelToolCalls'>,
  tools: Record<string, unknown>[],
): { tool_choice?: Record<string, unknown> } {
  const one = parallelToolCalls === false && { disable_parallel_tool_use: true }
  if (choice === 'none') return { tool_choice: { type: 'none' } }
  if (choice === 'required') return { tool_choice: { type: 'any', ...one } }
  if (choice === 'auto') return one ? { tool_choice: { type: 'auto', ...one } } : {}
  // The tool may have been left out.
  if (!tools.some(({ name }) => name === choice.name)) return {}
  return { tool_choice: { type: 'tool', name: choice.name, ...one } }
}

/** Whether this `toolChoice` forces a call. */
export function isForced({ toolChoice }: Pick<PreparedChat, 'toolChoice'>): boolean {
  return toolChoice === 'required' || typeof toolChoice === 'object'
}

/** References may go round in circles. */
const deepest = 8
const combinators = ['anyOf', 'oneOf', 'allOf'] as const

/**
 * The schema as one object at its top, since the service refuses `anyOf`, `oneOf` and `allOf` there: with the properties of
 * all its branches. `isOpen` where that accepts more than the schema does.
 */
function objectSchema(schema: JsonSchema): { schema: JsonSchema; isOpen: boolean } {
  const root = resolved(schema, schema)
  const merged: Merged = { properties: new Map(), required: new Set(), isOpen: false }
  merge(root, schema, merged, true, 0)
  const { anyOf: _, oneOf: __, allOf: ___, $ref: ____, ...rest } = root
  if (combinators.every((name) => root[name] === undefined))
    return { schema: { ...rest, type: 'object' }, isOpen: false }
  // What is closed in one branch is open for the properties of another.
  const { additionalProperties: _____, ...open } = rest
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
