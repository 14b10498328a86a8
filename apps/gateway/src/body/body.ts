// What every protocol asks of a request: a JSON object, a model's name, and that things are what they should be.
import type { ChatRequest } from '@patchbay/core'
import { largeJson, lettersIn } from '@patchbay/core/wire'
import { yieldToEventLoop } from '@patchbay/core/wrap'
import type { Context } from 'hono'
import type { FieldNames } from '../answer/client-errors.js'
import { refused } from '../answer/http-status.js'
import { largeBody, parsed, parsedBytes } from './json.js'
import { asPlain, writeAway } from './json-thread.js'

/** An object of JSON. */
export type Json = Record<string, unknown>

/** @throws {LlmError} `invalid-request` for what is none */
export async function jsonOf(context: Context): Promise<Json> {
  const stream = hasLargeBody(context) ? context.req.raw.body : null
  const value = stream === null ? parsed(await context.req.text()) : await parsedBytes(stream)
  const body = objectOf(value, 'The body')
  // What is made of a large body has a turn of its own: others come between.
  if (hasLargeBody(context)) await yieldToEventLoop()
  return body
}

/** May it take long to read it, and to do anything else with it? */
export function hasLargeBody(context: Context): boolean {
  const length = context.req.header('content-length')
  return length === undefined || Number(length) >= largeBody
}

const asJson = { 'content-type': 'application/json' }

/** An answer as JSON; a large one is written in slices. */
export async function jsonAnswer(context: Context, value: Json): Promise<Response> {
  if (lettersIn(value, largeBody) < largeBody) return context.body(JSON.stringify(value), 200, asJson)
  // Between the turn it came in and those it is written in, others come.
  await yieldToEventLoop()
  const whole = await largeJson(value)
  return context.body(whole.stream(), 200, { ...asJson, 'content-length': String(whole.size) })
}

/** An answer with vectors as JSON; many are written by the thread: numbers take long. */
export async function vectorsAnswer(
  context: Context,
  value: Json,
  vectors: readonly Float32Array[],
): Promise<Response> {
  const isLarge = vectors.length * (vectors[0]?.length ?? 0) * lettersOfNumber >= largeBody
  if (isLarge) await yieldToEventLoop()
  return context.body(isLarge ? await writeAway(value) : JSON.stringify(value, asPlain), 200, asJson)
}

const lettersOfNumber = 16

/** @throws {LlmError} `invalid-request` */
export function nameOf({ model }: Json): string | undefined {
  if (model === undefined) return model
  if (typeof model !== 'string') throw refused('model: must be a string.')
  // It goes to the log.
  if (model.length <= mostLetters) return model
  throw refused(`model: must have at most ${mostLetters} letters.`)
}

/** @throws {LlmError} `invalid-request` for what is no object */
export function objectOf(value: unknown, where: string): Json {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Json
  throw refused(`${where}: must be an object.`)
}

/** @throws {LlmError} `invalid-request` for what is no list */
export function listOf(value: unknown, where: string): unknown[] {
  if (Array.isArray(value)) return value
  throw refused(`${where}: must be a list.`)
}

/** @throws {LlmError} `invalid-request` for what is no string */
export function textOf(value: unknown, where: string): string {
  if (typeof value === 'string') return value
  throw refused(`${where}: must be a string.`)
}

/** A schema of JSON. What looks like one of a library is none: it came as JSON. */
export function schemaOf(value: unknown, where: string): Json {
  const schema = objectOf(value, where)
  if ('~standard' in schema) throw refused(`${where}: must be a JSON schema.`)
  return schema
}

const numbers = new Set([
  ...[
    'maxOutputTokens',
    'temperature',
    'topP',
    'topK',
    'minP',
    'seed',
    'frequencyPenalty',
    'presencePenalty',
  ],
])

/**
 * What is said of a request: `null` is how many clients say nothing. Core checks what it is.
 * @throws {LlmError} `invalid-request` for what is not even of its kind
 */
export function asRequest(fields: Json, names: FieldNames): ChatRequest {
  const said = Object.entries(fields).filter(([, value]) => value !== undefined && value !== null)
  for (const [name, value] of said) {
    if (numbers.has(name) && typeof value !== 'number')
      throw refused(`${names[name] ?? name}: must be a number.`)
    if (name === 'parallelToolCalls' && typeof value !== 'boolean')
      throw refused(`${names[name] ?? name}: must be true or false.`)
  }
  return Object.fromEntries(said) as unknown as ChatRequest
}

/**
 * What a client says of its request, for policies.
 * @throws {LlmError} `invalid-request` for what is no text, number or boolean
 */
export function metadataOf(value: unknown, where: string): Record<string, string> {
  const entries = Object.entries(objectOf(value ?? {}, where)).filter(([, one]) => one !== null)
  if (entries.length > mostMetadata) throw refused(`${where}: must have at most ${mostMetadata} entries.`)
  return Object.fromEntries(entries.map(([name, one]) => [name, metadatum(one, `${where}.${name}`)]))
}

// It goes to logs and spans.
const mostMetadata = 64
const mostLetters = 1000

function metadatum(value: unknown, where: string): string {
  const text = typeof value === 'number' || typeof value === 'boolean' ? String(value) : textOf(value, where)
  if (text.length <= mostLetters) return text
  throw refused(`${where}: must have at most ${mostLetters} letters.`)
}

/**
 * The texts to embed, at most so many: an answer has some thousands of numbers for each.
 * @throws {LlmError} `invalid-request`
 */
export function textsOf(input: unknown, most: number): string[] {
  const texts: unknown[] = [input].flat()
  if (!texts.every((text) => typeof text === 'string'))
    throw refused('input: must be a text or a list of texts.')
  if (texts.length > most) throw refused(`input: must have at most ${most} texts.`)
  return texts
}

/** The client's name of its user, as metadata. */
export function userOf(value: unknown, where: string): { user?: string } {
  return value === undefined || value === null ? {} : { user: metadatum(value, where) }
}
