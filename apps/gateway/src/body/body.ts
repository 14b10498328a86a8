// Readers for request bodies, shared by all protocols: JSON objects, model names, and checks of types.
import type { ChatRequest, ChatResponse } from '@patchbay/core'
import { yieldToEventLoop } from '@patchbay/core/wrap'
import type { Context } from 'hono'
import type { FieldNames } from '../answer/client-errors.js'
import { requestError } from '../answer/http-status.js'
import { largeBody, parseJson, parseJsonBytes } from './json.js'
import { jsonReplacer, writeInThread } from './json-thread.js'

/** A JSON object. */
export type Json = Record<string, unknown>

/**
 * The JSON body of a request.
 * @throws {LlmError} `invalid-request` if it is not a JSON object
 */
export async function readJson(context: Context): Promise<Json> {
  const length = Number(context.req.header('content-length') ?? Number.POSITIVE_INFINITY)
  const value =
    length < largeBody
      ? parseJson(await context.req.text())
      : await parseJsonBytes(await context.req.arrayBuffer())
  const body = requireObject(value, 'The body')
  // What is made of a large body has a turn of its own: others come between.
  if (!(length < largeBody)) await yieldToEventLoop()
  return body
}

/** The approximate length of vectors as JSON, in characters. */
export function vectorsLength(vectors: readonly Float32Array[]): number {
  return vectors.length * (vectors[0]?.length ?? 0) * 16
}

/** The length of an answer's text and reasoning, in characters. */
export function answerLength({ text, reasoning }: Pick<ChatResponse, 'text' | 'reasoning'>): number {
  return text.length + reasoning.length
}

/** A JSON response; a large one is written by the worker thread. `characters` is its approximate length in characters. */
export async function writeJson(context: Context, value: Json, characters: number): Promise<Response> {
  const isLarge = characters >= largeBody
  // Between the turn it came in and the one it is handed over in, others come.
  if (isLarge) await yieldToEventLoop()
  const text = isLarge ? await writeInThread(value) : JSON.stringify(value, jsonReplacer)
  return context.body(text, 200, { 'content-type': 'application/json' })
}

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
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Json
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
export function toChatRequest(fields: Json, names: FieldNames): ChatRequest {
  const entries = Object.entries(fields).filter(([, value]) => value !== undefined && value !== null)
  for (const [name, value] of entries) {
    if (numbers.has(name) && typeof value !== 'number')
      throw requestError(`${names[name] ?? name}: must be a number.`)
    if (name === 'parallelToolCalls' && typeof value !== 'boolean')
      throw requestError(`${names[name] ?? name}: must be true or false.`)
  }
  const request = Object.fromEntries(entries) as unknown as ChatRequest
  // The likeliest token is in every share, so at temperature 0 a share changes nothing; some services refuse both together.
  if (request.temperature === 0) delete request.topP
  return request
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

/** The client's name of its end user, as metadata. */
export function userMetadata(value: unknown, where: string): { user?: string } {
  return value === undefined || value === null ? {} : { user: metadataValue(value, where) }
}
