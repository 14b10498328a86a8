// A failure as its client is told it: in the names of the client's own fields, without addresses of the inside, and
// without advice that only the gateway's operator can follow. The log has the whole of it.
import { type ChatRequest, type ErrorCode, LlmError, type Warning } from '@patchbay/core'
import { withoutKeys } from '@patchbay/core/wire'
import { placeOf } from '../body/field-paths.js'

/** What a protocol calls our fields: `maxOutputTokens` is `max_tokens` there. */
export type FieldNames = Readonly<Record<string, string>>

/** How the bytes of an image or a file are sent there. */
export function bytesAs(form: string): FieldNames {
  return {
    'pass `data` and `mediaType`': `send its bytes as ${form}`,
    'Pass `data` and `mediaType`': `Send its bytes as ${form}`,
    'pass `data`': `send its bytes as ${form}`,
    'Pass `data`': `Send its bytes as ${form}`,
  }
}

/** What is known of the request that failed. */
export interface Asked {
  names: FieldNames
  request?: ChatRequest
}

/**
 * Failures that only the gateway's operator can fix. Clients get a fixed text for the code: the service's own text may name
 * internal hosts.
 */
const operators: Partial<Record<ErrorCode, string>> = {
  config: 'The gateway is not set up for this.',
  network: 'What the gateway needs for this cannot be reached. Try again later.',
  timeout: 'The model did not answer in time. Try again later.',
  overloaded: "The model's service is overloaded. Try again later.",
  'server-error': "The model's service failed.",
  authentication: "The model's service refused the gateway's credentials.",
  'permission-denied': "The model's service does not allow the gateway this request.",
  'quota-exceeded': "The gateway's quota at the model's service is used up.",
  'not-found': "The model's service does not have what this request names.",
  'bad-response': "The model's answer is incomplete or cannot be read.",
  'empty-response': 'The model answered nothing.',
  'model-load': 'The model cannot be loaded.',
  'worker-crashed': 'The model failed.',
  inference: 'The model failed.',
  closed: 'The model has been closed.',
}

/** Is it for the log, rather than for the client alone? What the gateway itself refuses is the client's affair. */
export function isForOperator({ code, provider }: LlmError): boolean {
  return code in operators && (provider !== undefined || inside.has(code))
}

// Also of what no service said, but a store of the gateway's own.
const inside = new Set<ErrorCode>(['config', 'network', 'server-error'])

/** The whole of a failure, for the log. */
export function problemOf({ message, cause }: LlmError): string {
  const why = cause instanceof Error && !message.includes(cause.message) ? ` (${cause.message})` : ''
  return withoutKeys(`${message}${why}`)
}

/** The same failure in the client's words. */
export function forClient(error: LlmError, asked?: Asked): LlmError {
  const { code, provider, status, retryAfterMs } = error
  const message = isForOperator(error) ? textFor(code) : inWords(error, asked)
  return new LlmError(code, withoutKeys(message.slice(0, mostLetters)), { provider, status, retryAfterMs })
}

function textFor(code: ErrorCode): string {
  const text = operators[code] ?? ''
  return text.endsWith('Try again later.') ? text : `${text} Ask the gateway's operator.`
}

/** Other warnings that are about the answer itself; the rest come from policies and services, whose words are not for clients. */
const ofAnswer = new Set<string | undefined>(['tools', 'json'])

/** Is it about the request or its answer? */
export function isForClient({ code, feature }: Warning): boolean {
  return code !== 'other' || ofAnswer.has(feature)
}

/** A warning in the client's words. */
export function warningForClient({ message }: Warning, asked?: Asked): string {
  return withoutKeys(withoutAddresses(withNames(message.slice(0, mostLetters), asked), []))
}

const mostLetters = 2000

function inWords(error: LlmError, asked: Asked | undefined): string {
  // A service may say very much.
  const renamed = withNames(error.message.slice(0, mostLetters), asked)
  if (error.provider === undefined) return renamed
  const own = renamed.match(/https?:\/\/[^\s"'`<>)]+/g)?.filter((address) => isTheirs(address, asked)) ?? []
  const [first = '', ...rest] = renamed.split(/(?<=[.!?])\s+(?=[A-Z`])/)
  const said = plain(error.responseBody ?? '')
  // Only advice of ours is for somebody else: what the service says of the request is for who made it.
  const isSaid = (sentence: string) => said.includes(plain(sentence.replace(/^[^:]{1,60}: /, '')))
  const kept = rest.filter((sentence) => isSaid(sentence) || !ofOperator.test(sentence))
  return [first, ...kept]
    .map((sentence) => (isSaid(sentence) ? sentence : sentence.replace(orForOperator, '')))
    .map((sentence) => withoutAddresses(sentence, own))
    .join(' ')
}

/** The words of a text, however it is written in JSON. */
function plain(text: string): string {
  return ` ${text
    .replaceAll(/\\[nrt]/g, ' ')
    .replaceAll(/[^\p{L}\p{N}_]+/gu, ' ')
    .trim()} `
}

// Options that only an app's code or the gateway's operator can set.
const words =
  "onUnsupported|providerOptions|apiKey|baseURL|mask\\(|guard\\(|fallback\\(|budget\\.|`headers`|`context`|metadata:|raise the limit|ollama |patchbay |Is it running|the key|the account|server's log|[A-Z]{2,}_[A-Z_]+"
const ofOperator = new RegExp(words)
/** The last of several ways that a sentence names. */
const orForOperator = new RegExp(`,? or [^.,]*(?:${words})[^.]*(?=\\.)`)

// A service's error about the client's request may still name these hosts. Connection errors are replaced before this.
const addresses = [
  /(?<![a-z+.-])(?:unix:|[a-z][a-z+.-]{0,20}:\/\/)[^\s"'`<>)]+/gi,
  /\b\d{1,3}(?:\.\d{1,3}){3}(?::\d+)?\b/g,
  /\[?(?<![\w.:])(?:(?:[0-9a-f]{0,4}:){3,7}[0-9a-f]{0,4}|[0-9a-f]{0,4}::[0-9a-f]{1,4})\]?(?::\d+)?/gi,
  /\blocalhost(?::\d+)?\b/gi,
  // As platforms tell of connections and certificates.
  /(?<=\bE(?:AI_[A-Z]+|[A-Z]*(?:NOTFOUND|FAIL|REFUSED|RESET|UNREACH|TIMEDOUT)) )[^\s(][^\s,]*/g,
  /(?<=altnames: ).*/gs,
  // A host with its port, or under a name that no public host has.
  /(?<![\w.-])(?=[\d.-]*[a-z_])[\w.-]{1,253}:\d{2,5}\b/gi,
  /(?<![\w.-])(?:[\w-]{1,63}\.){1,8}(?:internal|corp|intranet|lan|local|localdomain|svc)\b/gi,
  // Files of its machine.
  /(?<![\w/.])~?(?:\/[\w.@-]+){2,}|(?<![\w~])~\/\S+|\b[a-z]:\\\S+/gi,
]

function withoutAddresses(text: string, own: readonly string[]): string {
  return addresses.reduce(
    (left, pattern) =>
      left.replaceAll(pattern, (address) =>
        own.some((one) => one.includes(address)) ? address : '(an address)',
      ),
    text,
  )
}

/** The client named it itself. */
function isTheirs(address: string, asked: Asked | undefined): boolean {
  const { messages = [] } = asked?.request ?? {}
  if (typeof messages === 'string') return false
  const bare = address.replace(/(?<![.,:;])[.,:;]+$/, '')
  return messages.some(
    (message) =>
      typeof message === 'object' &&
      typeof message.content !== 'string' &&
      message.content.some((part) => 'url' in part && part.url?.startsWith(bare)),
  )
}

function withNames(message: string, { names, request }: Asked = { names: {} }): string {
  const placed = message
    .replaceAll(
      /\bmessages\[\d+\](?:\.\w+(?:\[\d+\])?)*/g,
      (place) => (request && placeOf(place, request)) ?? place,
    )
    .replaceAll(
      /\btools\[(\d+)\]\.(name|input)\b/g,
      (_, at, field) => `tools[${at}].${names[`tools.${field}`] ?? field}`,
    )
  return Object.entries(names).reduce(
    (text, [ours, theirs]) => text.replaceAll(patternOf(ours), theirs),
    placed,
  )
}

const patterns = new Map<string, RegExp>()

/** Names that are also English words count at the beginning alone, where a place stands. */
function patternOf(name: string): RegExp {
  const known = patterns.get(name)
  if (known !== undefined) return known
  const escaped = name.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&')
  const isWord = /^[a-z]+$/.test(name)
  const made = new RegExp(isWord ? `^${escaped}(?= )` : `(?<![\\w.])${escaped}(?!\\w)`, 'g')
  patterns.set(name, made)
  return made
}
