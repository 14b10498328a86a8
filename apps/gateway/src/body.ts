// What every protocol asks of a request: a JSON object, and a model's name.
import type { Context } from 'hono'
import { refused } from './failures.js'
import { parsed } from './json.js'

/** An object of JSON. */
export type Json = Record<string, unknown>

/** @throws {LlmError} `invalid-request` for what is none */
export async function jsonOf(context: Context): Promise<Json> {
  const body = parsed(await context.req.text())
  if (typeof body === 'object' && body !== null && !Array.isArray(body)) return body as Json
  throw refused('The body must be an object.')
}

/** @throws {LlmError} `invalid-request` */
export function nameOf({ model }: Json): string | undefined {
  if (model === undefined || typeof model === 'string') return model
  throw refused('model: must be a string.')
}
