// What every protocol asks of a request: a JSON object, a model's name, options of the call.
import type { CallOptions } from '@patchbay/core'
import type { Context } from 'hono'
import { refused } from './failures.js'

/** An object of JSON. */
export type Json = Record<string, unknown>

/** @throws {LlmError} `invalid-request` for what is none */
export async function jsonOf(context: Context): Promise<Json> {
  let body: unknown
  try {
    body = await context.req.json()
  } catch {
    throw refused('The body must be JSON.')
  }
  if (typeof body === 'object' && body !== null && !Array.isArray(body)) return body as Json
  throw refused('The body must be an object.')
}

/** @throws {LlmError} `invalid-request` */
export function nameOf({ model }: Json): string | undefined {
  if (model === undefined || typeof model === 'string') return model
  throw refused('model: must be a string.')
}

/** A client that goes away aborts; what it says of itself is for policies. */
export function optionsOf(context: Context, metadata: Json): CallOptions {
  const said = Object.entries(metadata).flatMap(([name, value]) =>
    value === undefined || value === null ? [] : [[name, String(value)]],
  )
  return { signal: context.req.raw.signal, ...(said.length > 0 && { metadata: Object.fromEntries(said) }) }
}
