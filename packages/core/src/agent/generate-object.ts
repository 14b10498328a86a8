// A value of a schema, from any model: constrained where the provider can, asked for in words where it cannot, checked in
// any case, and sent back for repair when it does not fit.
import { deepCompareStrict } from '@cfworker/json-schema'
import { inTime } from '../call/in-time.js'
import { systemClock } from '../contract/clock.js'
import { isLlmError, LlmError } from '../contract/errors.js'
import type { MessageInput } from '../contract/message.js'
import type { Provider } from '../contract/provider.js'
import type {
  CallOptions,
  ChatInput,
  ChatRequest,
  JsonSchema,
  SchemaOutput,
  StandardSchema,
} from '../contract/request.js'
import type { ChatResponse, Usage } from '../contract/response.js'
import { sum } from '../contract/usage.js'
import { isObject } from '../object.js'
import { asRequest } from '../request/prepare.js'
import { wrapped } from '../schema/embedding.js'
import { toJsonSchema } from '../schema/schema.js'
import { partialObjects } from './partial-json.js'
import { fitting, validate } from './structured-output.js'

/** Options of `generateObject` and `streamObject`. */
export interface ObjectOptions extends CallOptions {
  /** How often an answer that does not fit is sent back. Default 2. */
  repairs?: number
  /** A name for the schema; some providers show it to the model. */
  name?: string
}

/** A value that fitted, and how it came. */
export interface ObjectResult<T> {
  object: T
  /** The answer it was in. */
  response: ChatResponse
  /** How many answers did not fit. */
  repairs: number
  /** Of all answers together. */
  usage: Usage
}

/** A value that is still coming: everything may be missing, and texts may go on. */
export type PartialOf<T> = unknown extends T
  ? unknown
  : T extends readonly (infer Item)[]
    ? PartialOf<Item>[]
    : T extends object
      ? { [Key in keyof T]?: PartialOf<T[Key]> }
      : T

/** @throws {LlmError} `structured-output` when no answer fitted */
export async function* generate<Schema extends StandardSchema | JsonSchema>(
  provider: Provider,
  schema: Schema,
  input: ChatInput,
  { repairs = 2, name, ...options }: ObjectOptions,
): AsyncGenerator<PartialOf<SchemaOutput<Schema>>, ObjectResult<SchemaOutput<Schema>>> {
  if (!(Number.isInteger(repairs) && repairs >= 0))
    throw new LlmError('invalid-request', `repairs must be a whole number from 0, not ${repairs}.`)
  const given = asRequest(input)
  const json = toJsonSchema(schema, 'schema')
  const form = isObjectSchema(json) ? json : inObject(json)
  const inner = (value: unknown) =>
    form === json ? value : (value as { value?: unknown } | undefined)?.value
  const messages: MessageInput[] = [given.messages].flat()
  let usage: Usage = {}
  let constrained = true

  for (let repair = 0; ; ) {
    const request = constrained
      ? { ...given, messages, output: { schema: form, ...(name !== undefined && { name }) } }
      : inWords({ ...given, messages }, form)
    const startedAt = systemClock.now()
    const stream = provider.stream(request, options)
    let response: ChatResponse
    let shown: unknown
    try {
      for await (const known of partialObjects(stream.text)) {
        const value = inner(known)
        if (value === undefined) continue
        shown = value
        yield value as PartialOf<SchemaOutput<Schema>>
      }
      response = await stream.response()
    } catch (error) {
      if (constrained && (await cannotConstrain(error))) {
        constrained = false
        continue
      }
      // The check of the call itself: what it refused may still hold the value, among other words.
      if (!isLlmError(error, 'structured-output') || error.partial === undefined) throw error
      response = error.partial
    }
    usage = sum(usage, response.usage)
    const check = () => valueIn(response, schema, form, inner)
    const found = await inTime(provider, options, { startedAt, response }, check)
    if ('value' in found) {
      const object = found.value as SchemaOutput<Schema>
      // The last value shown may not be the one that fits, or the schema may transform it.
      if (!deepCompareStrict(shown, object)) yield object as PartialOf<SchemaOutput<Schema>>
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
}

type Found = { value: unknown } | { problem: string; repairable: boolean }

async function valueIn(
  { text, finishReason }: ChatResponse,
  schema: StandardSchema | JsonSchema,
  form: JsonSchema,
  inner: (value: unknown) => unknown,
): Promise<Found> {
  if (finishReason === 'length')
    return { problem: 'it was cut off before its end; raise maxOutputTokens', repairable: false }
  if (finishReason === 'refusal' || finishReason === 'content-filter')
    return { problem: 'it was declined', repairable: false }
  const found = await fitting(text, async (value) => {
    const whole = await validate(form, value)
    // Some models leave out the wrapping object; the value counts.
    return validate(schema, 'problem' in whole && inner(value) === undefined ? value : inner(value))
  })
  if ('value' in found) return found
  if (finishReason === 'tool-calls' && !found.isValue)
    return { problem: 'it called a tool instead', repairable: false }
  return { problem: found.problem, repairable: true }
}

/** Refused because of the wish for JSON, by us or by the server? Then the wish can be told in words. */
async function cannotConstrain(error: unknown): Promise<boolean> {
  if (!isLlmError(error)) return false
  const { code, status, message, responseBody } = error
  const pattern =
    code === 'unsupported'
      ? /json|schema/i
      : code === 'invalid-request' && status === 400
        ? /response_format|json_?schema|structured/i
        : undefined
  if (pattern === undefined) return false
  if (responseBody === undefined) return pattern.test(message)
  // The message quotes only the beginning of the error; the body may repeat what was sent.
  const { errorIn, jsonIn, wordsOf } = await import('../wire/errors/service-error.js')
  const body = jsonIn(responseBody)
  return pattern.test(body === undefined ? responseBody : wordsOf(errorIn(body) ?? message))
}

function inWords({ system, ...request }: ChatRequest, schema: JsonSchema): ChatRequest {
  const wish = `Answer with one JSON value of this JSON Schema, and nothing else:\n${JSON.stringify(schema)}`
  return { ...request, system: system === undefined ? wish : `${system}\n\n${wish}` }
}

function isObjectSchema({ type, properties }: JsonSchema): boolean {
  return type === 'object' && isObject(properties)
}

/** Services constrain objects only: any other value becomes the one property of an object. */
function inObject(schema: JsonSchema): JsonSchema {
  return wrapped(schema, '/properties/value', (value) => ({
    type: 'object',
    properties: { value },
    required: ['value'],
    additionalProperties: false,
  }))
}
