// Errors of requests without a response, by the connection's error codes, the same for every service. The platform's messages are not
// used: they change with its versions and quote what was sent.
import { type ErrorCode, LlmError } from '../../contract/errors.js'

/** A kind of failure, recognised by the codes of Node, OpenSSL, undici and its HTTP parser. */
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
    codes: /^(HTTPParserError|HPE_.*|UND_ERR_HEADERS_OVERFLOW|ERR_HTTP2_.*)$/,
    code: 'bad-response',
    says: 'sent an answer that is not valid HTTP',
    advice: 'Check the server, what stands between, and https:// and http:// in baseURL.',
  },
  {
    codes: /^HTTP 407$/,
    code: 'network',
    why: 'a proxy asks for a user and password',
    advice: "Pass a fetch that sends them. This platform's own hides what the proxy says.",
    retryable: false,
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

/** The error of a request without any response. An abort is passed on, since the call knows its reason. */
export function unreachable(cause: unknown, where: string, hint: string): unknown {
  if (cause instanceof LlmError || isAbort(cause)) return cause
  const codes = errorCodesOf(cause)
  const kind = kinds.find(({ codes: known }) => codes.some((code) => known.test(code)))
  const { code = 'network', says = 'cannot be reached', why, advice = hint, retryable } = kind ?? {}
  const reason = why === undefined ? '' : `: ${why}`
  return new LlmError(code, `${where} ${says}${inBrackets(codes)}${reason}. ${advice}`, { cause, retryable })
}

/** The error of a connection that broke in the middle of an answer. */
export function connectionLost(cause: unknown): unknown {
  // An abort is passed on, since the call knows its reason.
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

/**
 * The status of a proxy's refusal. undici 6 and 7 give it only as text (`Proxy response (403) …`); for a 407 without a tunnel,
 * only as an error with no message and no code.
 */
function proxyStatus({ name, message }: Error, isCause: boolean): string | undefined {
  if (message === 'proxy authentication required' || (isCause && name === 'Error' && message === ''))
    return 'HTTP 407'
  const [, status] = /^Proxy response \((\d{3})\)/.exec(message) ?? []
  return status && `HTTP ${status}`
}

/** The codes of an error and its causes, each once. */
function errorCodesOf(error: unknown, depth = 0): string[] {
  if (!(error instanceof Error) || depth > deepest) return []
  // The parser's errors have no code since undici 7.29 (Node 24).
  const { name, code: given = name === 'HTTPParserError' ? name : undefined } = error as {
    name: string
    code?: unknown
  }
  const code = typeof given === 'string' && given.length < 64 ? given : undefined
  const status = proxyStatus(error, depth > 0 && code === undefined)
  const own = [code, status].filter((one) => one !== undefined)
  const parts: unknown[] = error instanceof AggregateError ? error.errors.slice(0, 4) : []
  return [...new Set([...own, ...[error.cause, ...parts].flatMap((part) => errorCodesOf(part, depth + 1))])]
}
