// What a service says of a failure, as one error: a code, the beginning of its words for people, all of them for programs.
import { type ErrorCode, type ErrorDetails, LlmError } from '../errors.js'
import { fieldsOf, objectsIn } from './fields.js'
import { excerpt, longestErrorBody } from './http.js'
import { hasOverflowCode, isOverflow } from './overflow.js'

/** A failure as a service tells it. */
export interface ServiceFailure {
  /** Who said it, for the message. */
  who: string
  /** What it is by its status, code and type. */
  code: ErrorCode
  /** In its own words, whole. */
  words: string
  /** All it sent, for `responseBody`: the text of a body, or the JSON of an event. Default: the words. */
  body?: unknown
  /** What to do about it, where that is not the usual. */
  advice?: Partial<Record<ErrorCode, string>>
  details?: ErrorDetails
}

const usualAdvice: Partial<Record<ErrorCode, string>> = {
  authentication: 'Check the key.',
  'not-found': 'Check the name of the model, and baseURL.',
  'context-length': 'Shorten the conversation, or take a model with a larger context.',
  'quota-exceeded': 'Check the plan and billing of the account.',
  overloaded: 'Try again later.',
  'rate-limited': 'Try again later.',
}

// What the words say of the context beats these, and no others.
const general = new Set<ErrorCode>(['invalid-request', 'server-error', 'bad-response'])

/** The error of what a service said. */
export function serviceError({ who, code, words, body = words, advice, details }: ServiceFailure): LlmError {
  const text = typeof body === 'string' ? body : (JSON.stringify(body) ?? '')
  const known = general.has(code) && (isOverflow(words) || hasOverflowCode(text)) ? 'context-length' : code
  const next = advice?.[known] ?? usualAdvice[known]
  return new LlmError(known, `${who}: ${sentence(words)}${next === undefined ? '' : ` ${next}`}`, {
    ...details,
    responseBody: text.slice(0, longestErrorBody),
  })
}

/** What to check where something that a path names is not there; nothing where it is the model. */
export function notFoundAdvice(path: string): { 'not-found': string } | undefined {
  const [, what, id] = /\/(batches|files|responses)(\/[^/]+)?/.exec(path) ?? []
  if (what === undefined || (what === 'responses' && id === undefined)) return undefined
  const name = { batches: 'batch', files: 'file', responses: 'response' }[what]
  return {
    'not-found':
      id === undefined
        ? `Check baseURL: this server may have no ${what}.`
        : `Check the id of the ${name}: it may belong to another account or host, or be no longer kept.`,
  }
}

/**
 * The error in a body. Services wrap it in a list, call it `error`, `errors`, `detail` or `message`, and at times say in one
 * of them only that there is one; `undefined` where there is none.
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

/** The error in what came as an answer: what only has a `message` is none. */
export function errorInAnswer(answer: unknown): unknown {
  const { error, errors, object, type, success } = fieldsOf(Array.isArray(answer) ? answer[0] : answer)
  const told = error || objectsIn(errors).length > 0 || object === 'error' || type === 'error'
  return told || success === false ? errorIn(answer) : undefined
}

/** The error of an answer that is none: `says` is why, and what came of it may say more. */
export function noAnswer(says: string, answer: unknown, details?: ErrorDetails): LlmError {
  const text = typeof answer === 'string' ? answer : (JSON.stringify(answer) ?? '')
  const responseBody = text.slice(0, longestErrorBody)
  // In half of an answer the words may be the model's.
  const cut = typeof answer === 'string' && /^\s*[[{]/.test(answer)
  const known = !cut && isOverflow(responseBody)
  const next = known ? ` ${usualAdvice['context-length']}` : ''
  return new LlmError(known ? 'context-length' : 'bad-response', `${says}: ${excerpt(text)}${next}`, {
    ...details,
    responseBody,
    ...(known && { retryable: false }),
  })
}

/** The text of a body as JSON, or `undefined`: a proxy's page says more by its beginning than by a parser's complaint. */
export function jsonIn(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** The words of an error of whatever form, whole; of whoever stands behind it too (OpenRouter's `metadata.raw`). */
export function wordsOf(error: unknown, depth = 0): string {
  if (typeof error === 'string' && error !== '') return error
  const { message, metadata, details, innererror, cause } = fieldsOf(error)
  // FastAPI's list of what is wrong; `input` beside it repeats what was sent.
  const problems = objectsIn(error).flatMap(({ msg }) => (typeof msg === 'string' ? [msg] : []))
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
