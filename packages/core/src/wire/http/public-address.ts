// Check that a URL leads to a public host. A server must not be made to open what only it can reach (server-side request forgery).
import type { BlockList } from 'node:net'
import type { MediaOptions } from '../../call/define-provider.js'
import { LlmError } from '../../contract/errors.js'

/**
 * Checks that a URL leads to a public host, as far as that can be known here. For services that download it themselves.
 * @throws {LlmError} `invalid-request` for any other URL
 */
export async function checkPublic(
  address: string,
  { allowHosts = [] }: Pick<MediaOptions, 'allowHosts'> = {},
): Promise<void> {
  if (!URL.canParse(address))
    throw new LlmError('invalid-request', 'An address is no URL. Pass `data` instead.')
  const url = new URL(address)
  checkUrl(url, url, allowHosts)
  if (allowHosts.includes(url.host)) return
  // Browsers and edge workers have their own rules.
  const net = typeof process === 'undefined' ? undefined : process.getBuiltinModule?.('node:net')
  if (net === undefined) return
  const { lookup } = process.getBuiltinModule('node:dns').promises
  const name = url.hostname.replace(/^\[|\]$/g, '')
  const isPublic = publicAddresses(net)
  const addresses =
    net.isIP(name) !== 0
      ? [{ address: name }]
      : await lookup(name, { all: true }).catch((cause) => {
          throw new LlmError(
            'invalid-request',
            `${displayed(url)} cannot be found. Pass \`data\` instead, or another address.`,
            { cause },
          )
        })
  if (!addresses.every((one) => isPublic(one.address))) throw notPublic(url)
}

/** Checks the URL itself; the addresses of its host are checked when it is resolved. `original` is the URL for the error. */
export function checkUrl(url: URL, original: URL, allowHosts: string[]): void {
  if (url.protocol !== 'https:' && url.protocol !== 'http:') throw refused(original, 'is not a web address')
  if (url.username !== '' || url.password !== '') throw refused(original, 'contains a password')
  if (allowHosts.includes(url.host)) return
  const name = url.hostname.replace(/\.$/, '')
  if (/(^|\.)(localhost|local|internal|home\.arpa)$/.test(name)) throw notPublic(original)
}

// Addresses that are not public, or that may stand for one that is not: RFC 6890 and its successors.
const reserved4 = [
  '0.0.0.0/8 10.0.0.0/8 100.64.0.0/10 127.0.0.0/8 169.254.0.0/16 172.16.0.0/12 192.0.0.0/24 192.0.2.0/24',
  '192.88.99.0/24 192.168.0.0/16 198.18.0.0/15 198.51.100.0/24 203.0.113.0/24 224.0.0.0/4 240.0.0.0/4',
]
// IPv4 addresses written as IPv6 (::ffff:0:0/96) are matched by the ranges above; a range of their own would contain all of IPv4.
const reserved6 = [
  '::/96 64:ff9b::/96 64:ff9b:1::/48 100::/64 2001::/23 2001:db8::/32 2002::/16 fc00::/7 fe80::/10',
  'fec0::/10 ff00::/8',
]
let reserved: BlockList | undefined

/** A function that tells whether an IP address is public. */
export function publicAddresses(net: typeof import('node:net')): (address: string) => boolean {
  if (reserved === undefined) {
    reserved = new net.BlockList()
    for (const [family, lists] of [
      ['ipv4', reserved4],
      ['ipv6', reserved6],
    ] as const)
      for (const range of lists.join(' ').split(' ')) {
        const [address = '', bits] = range.split('/')
        reserved.addSubnet(address, Number(bits), family)
      }
  }
  const list = reserved
  return (address) => !list.check(address, net.isIPv6(address) ? 'ipv6' : 'ipv4')
}

/** The error for a host that is not public. */
export function notPublic(original: URL): LlmError {
  return refused(original, 'does not lead to a public host (name it in media.allowHosts if it should)')
}

/** The error for a URL that is not downloaded. */
export function refused(original: URL, why: string): LlmError {
  return new LlmError(
    'invalid-request',
    `${displayed(original)} ${why}. Pass \`data\` instead, or another address.`,
  )
}

/** A URL for messages, without its query, which may contain a secret. */
export function displayed({ protocol, host, pathname }: URL): string {
  return `${protocol}//${host}${pathname}`
}
