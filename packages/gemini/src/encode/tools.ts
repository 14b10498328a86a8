// Tools and `toolConfig`. Sources: ai.google.dev/gemini-api/docs/function-calling, @google/genai 2.32.0 (FunctionDeclaration,
// FunctionCallingConfig), and refusals of the service, November 2026.
import type { PreparedChat, PreparedTool, Warning } from '@patchbay/core'
import { objectSchema } from '@patchbay/core/wire'
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
    ...(Object.keys((known.properties ?? {}) as object).length > 0 && { parametersJsonSchema: known }),
  }
}

/** The field `toolConfig`; nothing for what the service does by default. */
export function toToolConfig({ toolChoice: choice = 'auto' }: Pick<PreparedChat, 'toolChoice'>): {
  toolConfig?: Record<string, unknown>
} {
  if (choice === 'auto') return {}
  const config =
    choice === 'none'
      ? { mode: 'NONE' }
      : choice === 'required'
        ? { mode: 'ANY' }
        : { mode: 'ANY', allowedFunctionNames: [choice.name] }
  return { toolConfig: { functionCallingConfig: config } }
}
