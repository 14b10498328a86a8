// Errors of downloads as typed errors, without secrets.
import { isLlmError, LlmError } from '@patchbay/core'
import { decodePercent, type Redact, redactor, withoutKeys } from '@patchbay/core/wire'
import { publicName } from './model-name.js'

/** The typed error for any failure of a download. It names the model, and contains no secrets. */
export function pullFailure(cause: unknown, model: string, signal: AbortSignal): LlmError {
  const name = publicName(String(model))
  const origin = { provider: 'local', model: name }
  const details = { ...origin, cause: withoutSecrets(String(model))(cause) }
  if (signal.aborted)
    return new LlmError('aborted', `The download of ${name} was aborted; what was downloaded is kept.`, {
      ...origin,
      cause: signal.reason,
    })
  if (isLlmError(cause)) {
    const { code, message, status, retryable, retryAfterMs } = cause
    return new LlmError(code, `${name}: ${withoutKeys(message)}`, {
      ...details,
      retryable,
      status,
      retryAfterMs,
    })
  }
  const { code = '', syscall, path } = errnoOf(cause)
  // fetch wraps network errors; errors of the file system come as they are.
  if (syscall !== undefined || path !== undefined)
    return new LlmError(
      'config',
      `${name} cannot be written to the cache (${code}). Free disk space, or set cacheDir to a writable folder.`,
      details,
    )
  const causes = causeChain(cause)
  const reason = causes.map((each) => describe(errnoOf(each))).find((text) => text !== undefined)
  if (causes.some(isInvalidHttp))
    return new LlmError(
      'bad-response',
      `${name}: the server's answer is not valid HTTP${reason ? ` (${reason})` : ''}.`,
      details,
    )
  return new LlmError(
    'network',
    `${name} could not be downloaded: ${reason ?? 'the connection was lost'}. ${advice(causes)}Try again; what was downloaded is kept.`,
    { ...details, retryable: true },
  )
}

type Errno = Pick<NodeJS.ErrnoException, 'code' | 'syscall' | 'path' | 'message' | 'name'> & {
  hostname?: unknown
}

function errnoOf(error: unknown): Partial<Errno> {
  return typeof error === 'object' && error !== null ? error : {}
}

/** An error and its causes. */
function causeChain(error: unknown): unknown[] {
  const all: unknown[] = []
  for (let at = error; at !== undefined && all.length < 8; at = (at as { cause?: unknown } | null)?.cause)
    all.push(at, ...(at instanceof AggregateError ? at.errors : []))
  return all
}

function describe({ code, hostname, message }: Partial<Errno>): string | undefined {
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN')
    return `the name ${hostname ?? ''} cannot be resolved (${code})`.replace('  ', ' ')
  if (message?.startsWith('Proxy response')) return `the proxy refuses (${message})`
  return typeof code === 'string' && /^[A-Z]/.test(code) ? code : undefined
}

/** The response is not valid HTTP, by undici's names for it (versions 6 and 7). */
function isInvalidHttp(error: unknown): boolean {
  const { code, name } = errnoOf(error)
  return name === 'HTTPParserError' || /^(HPE_|UND_ERR_HEADERS_OVERFLOW)/.test(code ?? '')
}

function advice(causes: unknown[]): string {
  const codes = causes.map((each) => errnoOf(each).code ?? '').join()
  if (/ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ETIMEDOUT|UND_ERR_CONNECT_TIMEOUT|EHOSTUNREACH/.test(codes))
    return 'Check the connection; behind a proxy, set HTTPS_PROXY. '
  return /CERT|SELF_SIGNED|UNABLE_TO_/.test(codes)
    ? 'If a proxy replaces certificates, set NODE_EXTRA_CA_CERTS. '
    : ''
}

/** Environment variables that may hold a password. */
const addressVariables = ['HF_ENDPOINT', 'HTTPS_PROXY', 'https_proxy', 'HTTP_PROXY', 'http_proxy']

/** Removes the token, passwords and signed addresses from a cause. */
function withoutSecrets(model: string): Redact {
  const texts = [process.env.HF_TOKEN ?? '']
  if (publicName(model) !== model)
    texts.push(model, new URLSearchParams(model.split('?').slice(1).join('?')).toString())
  for (const address of addressVariables.map((name) => process.env[name] ?? ''))
    if (address.includes('@')) texts.push(address, ...passwordOf(address))
  return redactor(model, undefined, texts)
}

function passwordOf(address: string): string[] {
  if (!URL.canParse(address)) return []
  const { password } = new URL(address)
  return [password, decodePercent(password)]
}
