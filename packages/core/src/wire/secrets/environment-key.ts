// API keys in environment variables, and the hosts they may be sent to: a configuration that names another host does not get the key.
import { LlmError } from '../../contract/errors.js'
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

/** A server of a service that has one key, in a header of its own. */
export interface KeyedServer {
  /** The service, for messages: `Anthropic`. */
  who: string
  /** The header of the key: `x-api-key`. */
  header: string
  baseURL: string
  environmentKey: EnvironmentKey
  /** Whether this server may get the key of the environment. */
  isTrusted: boolean
}

/**
 * The key for a request: the caller's, or the environment's where this server may get it; none if the caller's headers have one, or
 * for another server than the service's.
 * @throws {LlmError} `authentication` if the service needs a key and there is none
 */
export function keyFor(
  { who, header, baseURL, environmentKey: { variable, hosts }, isTrusted }: KeyedServer,
  apiKey: string | undefined,
  headers: HeaderFields,
): string | undefined {
  if (apiKey === undefined && hasKey(headers, header)) return undefined
  const key = apiKey ?? environment(variable)
  if (key && (apiKey !== undefined || isTrusted)) return key
  if (!isHostOf(new URL(baseURL).hostname, hosts)) return undefined
  const next = key ? `: ${variable} is only sent over https` : `, or set ${variable}`
  throw new LlmError('authentication', `No API key for ${who}. Pass apiKey${next}.`)
}

/** Whether the caller's own headers have a key: services may refuse a request with two (anthropics/skills, error-codes.md, July 2026). */
export function hasKey(headers: HeaderFields, header: string): boolean {
  return entriesOf(headers).some(([name]) => ['authorization', header].includes(name.toLowerCase()))
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
