// Converts a service's error to `LlmError`: a code, the beginning of its text as the message, all of it as `responseBody`.
import { type ErrorCode, type ErrorDetails, LlmError } from '../../contract/errors.js'
import { fieldsOf, objectsIn } from '../formats/received-json.js'
import { excerpt, longestErrorBody } from './error-body.js'
import { codeOfStatus } from './http-status.js'
import { hasOverflowCode, isOverflow } from './overflow.js'

/** A failure reported by a service. */
export interface ServiceFailure {
  /** The service's name, for the message. */
  who: string
  /** By status, code and type. */
  code: ErrorCode
  /** The service's error text, in full. */
  words: string
  /** For `responseBody`: the text of a body, or the JSON of an event. Default: `words`. */
  body?: unknown
  /** Advice by code, instead of the usual advice. */
  advice?: Partial<Record<ErrorCode, string>>
  details?: ErrorDetails
}

const usualAdvice: Partial<Record<ErrorCode, string>> = {
  authentication: 'Check the key.',
  network: 'A proxy asks for a user and password. Pass a fetch that sends them.',
  'not-found': 'Check the name of the model, and baseURL.',
  'context-length': 'Shorten the conversation, or take a model with a larger context.',
  'quota-exceeded': 'Check the plan and billing of the account.',
  overloaded: 'Try again later.',
  'rate-limited': 'Try again later.',
}

// Only these codes are replaced by `context-length` or `unsupported` if the text says so.
const general = new Set<ErrorCode>(['invalid-request', 'server-error', 'bad-response'])

// llama-server answers 500 for these, in each of its APIs (November 2026).
const unsupported =
  /(image|audio|input|embeddings?) is not supported|does not support (images?|embeddings|tools)/i

/** The `LlmError` for a service's failure. */
export function serviceError({ who, code, words, body = words, advice, details }: ServiceFailure): LlmError {
  const text = typeof body === 'string' ? body : (JSON.stringify(body) ?? '')
  const known = general.has(code) ? (codeOfText(words, text) ?? code) : code
  const next = advice?.[known] ?? usualAdvice[known]
  // A gateway of ours has said it already.
  const told = next === undefined || words.includes(next)
  return new LlmError(known, `${who}: ${sentence(words)}${told ? '' : ` ${next}`}`, {
    ...details,
    responseBody: text.slice(0, longestErrorBody),
  })
}

/** Advice for a 404 on a batch, file or response; `undefined` if the model is missing. */
export function notFoundAdvice(path: string): ServiceFailure['advice'] {
  if (countsTokens(path)) return { unsupported: 'This server does not count tokens.' }
  const [, what, id] = /\/(batches|files|responses)(\/[^/]+)?/.exec(path) ?? []
  if (what === undefined || (what === 'responses' && id === undefined)) return undefined
  const name = { batches: 'batch', files: 'file', responses: 'response' }[what]
  return {
    'not-found':
      id === undefined
        ? `Check baseURL: this server may have no ${what}.`
        : `Check the id of the ${name}: it may belong to another account or host, or have been deleted.`,
  }
}

/**
 * The error in a body, or `undefined`. Services wrap it in a list, call it `error`, `errors`, `detail` or `message`, and
 * sometimes put the text in another of these fields.
 */
export function errorIn(body: unknown): unknown {
  const first = fieldsOf(Array.isArray(body) ? body[0] : body)
  const { error, errors, detail, message } = first
  const said = typeof message === 'string' && message !== ''
  if (typeof error === 'string' && error !== '')
    return said && message !== error ? { ...first, message: `${error}: ${message}` } : error
  if (Object.keys(fieldsOf(error)).length > 0)
    return said && !fieldsOf(error).message ? { ...fieldsOf(error), message } : error
  const several = objectsIn(errors)
  if (several.length > 0) return { ...several[0], details: several.slice(1) }
  return detail ?? (message === undefined ? undefined : first)
}

/** The error in a 200 response, where a `message` alone is not an error. */
export function errorInAnswer(answer: unknown): unknown {
  const { error, errors, object, type, success } = fieldsOf(Array.isArray(answer) ? answer[0] : answer)
  const isError = error || objectsIn(errors).length > 0 || object === 'error' || type === 'error'
  return isError || success === false ? errorIn(answer) : undefined
}

/** The error for an unusable answer: `says` is the reason; the answer's text may say more. */
export function noAnswer(says: string, answer: unknown, details?: ErrorDetails): LlmError {
  const text = typeof answer === 'string' ? answer : (JSON.stringify(answer) ?? '')
  const responseBody = text.slice(0, longestErrorBody)
  // In truncated JSON, the text may be the model's.
  const cut = typeof answer === 'string' && /^\s*[[{]/.test(answer)
  const known = !cut && isOverflow(responseBody)
  const next = known ? ` ${usualAdvice['context-length']}` : ''
  return new LlmError(known ? 'context-length' : 'bad-response', `${says}: ${excerpt(text)}${next}`, {
    ...details,
    responseBody,
    ...(known && { retryable: false }),
  })
}

/** The body as JSON, or `undefined`: the beginning of a proxy's page says more than a parser's error. */
export function jsonIn(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** The full text of an error in any form, including that of an upstream service (OpenRouter's `metadata.raw`). */
export function wordsOf(error: unknown, depth = 0): string {
  if (typeof error === 'string' && error !== '') return error
  const { message, metadata, details, innererror, cause } = fieldsOf(error)
  // FastAPI's list of errors; its `input` repeats the request.
  const problems = objectsIn(error).flatMap(({ msg }) => (typeof msg === 'string' ? [msg] : []))
  // Ollama puts the body of its runner's error into its own.
  const within = typeof message === 'string' && message.startsWith('{') ? errorIn(jsonIn(message)) : undefined
  if (within !== undefined && depth < deepest) return wordsOf(within, depth + 1)
  const own =
    typeof message === 'string' && message !== ''
      ? message
      : problems.length > 0
        ? problems.join('; ')
        : inJson(error)
  if (depth >= deepest) return own
  const { raw } = fieldsOf(metadata)
  const behind = typeof raw === 'string' ? (jsonIn(raw) ?? raw) : raw
  const more = [errorIn(behind) ?? behind]
  for (const one of [innererror, cause, ...objectsIn(details)])
    if ((typeof one === 'string' && one !== '') || typeof fieldsOf(one).message === 'string') more.push(one)
  const all = more.filter((one) => one !== undefined && one !== null).map((one) => wordsOf(one, depth + 1))
  return [...new Set([own, ...all])].join(': ')
}

const deepest = 4

function inJson(error: unknown): string {
  const json = JSON.stringify(error) ?? ''
  return /[a-z0-9]/i.test(json) ? json : 'an error without words'
}

/** A text as one short sentence. */
function sentence(text: string): string {
  const line = excerpt(text)
  return /[.!?…]$/.test(line) ? line : `${line}.`
}

function countsTokens(path: string): boolean {
  return /\/(count|input)_tokens$/.test(path)
}

/** The code of a response without an error's words: 404 for the count of tokens is a server that has none. */
export function codeOfResponse(status: number, path: string): ErrorCode {
  return status === 404 && countsTokens(path) ? 'unsupported' : codeOfStatus(status)
}

function codeOfText(words: string, text: string): ErrorCode | undefined {
  if (isOverflow(words) || hasOverflowCode(text)) return 'context-length'
  return unsupported.test(words) ? 'unsupported' : undefined
}
