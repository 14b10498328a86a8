// Generates a value of a schema with any model: by constrained decoding if the provider has it, otherwise by a prompt. Each answer is
// validated; one that does not fit is sent back to the model for repair.
import { deepCompareStrict } from '@cfworker/json-schema'
import { inTime } from '../call/in-time.js'
import { LinkedSignal } from '../call/linked-signal.js'
import type { CallOptions } from '../contract/call-options.js'
import { systemClock } from '../contract/clock.js'
import { isLlmError, LlmError } from '../contract/errors.js'
import type { MessageInput } from '../contract/message.js'
import type { Provider } from '../contract/provider.js'
import type { ChatInput, ChatRequest } from '../contract/request.js'
import type { ChatResponse, Usage } from '../contract/response.js'
import type { JsonSchema, SchemaInput, SchemaOutput, StandardSchema } from '../contract/schema.js'
import { addUsage } from '../contract/usage.js'
import { isObject } from '../object.js'
import { readCallerValue } from '../request/caller-objects.js'
import { toChatRequest } from '../request/prepare-request.js'
import { checkCallOptionNames } from '../request/request-names.js'
import { convertible } from '../schema/converter.js'
import { embedSchema } from '../schema/embedding.js'
import { toJsonSchema } from '../schema/schema.js'
import { asOwnValue } from './own-values.js'
import { partialObjects } from './partial-json.js'
import { findFitting, validate } from './structured-output.js'

/** Options of `generateObject` and `streamObject`. */
export interface ObjectOptions extends CallOptions {
  /** How often an answer that does not fit is sent back to the model. Default 2. */
  repairs?: number | undefined
  /** A name for the schema; some services show it to the model. */
  name?: string | undefined
}

/** A validated value, and the answer it came from. */
export interface ObjectResult<T> {
  object: T
  /** The answer that contains it. */
  response: ChatResponse
  /** The number of answers that did not fit. */
  repairs: number
  /** Of all answers together. */
  usage: Usage
}

/**
 * A value that is still being generated, as the model writes it: nothing is transformed yet, everything may be missing, and texts may be
 * incomplete.
 */
export type PartialOf<T> = unknown extends T
  ? unknown
  : T extends readonly (infer Item)[]
    ? PartialOf<Item>[]
    : T extends object
      ? { [Key in keyof T]?: PartialOf<Exclude<T[Key], undefined>> }
      : T

/**
 * Yields the value so far, and returns the validated one.
 * @throws {LlmError} `structured-output` if no answer fits
 */
export async function* generateValue<Schema extends StandardSchema | JsonSchema>(
  provider: Provider,
  schema: Schema,
  input: ChatInput,
  { repairs = 2, name, ...callOptions }: ObjectOptions,
  leaving: AbortSignal,
): AsyncGenerator<PartialOf<SchemaInput<Schema>>, ObjectResult<SchemaOutput<Schema>>> {
  if (!(Number.isInteger(repairs) && repairs >= 0))
    throw new LlmError('invalid-request', `repairs must be a whole number from 0, not ${repairs}.`)
  checkCallOptionNames(callOptions, 'of generateObject() or streamObject()', ['repairs', 'name'])
  const original = toChatRequest(input)
  const json = toJsonSchema(await convertible(schema), 'schema')
  const sentSchema = isObjectSchema(json) ? json : wrapInObject(json)
  const inner = (value: unknown) =>
    sentSchema === json ? value : (value as { value?: unknown } | undefined)?.value
  const messages: MessageInput[] = [original.messages].flat()
  let usage: Usage = {}
  let constrained = true

  const running = await readCallerValue('The options', () => new LinkedSignal(callOptions.signal, leaving))
  const options = { ...callOptions, signal: running.signal }

  try {
    for (let repair = 0; ; ) {
      const request = constrained
        ? { ...original, messages, output: { schema: sentSchema, ...(name !== undefined && { name }) } }
        : withPromptedSchema({ ...original, messages }, sentSchema)
      const startedAt = systemClock.now()
      const stream = provider.stream(request, options)
      let response: ChatResponse
      let lastYielded: unknown
      try {
        for await (const known of partialObjects(stream.text)) {
          const value = inner(known)
          if (value === undefined) continue
          lastYielded = value
          yield asOwnValue(value as PartialOf<SchemaInput<Schema>>)
        }
        response = await stream.response()
      } catch (error) {
        if (constrained && (await isAboutConstraint(error))) {
          constrained = false
          continue
        }
        // The call's own validation failed, but the value may be in the text, between other words.
        if (!isLlmError(error, 'structured-output') || error.partial === undefined) throw error
        response = error.partial
      }
      usage = addUsage(usage, response.usage)
      const check = () => valueIn(response, schema, sentSchema, inner)
      const found = await inTime(provider, options, { startedAt, response }, check)
      if ('value' in found) {
        const object = found.value as SchemaOutput<Schema>
        // The last value yielded may not be the one that fits.
        if (!deepCompareStrict(lastYielded, found.raw))
          yield asOwnValue(found.raw as PartialOf<SchemaInput<Schema>>)
        return { object, response, repairs: repair, usage }
      }
      if (repair === repairs || !found.repairable)
        throw new LlmError(
          'structured-output',
          `${response.model} (${response.provider}) gave no answer of the schema${repair > 0 ? ` in ${repair + 1} tries` : ''}: ${found.problem}.`,
          { provider: provider.provider, model: provider.model, partial: response },
        )
      repair++
      messages.push(
        response.message,
        `That answer is wrong: ${found.problem}. Answer again, with only the corrected JSON.`,
      )
    }
  } finally {
    running.release()
  }
}

/** `raw`: as the model wrote it. */
type ValueOrProblem = { value: unknown; raw: unknown } | { problem: string; repairable: boolean }

async function valueIn(
  { text, finishReason }: ChatResponse,
  schema: StandardSchema | JsonSchema,
  sentSchema: JsonSchema,
  inner: (value: unknown) => unknown,
): Promise<ValueOrProblem> {
  if (finishReason === 'length')
    return { problem: 'it was cut off before its end; raise maxOutputTokens', repairable: false }
  if (finishReason === 'refusal' || finishReason === 'content-filter')
    return { problem: 'it was declined', repairable: false }
  let raw: unknown
  const found = await findFitting(text, async (value) => {
    const whole = await validate(sentSchema, value)
    // Some models leave out the wrapping object.
    raw = 'problem' in whole && inner(value) === undefined ? value : inner(value)
    return validate(schema, raw)
  })
  if ('value' in found) return { ...found, raw }
  if (finishReason === 'tool-calls' && !found.isValue)
    return { problem: 'it called a tool instead', repairable: false }
  return { problem: found.problem, repairable: true }
}

/** Whether the error, of core or of a service, is about constrained JSON: then a prompt is tried instead. */
async function isAboutConstraint(error: unknown): Promise<boolean> {
  if (!isLlmError(error)) return false
  const { code, status, message, responseBody } = error
  const pattern =
    code === 'unsupported'
      ? /json|schema/i
      : code === 'invalid-request' && status === 400
        ? /response_format|json_?schema|structured|grammar|schema is too complex/i
        : undefined
  if (pattern === undefined) return false
  if (responseBody === undefined) return pattern.test(message)
  // The message quotes only the beginning of the error, and the body may repeat the request.
  const { errorIn, jsonIn, wordsOf } = await import('../wire/errors/service-error.js')
  const body = jsonIn(responseBody)
  return pattern.test(body === undefined ? responseBody : wordsOf(errorIn(body) ?? message))
}

function withPromptedSchema({ system, ...request }: ChatRequest, schema: JsonSchema): ChatRequest {
  const instruction = `Answer with one JSON value of this JSON Schema, and nothing else:\n${JSON.stringify(schema)}`
  return { ...request, system: system === undefined ? instruction : `${system}\n\n${instruction}` }
}

function isObjectSchema({ type, properties }: JsonSchema): boolean {
  return type === 'object' && isObject(properties)
}

/** Services constrain only objects: any other value becomes the one property of an object. */
function wrapInObject(schema: JsonSchema): JsonSchema {
  return embedSchema(schema, '/properties/value', (value) => ({
    type: 'object',
    properties: { value },
    required: ['value'],
    additionalProperties: false,
  }))
}
