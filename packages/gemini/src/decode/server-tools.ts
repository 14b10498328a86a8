// Parts of server tools: calls and results. Sources: ai.google.dev/api/generate-content (ExecutableCode, CodeExecutionResult) and
// /gemini-api/docs/tool-combination (toolCall, toolResponse), November 2026.
import type { ServerToolUse } from '@patchbay/core'
import { fieldsOf } from '@patchbay/core/wire'

type Json = Record<string, unknown>

/** What a part of the answer tells of a server tool; `undefined` for other parts. */
export function serverToolUse(part: Json): ServerToolUse | undefined {
  const { executableCode: code, codeExecutionResult: result, toolCall: call, toolResponse: response } = part
  const idOf = (value: unknown) => String(fieldsOf(value).id ?? '')
  if (code !== undefined) {
    const { id: _, ...input } = fieldsOf(code)
    return { id: idOf(code), name: 'code_execution', input }
  }
  if (result !== undefined) {
    const { outcome, output = '' } = fieldsOf(result)
    const isError = outcome !== 'OUTCOME_OK'
    return { id: idOf(result), name: 'code_execution', output, ...(isError && { isError }) }
  }
  const name = (value: unknown) => String(fieldsOf(value).toolType ?? '').toLowerCase()
  if (call !== undefined) return { id: idOf(call), name: name(call), input: fieldsOf(call).args ?? {} }
  if (response !== undefined)
    return { id: idOf(response), name: name(response), output: fieldsOf(response).response }
  return undefined
}

/** The state of a block that the service made of no part: there is nothing to send back. */
export const reportState = { isReport: true }

/** Whether the state is of such a block. */
export function isReport(own: Json): boolean {
  return own.isReport === true
}
