// Addresses of Redis: one server, the primary that sentinels name, or a cluster. Read here, since errors of clients would quote a password.

/** A Redis, by address. User and password are decoded; '' for none. */
export interface RedisAddress {
  kind: 'server' | 'sentinel' | 'cluster'
  tls: boolean
  /** At least one; of a server, exactly one. */
  nodes: [RedisNode, ...RedisNode[]]
  username: string
  password: string
  /** What follows the first `/`: the number of a database, or the name that sentinels give to a primary. */
  path: string
}

/** A server, a sentinel or a node of a cluster. */
export interface RedisNode {
  /** With user and password. */
  url: string
  host: string
  port: number | undefined
}

/** What addresses look like, for errors. */
export const redisAddressForms =
  'redis://user:password@host:port/number, redis+sentinel://user:password@host:port,host:port/name or redis+cluster://user:password@host:port,host:port, or rediss with TLS; a % in a password is written %25, and a / is written %2F'

/** Reads an address; `undefined` if it cannot be read. */
export function redisAddress(address: string): RedisAddress | undefined {
  const schemeEnd = address.indexOf('://')
  if (schemeEnd === -1) return undefined
  // A password may have `://` in it.
  const [scheme, rest] = [address.slice(0, schemeEnd), address.slice(schemeEnd + 3)]
  const [protocol = '', kind = 'server'] = scheme.split('+')
  if (protocol !== 'redis' && protocol !== 'rediss') return undefined
  if (kind !== 'server' && kind !== 'sentinel' && kind !== 'cluster') return undefined
  const hostsAt = rest.lastIndexOf('@') + 1
  const slash = rest.indexOf('/', hostsAt)
  const hosts = rest.slice(hostsAt, slash === -1 ? undefined : slash).split(',')
  const path = slash === -1 ? '' : rest.slice(slash + 1)
  const isPathRight = kind === 'server' ? /^\d*$/ : kind === 'sentinel' ? /^[^/?#]+$/ : /^$/
  if (!isPathRight.test(path) || (kind === 'server' && hosts.length > 1)) return undefined
  try {
    const urls = hosts.map((host) => new URL(`${protocol}://${rest.slice(0, hostsAt)}${host}`))
    const [first] = urls
    if (first === undefined || urls.some(({ hostname }) => hostname === '')) return undefined
    return {
      kind,
      tls: protocol === 'rediss',
      nodes: urls.map(toNode) as [RedisNode, ...RedisNode[]],
      username: decodeURIComponent(first.username),
      password: decodeURIComponent(first.password),
      path: kind === 'sentinel' ? decodeURIComponent(path) : path,
    }
  } catch {
    // Not a URL, or a password that cannot be decoded.
    return undefined
  }
}

function toNode(url: URL): RedisNode {
  const { hostname, port } = url
  // IPv6 addresses are in brackets in a URL only.
  const host = hostname.startsWith('[') ? hostname.slice(1, -1) : hostname
  return { url: url.href, host, port: port === '' ? undefined : Number(port) }
}

/** The hosts of an address, for errors. */
export function hostsOf({ nodes }: Pick<RedisAddress, 'nodes'>): string {
  return nodes.map(({ url }) => new URL(url).host).join(', ')
}
