// Requests that got no answer: what the connection's error codes say, the same for every service. Texts of the platform
// change with its versions and quote what was sent, so they decide nothing.
import { type ErrorCode, LlmError } from '../errors.js'
import { entriesOf, type HeaderFields } from './secrets.js'

/** What a failure of this kind is, by the codes of Node, OpenSSL, undici and its HTTP parser. */
const kinds: {
  codes: RegExp
  code: ErrorCode
  says?: string
  why?: string
  advice?: string
  retryable?: boolean
}[] = [
  {
    codes: /^(ENOTFOUND|EAI_.*|ENODATA)$/,
    code: 'network',
    why: 'its name cannot be resolved',
  },
  {
    codes:
      /^(CERT_.*|DEPTH_ZERO_.*|SELF_SIGNED_.*|UNABLE_TO_.*|ERR_TLS_CERT_.*|HOSTNAME_MISMATCH|INVALID_CA)$/,
    code: 'network',
    why: 'its certificate is not trusted',
    advice: 'Check the host in baseURL. NODE_EXTRA_CA_CERTS names certificates of your own.',
    retryable: false,
  },
  {
    codes: /^(EPROTO|ERR_SSL_.*|ERR_TLS_.*)$/,
    code: 'network',
    why: 'no encrypted connection could be made',
    advice: 'Check https:// and http:// in baseURL.',
    retryable: false,
  },
  {
    codes: /^(HPE_.*|UND_ERR_HEADERS_OVERFLOW|ERR_HTTP2_.*)$/,
    code: 'bad-response',
    says: 'sent an answer that is not valid HTTP',
    advice: 'Check the server, what stands between, and https:// and http:// in baseURL.',
  },
  {
    codes: /^UND_ERR_(HEADERS|BODY)_TIMEOUT$/,
    code: 'timeout',
    says: "did not answer within the time limit of this platform's fetch",
    advice: 'Pass a fetch with a longer limit.',
  },
  {
    codes: /^UND_ERR_INVALID_ARG$/,
    code: 'invalid-request',
    says: "was not asked: this platform's fetch refuses the request as invalid",
  },
]

/** A request that got no answer at all. An abort is passed on: the life of the call knows its reason. */
export function unreachable(cause: unknown, where: string, hint: string): unknown {
  if (cause instanceof LlmError || isAbort(cause)) return cause
  const codes = errorCodesOf(cause)
  const kind = kinds.find(({ codes: known }) => codes.some((code) => known.test(code)))
  const { code = 'network', says = 'cannot be reached', why, advice = hint, retryable } = kind ?? {}
  const reason = why === undefined ? '' : `: ${why}`
  return new LlmError(code, `${where} ${says}${inBrackets(codes)}${reason}. ${advice}`, { cause, retryable })
}

/** A connection that broke in the middle of an answer. */
export function brokenOff(cause: unknown): unknown {
  // An abort is the caller's doing; the life of the call knows the reason.
  if (cause instanceof LlmError || isAbort(cause)) return cause
  const codes = inBrackets(errorCodesOf(cause))
  return new LlmError('network', `The connection broke in the middle of the answer${codes}. Try again.`, {
    cause,
  })
}

function isAbort(cause: unknown): boolean {
  return cause instanceof Error && cause.name === 'AbortError'
}

function inBrackets(codes: string[]): string {
  return codes.length > 0 ? ` (${codes.join(', ')})` : ''
}

const deepest = 8

/** The codes of an error and of what caused it, each once. */
function errorCodesOf(error: unknown, depth = 0): string[] {
  if (!(error instanceof Error) || depth > deepest) return []
  const own = 'code' in error && typeof error.code === 'string' && error.code.length < 64 ? [error.code] : []
  const parts: unknown[] = error instanceof AggregateError ? error.errors.slice(0, 4) : []
  return [...new Set([...own, ...[error.cause, ...parts].flatMap((part) => errorCodesOf(part, depth + 1))])]
}

// RFC 9110, sections 5.1 and 5.5. White space around a value is cut off by every client.
const headerName = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/
const headerValue = /^[\t\x20-\x7e\x80-\xff]*$/

/**
 * @throws {LlmError} `invalid-request` for what no header can hold, before a client or `fetch` sees it: both quote it
 */
export function checkHeaders(headers: HeaderFields, who: string): void {
  for (const [name, value] of entriesOf(headers))
    if (!headerName.test(name) || !headerValue.test(value.trim())) {
      // A name that is none may hold a key that was put in its place.
      const which = headerName.test(name) ? `the header ${name.slice(0, 64)}` : 'the name of a header'
      throw new LlmError(
        'invalid-request',
        `The request for ${who} cannot be sent: ${which} holds characters that no header may. Check the key and \`headers\`.`,
      )
    }
}

// Kept from tests that put the clock's functions away.
const { setImmediate: soon } = globalThis

/**
 * Lets Node see which of its kept connections the servers have closed meanwhile: a busy event loop has not heard of it
 * yet, and would put the next request on one of them. From the first byte on nobody can know what a server has read, so
 * no request is ever sent again from here.
 */
export async function idleConnectionsChecked(): Promise<void> {
  if (soon === undefined) return
  // Only the second turn is sure to come after a look at the sockets.
  await new Promise<void>((resolve) => soon(() => soon(resolve)))
}
