// One request as a vendor's own client makes it, sent by us, and its answer handed over untouched. The clients know how
// their requests are made; their reading of answers has no time-out, ends silently on cut streams and costs more.
import { LlmError } from '../../contract/errors.js'
import type { CallContext } from '../../contract/provider.js'
import { excerpt } from '../errors/http-error.js'
import { rateLimits } from '../errors/rate-limits.js'
import { redactor } from '../secrets/redact.js'
import { entriesOf, type HeaderFields } from '../secrets/request-secrets.js'
import { type ServerAddress, withQuery } from './address.js'
import { checkHeaders, idleConnectionsChecked, unreachable } from './connection-error.js'
import { type LargeField, large } from './large-list.js'

/** How one exchange is made. */
export interface ExchangeOptions {
  fetch: typeof globalThis.fetch
  signal: AbortSignal
  /** The error for an HTTP error response to a request for `path`. */
  failed(response: Response, path: string): Promise<unknown>
  /** Hears what the response's headers say of rate limits. */
  status?: CallContext['status']
  /**
   * From the call's context: redacts failures that come later, in the middle of an answer. Errors of `exchange` itself are
   * already redacted.
   */
  onFailure?: CallContext['onFailure']
  /** The server's address; its credentials and query are added to the request. */
  address?: ServerAddress
  /** The headers and keys that the request will have, checked before a client can quote them in an error. */
  headers?: HeaderFields
  /** The fields of the body that `markLarge` has marked. */
  large?: readonly LargeField[] | undefined
  /** Who could not be reached, for the error's message: `The Ollama server at …`. */
  who: string
  /** What to do about it. */
  hint: string
}

/** What `fetch` takes. */
export interface WireRequest {
  url: Parameters<typeof globalThis.fetch>[0]
  init: RequestInit
}

/**
 * Sends the request that `make` builds, once, and returns the response. Only after a 421 ("misdirected") does the platform's
 * `fetch` send it again, on a new connection, as its standard says: the server has not processed it (RFC 9110).
 * @throws {LlmError} for every HTTP error response, and without a response; it contains no secret of the request
 */
export async function exchange(
  options: ExchangeOptions,
  make: () => Promise<WireRequest>,
): Promise<Response> {
  const { who, address, headers, status } = options
  let redact = redactor(address && withQuery(address.baseURL, address.query), [
    ...entriesOf(headers),
    ['authorization', address?.authorization ?? ''],
  ])
  try {
    checkHeaders(headers, who)
    const { url, init } = addressed(await made(make, options), options)
    redact = redactor(url, init.headers)
    options.onFailure?.(redact)
    checkHeaders(init.headers, who)
    readable(init.headers, who)
    await idleConnectionsChecked()
    const response = await answered(url, init, options)
    if (status !== undefined) tellLimits(response.headers, status)
    if (response.ok) return response
    throw await options.failed(response, new URL(url, 'http://here').pathname)
  } catch (failure) {
    throw redact(failure)
  }
}

async function made(
  make: () => Promise<WireRequest>,
  { fetch, who, large: fields }: ExchangeOptions,
): Promise<WireRequest> {
  const { url, init } = await make().catch(notSendable(who))
  const { body } = init
  if (typeof body !== 'string' || (fields === undefined && body.length < large)) return { url, init }
  const { blobOf, textsOf } = await import('./large-body.js')
  const texts = fields === undefined ? [body] : textsOf(body, fields)
  // A `fetch` of the app's own gets the text: it may sign it.
  const whole = fetch === globalThis.fetch ? await blobOf(texts) : [...texts].join('')
  return { url, init: { ...init, body: whole } }
}

/** Checks that headers are strings: the error of `fetch` would look like a connection failure. */
function readable(headers: HeaderFields, who: string): void {
  try {
    new Headers(headers)
  } catch (cause) {
    notSendable(who)(cause)
  }
}

async function answered(
  url: string,
  init: RequestInit,
  { fetch, signal, who, hint }: ExchangeOptions,
): Promise<Response> {
  let response: Response | undefined
  try {
    response = await fetch(url, { ...init, signal, redirect: 'manual' })
  } catch (cause) {
    // An app's custom `fetch` may have given up by itself.
    const own = !signal.aborted && cause instanceof Error && cause.name === 'AbortError'
    throw unreachable(own ? new Error('fetch gave up', { cause }) : cause, who, hint)
  }
  if (typeof response?.status !== 'number' || response.bodyUsed)
    throw new LlmError(
      'config',
      `The fetch of this provider gave no Response that can be read, for ${who}. Mend it.`,
    )
  return response
}

/** The request with the server's credentials and query. The caller's own `authorization` wins. */
function addressed(
  { url, init }: WireRequest,
  { address, headers: own }: ExchangeOptions,
): { url: string; init: RequestInit } {
  const href = url instanceof Request ? url.url : String(url)
  if (address === undefined) return { url: href, init }
  const { authorization, query } = address
  const asked = { url: withQuery(href, query), init }
  if (authorization === undefined || new Headers(own).has('authorization')) return asked
  const headers = new Headers(init.headers)
  headers.set('authorization', authorization)
  return { ...asked, init: { ...init, headers } }
}

/**
 * The request a client makes that has no other way to tell: `call` has it asked through a `fetch` that sends nothing.
 * @throws what the client throws when it makes none
 */
export async function requestOf(
  call: (fetch: typeof globalThis.fetch) => PromiseLike<unknown>,
): Promise<WireRequest> {
  let request: WireRequest | undefined
  const caught = async (url: WireRequest['url'], init: RequestInit = {}): Promise<Response> => {
    request = { url, init }
    return new Response(null, { status: 204 })
  }
  // What the client makes of the stand-in is of no interest; why it sends nothing is.
  const refusal: unknown = await call(caught).then(
    () => undefined,
    (error: unknown) => error,
  )
  if (request === undefined) throw refusal
  return request
}

function tellLimits(headers: Headers, status: CallContext['status']): void {
  const limits = rateLimits(headers, Date.now())
  if (limits !== undefined) status({ type: 'rate-limit', ...limits })
}

/** The error of a client that refuses to build the request. */
function notSendable(who: string): (cause: unknown) => never {
  return (cause) => {
    if (cause instanceof LlmError) throw cause
    const why = cause instanceof Error ? cause.message : String(cause)
    const message = `The request for ${who} cannot be sent: ${excerpt(why)}`
    throw new LlmError('invalid-request', message, { cause })
  }
}
