// Sends a request that a vendor's client built, and returns its response unread. The clients build correct requests, but their reading
// of answers has no time limit, ends silently on cut streams and costs more.
import type { CallContext } from '../../contract/backend.js'
import { LlmError } from '../../contract/errors.js'
import { excerpt } from '../errors/error-body.js'
import { rateLimits } from '../errors/rate-limits.js'
import { redactor } from '../secrets/redact.js'
import { entriesOf, type HeaderFields } from '../secrets/request-secrets.js'
import { type ServerAddress, withQuery } from './address.js'
import { unreachable } from './connection-error.js'
import { checkHeaders } from './headers.js'
import { pollIdleConnections } from './idle-connections.js'
import type { LargeField } from './json-length.js'
import { large } from './large-list.js'

/** Options of `exchange`. */
export interface ExchangeOptions {
  fetch: typeof globalThis.fetch
  signal: AbortSignal
  /** The error for an HTTP error response to a request for `path`. */
  failed(response: Response, path: string): Promise<unknown>
  /** Called with the rate limits in the response's headers. */
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
  /** Secrets of the body, such as tokens for servers that the service calls. */
  secrets?: readonly string[] | undefined
  /** The fields of the body that `markLarge` has marked. */
  large?: readonly LargeField[] | undefined
  /** The server, for error messages: `The Ollama server at …`. */
  who: string
  /** What to do if it cannot be reached, for error messages. */
  hint: string
  /** What addresses of such servers look like, if most look alike, for the error after a web page: `Many end in /v1.` */
  addressHint?: string
}

/** The arguments of `fetch`. */
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
  const { who, address, headers, secrets, status } = options
  let redact = redactor(
    address && withQuery(address.baseURL, address.query),
    [...entriesOf(headers), ['authorization', address?.authorization ?? '']],
    secrets,
  )
  try {
    checkHeaders(headers, who)
    const { url, init } = withAddress(await buildRequest(make, options), options)
    redact = redactor(url, init.headers, secrets)
    options.onFailure?.(redact)
    checkHeaders(init.headers, who)
    checkStrings(init.headers, who)
    await pollIdleConnections()
    const response = await send(url, init, options)
    if (status !== undefined) reportLimits(response.headers, status)
    if (response.ok && /^text\/html\b/i.test(response.headers.get('content-type') ?? '')) {
      response.body?.cancel().catch(() => {})
      throw new LlmError(
        'bad-response',
        `${who} answered with a web page. ${['baseURL must be the address of an API.', options.addressHint].filter(Boolean).join(' ')}`,
      )
    }
    if (response.ok) return response
    throw await options.failed(response, new URL(url, 'http://here').pathname)
  } catch (failure) {
    throw redact(failure)
  }
}

async function buildRequest(
  make: () => Promise<WireRequest>,
  { fetch, who, large: fields }: ExchangeOptions,
): Promise<WireRequest> {
  const { url, init } = await make().catch(notSendable(who))
  const { body } = init
  if (typeof body !== 'string' || (fields === undefined && body.length < large)) return { url, init }
  const { blobOf, textsOf } = await import('./large-body.js')
  const texts = fields === undefined ? [body] : textsOf(body, fields)
  // A `fetch` of the app's own gets the text: it may sign it.
  const takesBlobs = fetch === globalThis.fetch || 'takesBlobs' in fetch
  const whole = takesBlobs ? await blobOf(texts) : [...texts].join('')
  return { url, init: { ...init, body: whole } }
}

/** Checks that headers are strings: the error of `fetch` would look like a connection failure. */
function checkStrings(headers: HeaderFields, who: string): void {
  const isRecord = headers !== undefined && !(Symbol.iterator in headers)
  if (isRecord && Object.values(headers).every((value) => typeof value === 'string')) return
  try {
    new Headers(headers)
  } catch (cause) {
    notSendable(who)(cause)
  }
}

async function send(
  url: string,
  init: RequestInit,
  { fetch, signal, who, hint }: ExchangeOptions,
): Promise<Response> {
  let response: Response | undefined
  try {
    response = await fetch(url, { ...init, signal, redirect: 'manual' })
  } catch (cause) {
    // The app's own `fetch` may have given up.
    const own = !signal.aborted && cause instanceof Error && cause.name === 'AbortError'
    throw unreachable(own ? new Error('fetch gave up', { cause }) : cause, who, hint)
  }
  if (typeof response?.status !== 'number' || response.bodyUsed)
    throw new LlmError(
      'config',
      `The fetch of this provider returned no readable Response for ${who}. Correct it.`,
    )
  return response
}

/** The request with the server's credentials and query. The caller's own `authorization` wins. */
function withAddress(
  { url, init }: WireRequest,
  { address, headers: own }: ExchangeOptions,
): { url: string; init: RequestInit } {
  const href = url instanceof Request ? url.url : String(url)
  if (address === undefined) return { url: href, init }
  const { authorization, query } = address
  const changed = { url: withQuery(href, query), init }
  if (authorization === undefined || new Headers(own).has('authorization')) return changed
  const headers = new Headers(init.headers)
  headers.set('authorization', authorization)
  return { ...changed, init: { ...init, headers } }
}

function reportLimits(headers: Headers, status: CallContext['status']): void {
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
