// One request as a vendor's own client makes it, sent by us, and its answer handed over untouched. The clients know how
// their requests are made; their reading of answers has no time-out, ends silently on cut streams and costs more.
import { LlmError } from '../errors.js'
import type { CallContext } from '../provider.js'
import { badHeader, excerpt, holdsHeader, send, unreachable } from './http.js'
import { withoutKeys } from './keys.js'
import { rateLimits } from './rate-limits.js'

/** How one exchange is made. */
export interface ExchangeOptions {
  fetch: typeof globalThis.fetch
  signal: AbortSignal
  /** The error of a response that is no success. */
  failed(response: Response): Promise<unknown>
  /** Hears what the response's headers say of rate limits. */
  status?: CallContext['status']
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
 * The response to the request that `make` makes.
 * @throws {LlmError} for every response that is no success, and when nobody answers
 */
export async function exchange(
  options: ExchangeOptions,
  make: () => Promise<WireRequest>,
): Promise<Response> {
  const { signal, failed, who, hint, status } = options
  const { url, init } = await make().catch((cause) => {
    throw notSendable(cause, who)
  })
  let response: Response
  try {
    response = await send(options.fetch, url, { ...init, signal, redirect: 'manual' })
  } catch (cause) {
    throw unreachable(cause, who, hint)
  }
  if (status !== undefined) tellLimits(response.headers, status)
  if (response.ok) return response
  throw await failed(await withoutKeys(response, init.headers))
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

function notSendable(cause: unknown, who: string): unknown {
  if (cause instanceof LlmError) return cause
  if (holdsHeader(cause)) return badHeader(who)
  const why = cause instanceof Error ? cause.message : String(cause)
  return new LlmError('invalid-request', `The request for ${who} cannot be sent: ${excerpt(why)}`, { cause })
}
