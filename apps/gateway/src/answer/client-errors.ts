// Error messages for clients: in the client's field names, without internal addresses, and without advice that only the
// gateway's operator can follow. The log has the full message.
import { type ChatRequest, type ErrorCode, LlmError, type Warning } from '@patchbay/core'
import { withoutKeys } from '@patchbay/core/wire'
import { clientPath } from '../body/field-paths.js'

/** Field names of a protocol by ours: `maxOutputTokens` is `max_tokens` there. */
export type FieldNames = Readonly<Record<string, string>>

/** How a protocol sends the bytes of an image or a file. */
export function bytesAs(form: string): FieldNames {
  return {
    'pass `data` and `mediaType`': `send its bytes as ${form}`,
    'Pass `data` and `mediaType`': `Send its bytes as ${form}`,
    'pass `data`': `send its bytes as ${form}`,
    'Pass `data`': `Send its bytes as ${form}`,
  }
}

/** What an error message needs of the request that failed. */
export interface ErrorContext {
  names: FieldNames
  request?: ChatRequest
}

/**
 * Failures that only the gateway's operator can fix. Clients get a fixed text for the code: the service's own text may name
 * internal hosts.
 */
const operatorTexts: Partial<Record<ErrorCode, string>> = {
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

/** Whether only the gateway's operator can fix it. What the gateway itself rejects is for the client. */
export function isForOperator({ code, provider }: LlmError): boolean {
  return code in operatorTexts && (provider !== undefined || internalCodes.has(code))
}

// Also without a provider: the gateway's own store.
const internalCodes = new Set<ErrorCode>(['config', 'network', 'server-error'])

/** The full message of a failure, for the log. */
export function operatorMessage({ message, cause }: LlmError): string {
  const why = cause instanceof Error && !message.includes(cause.message) ? ` (${cause.message})` : ''
  return withoutKeys(`${message}${why}`)
}

/** The failure as the client may see it, in the client's field names. */
export function toClientError(error: LlmError, context?: ErrorContext): LlmError {
  const { code, provider, status, retryAfterMs } = error
  const message = isForOperator(error) ? textFor(code) : clientMessage(error, context)
  return new LlmError(code, withoutKeys(message.slice(0, maxCharacters)), { provider, status, retryAfterMs })
}

function textFor(code: ErrorCode): string {
  const text = operatorTexts[code] ?? ''
  return text.endsWith('Try again later.') ? text : `${text} Ask the gateway's operator.`
}

/** Features of other warnings that are about the answer itself. The rest come from policies and services, and are not for clients. */
const answerFeatures = new Set<string | undefined>(['tools', 'json'])

/** Whether a warning is about the request or its answer. */
export function isForClient({ code, feature }: Warning): boolean {
  return code !== 'other' || answerFeatures.has(feature)
}

/** A warning in the client's field names. */
export function warningForClient({ message }: Warning, context?: ErrorContext): string {
  return withoutKeys(withoutAddresses(withNames(message.slice(0, maxCharacters), context), []))
}

const maxCharacters = 2000

function clientMessage(error: LlmError, context: ErrorContext | undefined): string {
  // A service's message may be very long.
  const renamed = withNames(error.message.slice(0, maxCharacters), context)
  if (error.provider === undefined) return renamed
  const clientAddresses =
    renamed.match(/https?:\/\/[^\s"'`<>)]+/g)?.filter((address) => isClientAddress(address, context)) ?? []
  const [first = '', ...rest] = renamed.split(/(?<=[.!?])\s+(?=[A-Z`])/)
  const body = normalized(error.responseBody ?? '')
  // Only Patchbay's own advice is for the operator; what the service says about the request is for the client.
  const isFromService = (sentence: string) => body.includes(normalized(sentence.replace(/^[^:]{1,60}: /, '')))
  const kept = rest.filter((sentence) => isFromService(sentence) || !operatorAdvice.test(sentence))
  return [first, ...kept]
    .map((sentence) => (isFromService(sentence) ? sentence : sentence.replace(operatorAlternative, '')))
    .map((sentence) => withoutAddresses(sentence, clientAddresses))
    .join(' ')
}

/** The words of a text, without the escapes of JSON. */
function normalized(text: string): string {
  return ` ${text
    .replaceAll(/\\[nrt]/g, ' ')
    .replaceAll(/[^\p{L}\p{N}_]+/gu, ' ')
    .trim()} `
}

// Options that only an app's code or the gateway's operator can set.
const operatorWords =
  "onUnsupported|providerOptions|apiKey|baseURL|mask\\(|guard\\(|fallback\\(|budget\\.|`headers`|`context`|metadata:|raise the limit|ollama |patchbay |Is it running|the key|the account|server's log|[A-Z]{2,}_[A-Z_]+"
const operatorAdvice = new RegExp(operatorWords)
/** The last alternative of a sentence, if it is for the operator. */
const operatorAlternative = new RegExp(`,? or [^.,]*(?:${operatorWords})[^.]*(?=\\.)`)

// A service's error about the client's request may still name these hosts. Connection errors are replaced before this.
const addresses = [
  /(?<![a-z+.-])(?:unix:|[a-z][a-z+.-]{0,20}:\/\/)[^\s"'`<>)]+/gi,
  /\b\d{1,3}(?:\.\d{1,3}){3}(?::\d+)?\b/g,
  /\[?(?<![\w.:])(?:(?:[0-9a-f]{0,4}:){3,7}[0-9a-f]{0,4}|[0-9a-f]{0,4}::[0-9a-f]{1,4})\]?(?::\d+)?/gi,
  /\blocalhost(?::\d+)?\b/gi,
  // Messages of platforms about connections and certificates.
  /(?<=\bE(?:AI_[A-Z]+|[A-Z]*(?:NOTFOUND|FAIL|REFUSED|RESET|UNREACH|TIMEDOUT)) )[^\s(][^\s,]*/g,
  /(?<=altnames: ).*/gs,
  // A host with its port, or with a name that no public host has.
  /(?<![\w.-])(?=[\d.-]*[a-z_])[\w.-]{1,253}:\d{2,5}\b/gi,
  /(?<![\w.-])(?:[\w-]{1,63}\.){1,8}(?:internal|corp|intranet|lan|local|localdomain|svc)\b/gi,
  // File paths.
  /(?<![\w/.])~?(?:\/[\w.@-]+){2,}|(?<![\w~])~\/\S+|\b[a-z]:\\\S+/gi,
]

function withoutAddresses(text: string, clientAddresses: readonly string[]): string {
  return addresses.reduce(
    (left, pattern) =>
      left.replaceAll(pattern, (address) =>
        clientAddresses.some((one) => one.includes(address)) ? address : '(an address)',
      ),
    text,
  )
}

/** Whether the client sent this address itself. */
function isClientAddress(address: string, context: ErrorContext | undefined): boolean {
  const { messages = [] } = context?.request ?? {}
  if (typeof messages === 'string') return false
  const bare = address.replace(/(?<![.,:;])[.,:;]+$/, '')
  return messages.some(
    (message) =>
      typeof message === 'object' &&
      typeof message.content !== 'string' &&
      message.content.some((part) => 'url' in part && part.url?.startsWith(bare)),
  )
}

function withNames(message: string, { names, request }: ErrorContext = { names: {} }): string {
  const renamed = message
    .replaceAll(
      /\bmessages\[\d+\](?:\.\w+(?:\[\d+\])?)*/g,
      (place) => (request && clientPath(place, request)) ?? place,
    )
    .replaceAll(
      /\btools\[(\d+)\]\.(name|input)\b/g,
      (_, at, field) => `tools[${at}].${names[`tools.${field}`] ?? field}`,
    )
  return Object.entries(names).reduce(
    (text, [ours, theirs]) => text.replaceAll(patternOf(ours), theirs),
    renamed,
  )
}

const patterns = new Map<string, RegExp>()

/** Field names that are also English words are replaced only at the beginning of a message. */
function patternOf(name: string): RegExp {
  const known = patterns.get(name)
  if (known !== undefined) return known
  const escaped = name.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&')
  const isWord = /^[a-z]+$/.test(name)
  const made = new RegExp(isWord ? `^${escaped}(?= )` : `(?<![\\w.])${escaped}(?!\\w)`, 'g')
  patterns.set(name, made)
  return made
}
