// Tools and `tool_choice`. Source: platform.claude.com/docs/en/agents-and-tools/tool-use, and refusals of the service
// (anthropics/claude-code#5319, #44788; 2025 and 2026).
import type { PreparedChat, PreparedTool, Warning } from '@patchbay/core'
import { fieldsOf, type LeaveOut, objectSchema } from '@patchbay/core/wire'

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
