// One request made by a vendor's own client, and its answer handed over untouched. The clients know how their
// requests are made; their reading of answers has no time-out, ends silently on cut streams and costs more.
import { LlmError } from '../errors.js'
import { excerpt, holdsHeader, send, unreachable } from './http.js'

/** How one exchange is made. */
export interface ExchangeOptions {
  fetch: typeof globalThis.fetch
  signal: AbortSignal
  /** The error of a response that is no success. */
  failed(response: Response): Promise<unknown>
  /** Who could not be reached, for the error's message: `The Ollama server at …`. */
  who: string
  /** What to do about it. */
  hint: string
}

/**
 * The response to whatever `call` makes its client ask through the `fetch` it is given.
 * @throws {LlmError} for every response that is no success, and when nobody answers
 */
export async function exchange(
  options: ExchangeOptions,
  call: (fetch: typeof globalThis.fetch) => Promise<unknown>,
): Promise<Response> {
  const { signal, failed, who, hint } = options
  let answer: Response | undefined
  let failure: unknown
  const asked = async (address: Parameters<typeof fetch>[0], init?: RequestInit): Promise<Response> => {
    try {
      const response = await send(options.fetch, address, { ...init, signal, redirect: 'manual' })
      if (response.ok) answer = response
      else failure = await failed(response)
    } catch (cause) {
      failure = unreachable(cause, who, hint)
    }
    // What the client gets to read, so that it leaves alone what is ours.
    return new Response(null, { status: 204 })
  }
  // What the client makes of the stand-in is of no interest; why it sends nothing is.
  const refusal: unknown = await call(asked).then(
    () => undefined,
    (error: unknown) => error,
  )
  if (answer !== undefined) return answer
  if (failure !== undefined) throw failure
  if (holdsHeader(refusal))
    throw new LlmError(
      'invalid-request',
      `The request for ${who} cannot be sent: a header holds characters that no header may. Check the key and \`headers\`.`,
    )
  const why = refusal instanceof Error ? refusal.message : String(refusal)
  throw new LlmError('invalid-request', `The request for ${who} cannot be sent: ${excerpt(why)}`, {
    cause: refusal,
  })
}
