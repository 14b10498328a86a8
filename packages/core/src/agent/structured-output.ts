// Structured output: parses and validates the text of an answer. Loaded with the first request that has an `output`.
import { LlmError } from '../contract/errors.js'
import type { OutputSpec } from '../contract/request.js'
import type { ChatResponse } from '../contract/response.js'
import type { JsonSchema, StandardSchema } from '../contract/schema.js'
import { isObject } from '../object.js'
import { violation } from '../schema/json-schema.js'
import { isStandardSchema, standardResult } from '../schema/schema.js'
import { candidatesIn } from './json-text.js'

/**
 * The response with its `output`; unchanged if the model called a tool or declined.
 * @throws {LlmError} `structured-output` if the answer is not JSON or does not fit the schema
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
  const failure = (problem: string, cause?: unknown) =>
    new LlmError(
      'structured-output',
      `${response.model} (${response.provider}) gave an answer that ${problem}.`,
      { partial: response, cause },
    )

  if (response.finishReason === 'length')
    throw failure('was cut off before its JSON ended; raise maxOutputTokens')
  const found = isObject(output)
    ? await findFitting(response.text, (value) => validate(output.schema, value))
    : onlyValue(response.text)
  if ('value' in found) return { ...response, output: found.value }
  throw failure(
    found.isValue
      ? `does not fit the schema: ${found.problem}`
      : `is not JSON; see \`partial.text\`: ${found.problem}`,
  )
}

type Checked = { value: unknown } | { problem: string }

/** The first value in the text that fits, or the problem of the largest one. */
export async function findFitting(
  text: string,
  fits: (value: unknown) => Promise<Checked>,
): Promise<{ value: unknown } | { problem: string; isValue: boolean }> {
  let largest = { problem: 'it contains no JSON', isValue: false, length: 0 }
  for (const candidate of candidatesIn(text)) {
    const checked = 'value' in candidate ? await fits(candidate.value) : candidate
    if ('value' in checked) return checked
    const { length } = candidate
    if (length > largest.length) largest = { problem: checked.problem, isValue: 'value' in candidate, length }
  }
  return largest
}

/** The only value in the text; without a schema, several would be ambiguous. */
function onlyValue(text: string): Checked & { isValue?: boolean } {
  const [only, ...others] = candidatesIn(text)
  if (only === undefined) return { problem: 'it contains no JSON' }
  return others.length === 0 ? only : { problem: 'it holds several values between other words' }
}

/** The value, transformed by the schema, or its problem in one line. */
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
