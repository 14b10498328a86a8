// Structured output: the text of an answer as the value the caller asked for. Loaded when it is first asked for.
import { LlmError } from './errors.js'
import { isObject } from './is-object.js'
import { violation } from './json-schema.js'
import type { JsonSchema, OutputSpec, StandardSchema } from './request.js'
import type { ChatResponse } from './response.js'
import { isStandardSchema, standardResult } from './schema.js'

/**
 * The response with its `output`, where the model answered rather than called a tool or declined.
 * @throws {LlmError} `structured-output` when the answer is not JSON or does not fit the schema
 */
export async function withOutput(
  response: ChatResponse,
  output: Exclude<OutputSpec, 'text'>,
): Promise<ChatResponse> {
  if (
    response.finishReason !== 'stop' &&
    response.finishReason !== 'length' &&
    response.finishReason !== 'other'
  )
    return response
  const broken = (problem: string, cause?: unknown) =>
    new LlmError(
      'structured-output',
      `${response.model} (${response.provider}) gave an answer that ${problem}.`,
      { partial: response, cause },
    )

  if (response.finishReason === 'length')
    throw broken('was cut off before its JSON ended; raise maxOutputTokens')
  let value: unknown
  try {
    value = JSON.parse(response.text)
  } catch (cause) {
    throw broken('is not JSON; see `partial.text`', cause)
  }
  if (!isObject(output)) return { ...response, output: value }
  const result = await validate(output.schema, value)
  if ('problem' in result) throw broken(`does not fit the schema: ${result.problem}`)
  return { ...response, output: result.value }
}

/** The value as the schema sees it, or what is wrong with it in one line. */
export async function validate(
  schema: StandardSchema | JsonSchema,
  value: unknown,
): Promise<{ value: unknown } | { problem: string }> {
  if (!isStandardSchema(schema)) {
    const problem = violation(schema, value)
    return problem === undefined ? { value } : { problem }
  }
  const result = await standardResult(schema, value)
  if (result.issues === undefined) return { value: result.value }
  const problem = result.issues
    .map((issue) => {
      const path = (issue.path ?? [])
        .map((step) => String(typeof step === 'object' ? step.key : step))
        .join('.')
      return path === '' ? issue.message : `${path}: ${issue.message}`
    })
    .join('; ')
  return { problem }
}
