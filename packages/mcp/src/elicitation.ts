// Elicitation: a server asks the user of the app, by a form or by a page to open.
import {
  type ElicitResult,
  ProtocolError,
  ProtocolErrorCode,
  specTypeSchemas,
  UrlElicitationRequiredError,
} from '@modelcontextprotocol/client'
import type { JsonSchema } from '@patchbay/core'
import { validated } from './validated.js'

/** A question of a server to the user. */
export type Elicitation =
  | {
      /** The user fills in a form. Never one for a password or another secret: those are for `url`. */
      mode: 'form'
      message: string
      /** An object of texts, numbers, booleans and choices, with titles, descriptions and defaults. */
      schema: JsonSchema
    }
  | {
      /** The user opens a page. Show its whole address first, and open it in a browser only after consent. */
      mode: 'url'
      message: string
      url: string
      /** The server's name for it. */
      id: string
    }

/** The user's answer. `content` belongs to a form. */
export type ElicitationAnswer =
  | { action: 'accept'; content?: Record<string, string | number | boolean | string[]> }
  | { action: 'decline' | 'cancel' }

/** Asks the user. `signal` aborts when the server no longer waits. */
export type Elicit = (
  elicitation: Elicitation,
  options: { signal: AbortSignal },
) => ElicitationAnswer | Promise<ElicitationAnswer>

/** The answer to `elicitation/create`. */
export async function answerElicitation(
  elicit: Elicit,
  params: unknown,
  signal: AbortSignal,
): Promise<ElicitResult> {
  const request = await validated(specTypeSchemas.ElicitRequestParams, params)
  return await elicit(
    request.mode === 'url'
      ? { mode: 'url', message: request.message, url: request.url, id: request.elicitationId }
      : { mode: 'form', message: request.message, schema: request.requestedSchema as JsonSchema },
    { signal },
  )
}

/** Whether the user did all that an error of a call asks for, so that the call can be made again. */
export async function didRequired(
  elicit: Elicit | undefined,
  thrown: unknown,
  signal: AbortSignal,
): Promise<boolean> {
  const isRequired =
    thrown instanceof UrlElicitationRequiredError ||
    (thrown instanceof ProtocolError && thrown.code === ProtocolErrorCode.UrlElicitationRequired)
  if (elicit === undefined || !isRequired) return false
  const { elicitations } = thrown.data as { elicitations?: unknown }
  if (!Array.isArray(elicitations) || elicitations.length === 0) return false
  for (const params of elicitations)
    if ((await answerElicitation(elicit, params, signal)).action !== 'accept') return false
  return true
}
