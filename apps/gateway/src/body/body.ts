// Readers for request bodies, shared by all protocols: JSON objects, model names, and checks of types.
import type { ChatRequest } from '@patchbay/core'
import { isObject, jsonLength, largeJson } from '@patchbay/core/wire'
import { yieldToEventLoop } from '@patchbay/core/wrap'
import type { Context } from 'hono'
import type { FieldNames } from '../answer/client-errors.js'
import { requestError } from '../answer/http-status.js'
import type { Env } from '../server/request-context.js'
import { largeBody, parseJson, parseJsonStream } from './json.js'
import { jsonReplacer, writeInThread } from './json-thread.js'

/** A JSON object. */
export type Json = Record<string, unknown>

/**
 * The JSON body of a request.
 * @throws {LlmError} `invalid-request` if it is not a JSON object
 */
export async function readJson(context: Context): Promise<Json> {
  const stream = hasLargeBody(context) ? context.req.raw.body : null
  const value = stream === null ? parseJson(await context.req.text()) : await parseJsonStream(stream)
  const body = requireObject(value, 'The body')
  // What is made of a large body has a turn of its own: others come between.
  if (hasLargeBody(context)) await yieldToEventLoop()
  return body
}

/** Whether the body is large, or of unknown length: then reading and processing it may take long. */
export function hasLargeBody(context: Context): boolean {
  const length = context.req.header('content-length')
  return length === undefined || Number(length) >= largeBody
}

const jsonHeaders = { 'content-type': 'application/json' }

/** A JSON response; a large one is written in slices. */
export async function writeJson(context: Context<Env>, value: Json): Promise<Response> {
  // A plain object, which the server writes as it is: hono would make two lists of headers of it, and sort them.
  const headers = { ...jsonHeaders, ...context.get('recorder').idHeaders }
  if (jsonLength(value, largeBody) < largeBody) return new Response(JSON.stringify(value), { headers })
  // Other requests get their turn between reading the answer and writing it.
  await yieldToEventLoop()
  const blob = await largeJson(value)
  return new Response(blob.stream(), { headers: { ...headers, 'content-length': String(blob.size) } })
}

/** A JSON response with vectors; many are written by the worker thread, because numbers take long. */
export async function writeVectors(
  context: Context,
  value: Json,
  vectors: readonly Float32Array[],
): Promise<Response> {
  const isLarge = vectors.length * (vectors[0]?.length ?? 0) * charactersPerNumber >= largeBody
  if (isLarge) await yieldToEventLoop()
  const text = isLarge ? await writeInThread(value) : JSON.stringify(value, jsonReplacer)
  return context.body(text, 200, jsonHeaders)
}

// Approximately, as JSON.
const charactersPerNumber = 16

/**
 * The model name of a request.
 * @throws {LlmError} `invalid-request`
 */
export function modelName({ model }: Json): string | undefined {
  if (model === undefined) return model
  if (typeof model !== 'string') throw requestError('model: must be a string.')
  // The log holds it.
  if (model.length <= maxCharacters) return model
  throw requestError(`model: must have at most ${maxCharacters} characters.`)
}

/** @throws {LlmError} `invalid-request` if it is not an object */
export function requireObject(value: unknown, where: string): Json {
  if (isObject(value)) return value
  throw requestError(`${where}: must be an object.`)
}

/** @throws {LlmError} `invalid-request` if it is not a list */
export function requireList(value: unknown, where: string): unknown[] {
  if (Array.isArray(value)) return value
  throw requestError(`${where}: must be a list.`)
}

/** @throws {LlmError} `invalid-request` if it is not a string */
export function requireString(value: unknown, where: string): string {
  if (typeof value === 'string') return value
  throw requestError(`${where}: must be a string.`)
}

/** A JSON schema. Rejects what looks like a library's schema object: the body is JSON. */
export function requireSchema(value: unknown, where: string): Json {
  const schema = requireObject(value, where)
  if ('~standard' in schema) throw requestError(`${where}: must be a JSON schema.`)
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
 * A request from its fields, without those that are null or undefined (many clients send null). Core checks the values.
 * @throws {LlmError} `invalid-request` for a wrong type
 */
export function toChatRequest(
  { messages, ...options }: Json & Pick<ChatRequest, 'messages'>,
  names: FieldNames,
): ChatRequest {
  return { messages, ...toRequestOptions(options, names) }
}

/** The same without messages. */
export function toRequestOptions(fields: Json, names: FieldNames): Omit<ChatRequest, 'messages'> {
  const entries = Object.entries(fields).filter(([, value]) => value !== undefined && value !== null)
  for (const [name, value] of entries) {
    if (numbers.has(name) && typeof value !== 'number')
      throw requestError(`${names[name] ?? name}: must be a number.`)
    if (name === 'parallelToolCalls' && typeof value !== 'boolean')
      throw requestError(`${names[name] ?? name}: must be true or false.`)
  }
  const options: Omit<ChatRequest, 'messages'> = Object.fromEntries(entries)
  // The likeliest token is in every share, so at temperature 0 a share changes nothing; some services refuse both together.
  if (options.temperature === 0) delete options.topP
  // In vLLM, -1 is off.
  if (options.topK === -1) delete options.topK
  return options
}

/** Stop sequences as a list: many APIs take a single one, and an empty one is none. */
export function toStop(stop: unknown): unknown {
  if (stop === '') return undefined
  return typeof stop === 'string' ? [stop] : stop
}

/**
 * Metadata that the client sends with a request, for policies.
 * @throws {LlmError} `invalid-request` for a value that is not text, number or boolean
 */
export function metadataOf(value: unknown, where: string): Record<string, string> {
  const entries = Object.entries(requireObject(value ?? {}, where)).filter(([, one]) => one !== null)
  if (entries.length > maxMetadata) throw requestError(`${where}: must have at most ${maxMetadata} entries.`)
  return Object.fromEntries(entries.map(([name, one]) => [name, metadataValue(one, `${where}.${name}`)]))
}

// Logs and spans hold it.
const maxMetadata = 64
const maxCharacters = 1000

function metadataValue(value: unknown, where: string): string {
  const text =
    typeof value === 'number' || typeof value === 'boolean' ? String(value) : requireString(value, where)
  if (text.length <= maxCharacters) return text
  throw requestError(`${where}: must have at most ${maxCharacters} characters.`)
}

/**
 * The texts to embed, at most `max`: the answer has some thousands of numbers for each.
 * @throws {LlmError} `invalid-request`
 */
export function requireTexts(input: unknown, max: number): string[] {
  const texts: unknown[] = [input].flat()
  if (!texts.every((text) => typeof text === 'string'))
    throw requestError('input: must be a text or a list of texts.')
  if (texts.length > max) throw requestError(`input: must have at most ${max} texts.`)
  return texts
}

/** The client's name of its end user, as metadata. */
export function userMetadata(value: unknown, where: string): { user?: string } {
  return value === undefined || value === null ? {} : { user: metadataValue(value, where) }
}
