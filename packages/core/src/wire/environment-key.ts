// Keys of the environment, and the hosts they are for: whoever names another address, a project's configuration say, gets
// no key by that.
import { entriesOf, type HeaderFields, openHeader, secretName } from './secrets.js'

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
    authentication: `No key was sent: that of ${variable} is for https://${host} alone. Pass apiKey for ${new URL(baseURL).host}.`,
  }
}

/**
 * A client's headers, by their names in lower case, that have nothing of the environment: its official clients add what
 * `OPENAI_CUSTOM_HEADERS` and its like hold, wherever a request goes. Keys are left out too.
 */
export function withoutEnvironment(headers: HeaderFields): Record<string, string> {
  return Object.fromEntries(
    entriesOf(headers).flatMap(([name, value]) =>
      openHeader.test(name) ? [[name.toLowerCase(), value]] : [],
    ),
  )
}
