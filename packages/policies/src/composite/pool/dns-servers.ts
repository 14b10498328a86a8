// Servers of a name in DNS: its SRV records, or its addresses.
import { LlmError } from '@patchbay/core'
import type { FoundServers, ServerSource } from './server-source.js'

/** Seconds that addresses are used, whatever their time to live says: a server that came should not wait for long. */
const seconds = { least: 1, most: 30 }
/** The same for SRV records, whose time to live Node does not tell. */
const srvSeconds = 10
/** Milliseconds for an answer, and how often it is asked for. */
const patience = { timeout: 2000, tries: 2 }
/** What names without such records say. */
const noRecords = new Set(['ENODATA', 'ENOTFOUND'])

/** A name that begins with `_` has SRV records: of these, the ones of the first priority. `server`: the DNS server to ask. */
export function dnsServers(name: string, server?: string): ServerSource {
  const dns = typeof process === 'undefined' ? undefined : process.getBuiltinModule?.('node:dns/promises')
  if (dns === undefined)
    throw new LlmError(
      'config',
      'This runtime cannot look up names in DNS. Pass a source of your own instead.',
    )
  const resolver = new dns.Resolver(patience)
  try {
    if (server !== undefined) resolver.setServers([server])
  } catch (cause) {
    throw new LlmError(
      'config',
      `A DNS server is an IP address, with or without a port; ${server} is none.`,
      { cause },
    )
  }
  if (name.startsWith('_')) {
    return async () => {
      const records = await resolver.resolveSrv(name).catch(none)
      const first = Math.min(...records.map(({ priority }) => priority))
      const servers = records.filter(({ priority }) => priority === first)
      return { servers: servers.map(({ name, port }) => `${name}:${port}`), forMs: srvSeconds * 1000 }
    }
  }
  return async () => {
    const found = await resolver.resolve4(name, { ttl: true }).catch(none)
    if (found.length > 0) return withLifetime(found)
    const wide = await resolver.resolve6(name, { ttl: true }).catch(none)
    return withLifetime(wide.map(({ address, ttl }) => ({ address: `[${address}]`, ttl })))
  }
}

function withLifetime(records: { address: string; ttl: number }[]): FoundServers {
  // A name without addresses may have some soon.
  const ttl = records.length === 0 ? 0 : Math.min(seconds.most, ...records.map(({ ttl }) => ttl))
  return { servers: records.map(({ address }) => address), forMs: Math.max(seconds.least, ttl) * 1000 }
}

function none(error: NodeJS.ErrnoException): never[] {
  if (noRecords.has(error.code ?? '')) return []
  throw error
}
