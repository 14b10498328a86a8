// Keys of the environment and the hosts they may be sent to: naming another address, in a project's configuration say, does
// not get the key.
import { environment } from '../http/platform.js'
import { entriesOf, type HeaderFields, openHeader, secretName } from './request-secrets.js'

/** A key of the environment. */
export interface EnvironmentKey {
  /** The variable that holds it: `OPENAI_API_KEY`. */
  variable: string
  /** Whose it is: `api.openai.com`, and all hosts below. The first is the one that messages name. */
  hosts: readonly string[]
}

/** Is this one of these hosts, or below one of them? */
export function isHostOf(hostname: string, hosts: readonly string[]): boolean {
  return hosts.some((host) => hostname === host || hostname.endsWith(`.${host}`))
}

/** May the environment's key be sent there without being asked for? Only over https, where the certificate says who answers. */
export function isKeyFor(baseURL: string, { hosts }: EnvironmentKey): boolean {
  const { protocol, hostname } = new URL(baseURL)
  return protocol === 'https:' && isHostOf(hostname, hosts)
}

/** Does a variable of the environment name this address, however it is spelled? A last slash makes no difference. */
export function isNamedBy(variable: string, baseURL: string): boolean {
  const named = environment(variable)
  return named !== undefined && URL.canParse(named) && withoutSlash(named) === withoutSlash(baseURL)
}

function withoutSlash(address: string): string {
  const url = new URL(address)
  url.pathname = url.pathname.replace(/\/$/, '')
  return url.href
}

/**
 * What to do where a server that was sent no key wants one, as advice of a service's error; nothing where `headers`, the
 * caller's own, have one.
 */
export function noKeySent(
  baseURL: string,
  { variable, hosts: [host = ''] }: EnvironmentKey,
  headers: HeaderFields,
): { authentication: string } | undefined {
  if (entriesOf(headers).some(([name]) => secretName.test(name))) return undefined
  return {
    authentication: `No key was sent: ${variable} is only used for https://${host}. Pass apiKey for ${new URL(baseURL).host}.`,
  }
}

/** What the official clients are given where there is no key: they insist on one. */
export const noKey = 'none'

/** The headers of an official client without the key that is none. */
export function withoutNoKey(headers: HeaderFields): Record<string, string> {
  return Object.fromEntries(
    entriesOf(headers).flatMap(([name, value]) =>
      value === noKey || value === `Bearer ${noKey}` ? [] : [[name.toLowerCase(), value]],
    ),
  )
}

/**
 * Only the headers that are known to hold no secrets, their names in lower case. Drops keys, and other headers that the
 * official clients add from `OPENAI_CUSTOM_HEADERS` and the like wherever a request goes.
 */
export function openHeaders(headers: HeaderFields): Record<string, string> {
  return Object.fromEntries(
    entriesOf(headers).flatMap(([name, value]) =>
      openHeader.test(name) ? [[name.toLowerCase(), value]] : [],
    ),
  )
}
