// Where a pool finds its servers: in DNS, or in a file that changes.
import { LlmError } from '@patchbay/core'
import { dnsServers } from './dns-servers.js'
import { fileServers } from './file-servers.js'
import type { ServerSource } from './server-source.js'

/**
 * The source of an address: `dns:NAME` or `dns://SERVER/NAME`, or `file:PATH`.
 * @throws {LlmError} `config` for another address
 */
export function sourceOf(address: string): ServerSource {
  const dns = /^dns:(?:\/\/([^/]+)\/)?([^/?]+)$/.exec(address)
  if (dns !== null) return dnsServers(dns[2] as string, dns[1])
  if (address.startsWith('file:')) return fileServers(address.slice('file:'.length))
  throw new LlmError(
    'config',
    `The servers of a pool are dns:NAME, dns://SERVER/NAME or file:PATH, not ${address}.`,
  )
}
