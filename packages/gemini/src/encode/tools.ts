// Tools and `toolConfig`. Sources: ai.google.dev/gemini-api/docs/function-calling, @google/genai 2.32.0 (FunctionDeclaration,
// FunctionCallingConfig), and refusals of the service, November 2026.
import type { JsonSchema, PreparedChat, PreparedTool, Warning } from '@patchbay/core'
import { fieldsOf, type LeaveOut, objectSchema } from '@patchbay/core/wire'
import { knownKeywords } from './schema.js'

/** A tool, with its schema in the keywords that the service takes. */
export function toDeclaration(
  { name, description, schema }: PreparedTool,
  warn: (warning: Warning) => void,
): Record<string, unknown> {
  const { schema: input, isOpen } = objectSchema(schema)
  const { schema: known, dropped } = knownKeywords(input)
  if (isOpen || dropped.length > 0)
    warn({
      code: 'other',
      feature: 'tools',
      message: `Gemini does not enforce ${isOpen ? 'alternatives at the top' : dropped.join(', ')} of the schema of the tool ${name}: it is described in words.`,
    })
  const words =
    isOpen || dropped.length > 0
      ? `The input must match this JSON Schema: ${JSON.stringify(schema)}`
      : undefined
  const text = [description, words].filter((one) => one !== undefined).join('\n\n')
  return {
    name,
    ...(text !== '' && { description: text }),
    // A schema of an object without properties is refused.
    ...(hasInput(known) && { parametersJsonSchema: known }),
  }
}

function hasInput({ properties, additionalProperties, anyOf, oneOf, $ref }: JsonSchema): boolean {
  const isMap = typeof additionalProperties === 'object'
  return (
    isMap ||
    [anyOf, oneOf, $ref].some((one) => one !== undefined) ||
    Object.keys(fieldsOf(properties)).length > 0
  )
}

/** The field `toolConfig`; nothing for what the service does by default. */
export function toToolConfig(
  { toolChoice: choice = 'auto', tools }: Pick<PreparedChat, 'toolChoice' | 'tools'>,
  leaveOut: LeaveOut,
  model: string,
): { toolConfig?: Record<string, unknown> } {
  if (choice === 'auto') return {}
  const isFunction =
    typeof choice === 'object' ? tools.some(({ name }) => name === choice.name) : tools.length > 0
  if (choice !== 'none' && !isFunction) {
    leaveOut(
      'toolChoice',
      `${model} decides itself whether it uses tools of Google's; only functions can be forced.`,
    )
    return {}
  }
  const config =
    choice === 'none'
      ? { mode: 'NONE' }
      : choice === 'required'
        ? { mode: 'ANY' }
        : { mode: 'ANY', allowedFunctionNames: [choice.name] }
  return { toolConfig: { functionCallingConfig: config } }
}
