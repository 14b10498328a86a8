// Whatever goes wrong while a model is fetched, as the one error its caller gets.
import { isLlmError, LlmError } from '@patchbay/core'
import { type Redact, redactor, withoutKeys } from '@patchbay/core/wire'
import { publicName } from './model-name.js'

/** The failure, with the model's name, and with nothing secret in it. */
export function pullFailure(cause: unknown, model: string, signal: AbortSignal): LlmError {
  const name = publicName(String(model))
  const who = { provider: 'local', model: name }
  const why = { ...who, cause: withoutSecrets(String(model))(cause) }
  if (signal.aborted)
    return new LlmError('aborted', `Fetching ${name} was aborted by its caller; what is there is kept.`, {
      ...who,
      cause: signal.reason,
    })
  if (isLlmError(cause)) {
    const { code, message, status, retryable, retryAfterMs } = cause
    return new LlmError(code, `${name}: ${withoutKeys(message)}`, { ...why, retryable, status, retryAfterMs })
  }
  const { code = '', syscall, path } = errnoOf(cause)
  // What the network says comes wrapped by fetch; an error of the file system comes as it is.
  if (syscall !== undefined || path !== undefined)
    return new LlmError(
      'config',
      `${name} cannot be kept in the cache (${code}). Make room, or set cacheDir to a folder that can be written to.`,
      why,
    )
  const causes = chain(cause)
  const words = causes.map((each) => told(errnoOf(each))).find((text) => text !== undefined)
  if (causes.some(isNoHttp))
    return new LlmError(
      'bad-response',
      `${name}: the server's answer is not valid HTTP${words ? ` (${words})` : ''}.`,
      why,
    )
  return new LlmError(
    'network',
    `${name} could not be fetched: ${words ?? 'the connection broke'}. ${advice(causes)}Try again; what is there is kept.`,
    { ...why, retryable: true },
  )
}

type Errno = Pick<NodeJS.ErrnoException, 'code' | 'syscall' | 'path' | 'message' | 'name'> & {
  hostname?: unknown
}

function errnoOf(error: unknown): Partial<Errno> {
  return typeof error === 'object' && error !== null ? error : {}
}

/** The error, what caused it, and what caused that. */
function chain(error: unknown): unknown[] {
  const all: unknown[] = []
  for (let at = error; at !== undefined && all.length < 8; at = (at as { cause?: unknown } | null)?.cause)
    all.push(at, ...(at instanceof AggregateError ? at.errors : []))
  return all
}

function told({ code, hostname, message }: Partial<Errno>): string | undefined {
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN')
    return `the name ${hostname ?? ''} cannot be resolved (${code})`.replace('  ', ' ')
  if (message?.startsWith('Proxy response')) return `the proxy refuses (${message})`
  return typeof code === 'string' && /^[A-Z]/.test(code) ? code : undefined
}

/** An answer that cannot be read, by undici's words for it (versions 6 and 7). */
function isNoHttp(error: unknown): boolean {
  const { code, name } = errnoOf(error)
  return name === 'HTTPParserError' || /^(HPE_|UND_ERR_HEADERS_OVERFLOW)/.test(code ?? '')
}

function advice(causes: unknown[]): string {
  const codes = causes.map((each) => errnoOf(each).code ?? '').join()
  if (/ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ETIMEDOUT|UND_ERR_CONNECT_TIMEOUT|EHOSTUNREACH/.test(codes))
    return 'Check the connection; where a proxy leads out, set HTTPS_PROXY. '
  return /CERT|SELF_SIGNED|UNABLE_TO_/.test(codes)
    ? 'If a proxy replaces certificates, set NODE_EXTRA_CA_CERTS. '
    : ''
}

const addresses = ['HF_ENDPOINT', 'HTTPS_PROXY', 'https_proxy', 'HTTP_PROXY', 'http_proxy']

/** What takes the hub's token, passwords, and an address with what signs it out of a cause. */
function withoutSecrets(model: string): Redact {
  const texts = [process.env.HF_TOKEN ?? '']
  if (publicName(model) !== model)
    texts.push(model, new URLSearchParams(model.split('?').slice(1).join('?')).toString())
  for (const address of addresses.map((name) => process.env[name] ?? ''))
    if (address.includes('@')) texts.push(address, ...passwordOf(address))
  return redactor(model, undefined, texts)
}

function passwordOf(address: string): string[] {
  if (!URL.canParse(address)) return []
  const { password } = new URL(address)
  return [password, decoded(password)]
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}
