// What every protocol asks of a request: a JSON object, a model's name, and that things are what they should be.
import type { ChatRequest } from '@patchbay/core'
import type { Context } from 'hono'
import { refused } from './failures.js'
import { parsed } from './json.js'

/** An object of JSON. */
export type Json = Record<string, unknown>

/** @throws {LlmError} `invalid-request` for what is none */
export async function jsonOf(context: Context): Promise<Json> {
  return objectOf(parsed(await context.req.text()), 'The body')
}

/** @throws {LlmError} `invalid-request` */
export function nameOf({ model }: Json): string | undefined {
  if (model === undefined || typeof model === 'string') return model
  throw refused('model: must be a string.')
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

/** What is said of a request: `null` is how many clients say nothing. Core checks what it is. */
export function asRequest(fields: Json): ChatRequest {
  const said = Object.entries(fields).filter(([, value]) => value !== undefined && value !== null)
  return Object.fromEntries(said) as unknown as ChatRequest
}
