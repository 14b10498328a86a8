// API keys in environment variables, and the hosts they may be sent to: a configuration that names another host does not get the key.
import { environment } from '../http/platform.js'
import { entriesOf, type HeaderFields, openHeader, secretName } from './request-secrets.js'

/** An API key in an environment variable. */
export interface EnvironmentKey {
  /** The variable: `OPENAI_API_KEY`. */
  variable: string
  /** The hosts that may get it: `api.openai.com`, and all its subdomains. Messages name the first. */
  hosts: readonly string[]
}

/** Whether this is one of these hosts, or a subdomain of one. */
export function isHostOf(hostname: string, hosts: readonly string[]): boolean {
  return hosts.some((host) => hostname === host || hostname.endsWith(`.${host}`))
}

/** Whether the key may be sent to this address: to its hosts, and only by https, where a certificate proves the host. */
export function isKeyFor(baseURL: string, { hosts }: EnvironmentKey): boolean {
  const { protocol, hostname } = new URL(baseURL)
  return protocol === 'https:' && isHostOf(hostname, hosts)
}

/** Whether an environment variable names this address, in any spelling, with or without a trailing slash. */
export function isNamedBy(variable: string, baseURL: string): boolean {
  const named = environment(variable)
  return named !== undefined && URL.canParse(named) && withoutSlash(named) === withoutSlash(baseURL)
}

function withoutSlash(address: string): string {
  const url = new URL(address)
  url.pathname = url.pathname.replace(/\/$/, '')
  return url.href
}

/** Advice for the error of a server that wants a key and was sent none; `undefined` if the caller's `headers` have one. */
export function missingKeyAdvice(
  baseURL: string,
  { variable, hosts: [host = ''] }: EnvironmentKey,
  headers: HeaderFields,
): { authentication: string } | undefined {
  if (entriesOf(headers).some(([name]) => secretName.test(name))) return undefined
  return {
    authentication: `No key was sent: ${variable} is only used for https://${host}. Pass apiKey for ${new URL(baseURL).host}.`,
  }
}

/** The key for the official clients if there is none, since they insist on one. */
export const noKey = 'none'

/** The headers of an official client without this stand-in. */
export function withoutNoKey(headers: HeaderFields): Record<string, string> {
  return Object.fromEntries(
    entriesOf(headers).flatMap(([name, value]) =>
      value === noKey || value === `Bearer ${noKey}` ? [] : [[name.toLowerCase(), value]],
    ),
  )
}

/**
 * Only the headers that are known to contain no secrets, names in lower case. Removes keys, and headers that the official clients add
 * from `OPENAI_CUSTOM_HEADERS` and the like to requests for any host.
 */
export function withoutSecretHeaders(headers: HeaderFields): Record<string, string> {
  return Object.fromEntries(
    entriesOf(headers).flatMap(([name, value]) =>
      openHeader.test(name) ? [[name.toLowerCase(), value]] : [],
    ),
  )
}
