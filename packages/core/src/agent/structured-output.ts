// Structured output: the text of an answer as the value the caller asked for. Loaded when it is first asked for.
import { LlmError } from '../contract/errors.js'
import type { JsonSchema, OutputSpec, StandardSchema } from '../contract/request.js'
import type { ChatResponse } from '../contract/response.js'
import { isObject } from '../object.js'
import { violation } from '../schema/json-schema.js'
import { isStandardSchema, standardResult } from '../schema/schema.js'
import { candidatesIn } from './json-text.js'

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
  const found = isObject(output)
    ? await fitting(response.text, (value) => validate(output.schema, value))
    : onlyValue(response.text)
  if ('value' in found) return { ...response, output: found.value }
  throw broken(
    found.isValue
      ? `does not fit the schema: ${found.problem}`
      : `is not JSON; see \`partial.text\`: ${found.problem}`,
  )
}

type Checked = { value: unknown } | { problem: string }

/** The first value in the text that fits, or the problem of the largest one. */
export async function fitting(
  text: string,
  fits: (value: unknown) => Promise<Checked>,
): Promise<{ value: unknown } | { problem: string; isValue: boolean }> {
  let largest = { problem: 'it holds no JSON', isValue: false, length: 0 }
  for (const candidate of candidatesIn(text)) {
    const checked = 'value' in candidate ? await fits(candidate.value) : candidate
    if ('value' in checked) return checked
    const { length } = candidate
    if (length > largest.length) largest = { problem: checked.problem, isValue: 'value' in candidate, length }
  }
  return largest
}

/** The only value in the text: without a schema, several would be ambiguous. */
function onlyValue(text: string): Checked & { isValue?: boolean } {
  const [only, ...others] = candidatesIn(text)
  if (only === undefined) return { problem: 'it holds no JSON' }
  return others.length === 0 ? only : { problem: 'it holds several values between other words' }
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
