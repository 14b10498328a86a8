// Converts errors of other client libraries to `LlmError`, by the status, message and connection codes found in the error and
// its causes.
import type { ErrorCode, ErrorDetails, LlmError } from '../../contract/errors.js'
import { fieldsOf } from '../formats/received-json.js'
import { unreachable } from '../http/connection-error.js'
import { codeOfStatus } from './http-error.js'
import { isOverflow } from './overflow.js'
import { errorIn, jsonIn, serviceError, wordsOf } from './service-error.js'

const deepest = 8
const connection =
  /^(E[A-Z_]{4,}|UND_ERR_.*|HPE_.*|CERT_.*|ERR_(SSL|TLS|HTTP2)_.*|DEPTH_ZERO_.*|SELF_SIGNED_.*)$/

/** The `LlmError` for a client's error; `undefined` if it comes from neither a service nor a connection. */
export function clientError(thrown: unknown, who: string, given: ErrorDetails = {}): LlmError | undefined {
  const chain = causesOf(thrown)
  const status =
    given.status ??
    first(chain, ({ status, statusCode, status_code }) =>
      [status, statusCode, status_code].find((one) => typeof one === 'number' && one >= 400 && one < 600),
    )
  const body: unknown = first(chain, ({ responseBody, error }) => responseBody || error)
  const inBody = errorIn(typeof body === 'string' ? (jsonIn(body) ?? {}) : body) ?? (body || undefined)
  const words = wordsOf(inBody ?? wordsIn(thrown))
  const details = { cause: thrown, ...given, ...(status !== undefined && { status: Number(status) }) }
  const of = (code: ErrorCode) =>
    serviceError({ who, code, words, details, ...(body !== undefined && { body }) })
  if (status !== undefined) return of(codeOfStatus(Number(status)))
  if (isOverflow(words)) return of('invalid-request')
  const broken = first(chain, ({ code, message }) =>
    connection.test(String(code)) || message === 'fetch failed' ? true : undefined,
  )
  if (broken !== undefined) return unreachable(thrown, who, 'Is it running?') as LlmError
  // Error events of a stream, thrown as plain objects.
  return thrown instanceof Error || inBody === undefined ? undefined : of('server-error')
}

/** Without the link that LangChain appends. */
function wordsIn(thrown: unknown): unknown {
  return thrown instanceof Error ? thrown.message.split('\n\nTroubleshooting URL')[0] : thrown
}

function causesOf(thrown: unknown): Record<string, unknown>[] {
  const chain: Record<string, unknown>[] = []
  for (let one = thrown; typeof one === 'object' && one !== null && chain.length < deepest; ) {
    chain.push(one as Record<string, unknown>)
    one = fieldsOf(one).cause
  }
  return chain
}

function first(chain: Record<string, unknown>[], what: (one: Record<string, unknown>) => unknown): unknown {
  for (const one of chain) {
    const found = what(one)
    if (found !== undefined && found !== null && found !== '') return found
  }
  return undefined
}
