// One image or file from an address that somebody else may have written. On a server such an address must not open what
// only the server can reach (server-side request forgery): names are resolved once, and the connection goes to the
// address that was checked. In a browser or an edge worker the platform keeps its own borders.
import type { IncomingMessage } from 'node:http'
import type { BlockList } from 'node:net'
import type { MediaOptions } from '../../call/define-provider.js'
import { LlmError } from '../../contract/errors.js'
import type { FilePart, ImagePart } from '../../contract/message.js'

type Addressed = (ImagePart | FilePart) & { url: string }
type Limits = Required<MediaOptions>

const mostRedirects = 3

/** @throws {LlmError} `invalid-request` for what is not to be had within the limits, `network` where nobody answers */
export async function download(
  part: Addressed,
  { maxBytes = 20 * 1024 * 1024, allowHosts = [] }: MediaOptions,
  signal: AbortSignal,
): Promise<{ data: Uint8Array; mediaType: string }> {
  const limits = { maxBytes, allowHosts }
  const asked = new URL(part.url)
  let url = asked
  for (let redirects = 0; ; redirects++) {
    check(url, asked, limits)
    const answer = await ask(url, asked, limits, signal)
    if (answer.location === undefined)
      return { data: answer.data, mediaType: typeOf(part, answer.mediaType, asked) }
    if (redirects === mostRedirects) throw refused(asked, `leads on more than ${mostRedirects} times`)
    url = new URL(answer.location, url)
  }
}

/**
 * For those who hand an address on to somebody who fetches it: does it lead to a public host, as far as can be known here?
 * @throws {LlmError} `invalid-request`
 */
export async function checkPublic(
  address: string,
  { allowHosts = [] }: Pick<MediaOptions, 'allowHosts'> = {},
): Promise<void> {
  if (!URL.canParse(address))
    throw new LlmError('invalid-request', 'An address is no URL. Pass `data` instead.')
  const url = new URL(address)
  check(url, url, { allowHosts, maxBytes: 0 })
  if (allowHosts.includes(url.host)) return
  // In a browser or an edge worker the platform keeps its own borders.
  const net = typeof process === 'undefined' ? undefined : process.getBuiltinModule?.('node:net')
  if (net === undefined) return
  const { lookup } = process.getBuiltinModule('node:dns').promises
  const name = url.hostname.replace(/^\[|\]$/g, '')
  const isPublic = publicAddresses(net)
  const found =
    net.isIP(name) !== 0
      ? [{ address: name }]
      : await lookup(name, { all: true }).catch((cause) => {
          throw new LlmError(
            'invalid-request',
            `${told(url)} cannot be found. Pass \`data\` instead, or another address.`,
            { cause },
          )
        })
  if (!found.every((one) => isPublic(one.address))) throw notPublic(url)
}

interface Answer {
  data: Uint8Array
  mediaType: string
  location?: string
}

/** Only what the address itself says; where its name leads to is checked when it is resolved. */
function check(url: URL, asked: URL, { allowHosts }: Limits): void {
  if (url.protocol !== 'https:' && url.protocol !== 'http:') throw refused(asked, 'is no web address')
  if (url.username !== '' || url.password !== '') throw refused(asked, 'holds a password')
  if (allowHosts.includes(url.host)) return
  const name = url.hostname.replace(/\.$/, '')
  if (/(^|\.)(localhost|local|internal|home\.arpa)$/.test(name)) throw notPublic(asked)
}

async function ask(url: URL, asked: URL, limits: Limits, signal: AbortSignal): Promise<Answer> {
  const node = typeof process === 'undefined' ? undefined : process.getBuiltinModule?.('node:net')
  try {
    return await (node === undefined
      ? askPlatform(url, asked, limits, signal)
      : askNode(url, asked, limits, signal))
  } catch (cause) {
    if (cause instanceof LlmError || signal.aborted) throw cause
    throw new LlmError('network', `${told(asked)} cannot be fetched. Pass \`data\` instead, or try again.`, {
      cause,
    })
  }
}

async function askPlatform(url: URL, asked: URL, limits: Limits, signal: AbortSignal): Promise<Answer> {
  const response = await fetch(url, { signal, credentials: 'omit' })
  if (!response.ok || response.body === null) throw refused(asked, `answers with status ${response.status}`)
  return {
    data: await collect(piecesOf(response.body), asked, limits),
    mediaType: response.headers.get('content-type') ?? '',
  }
}

/** Not every browser can loop over a body. */
async function* piecesOf(body: ReadableStream<Uint8Array>): AsyncGenerator<Uint8Array> {
  const reader = body.getReader()
  try {
    for (;;) {
      const { done, value } = await reader.read()
      if (done) return
      yield value
    }
  } finally {
    void reader.cancel().catch(() => {})
  }
}

function askNode(url: URL, asked: URL, limits: Limits, signal: AbortSignal): Promise<Answer> {
  const net = process.getBuiltinModule('node:net')
  const dns = process.getBuiltinModule('node:dns')
  const { request } = process.getBuiltinModule(url.protocol === 'https:' ? 'node:https' : 'node:http')
  const allowed = limits.allowHosts.includes(url.host)
  const isPublic = publicAddresses(net)
  const literal = url.hostname.replace(/^\[|\]$/g, '')
  if (!allowed && net.isIP(literal) !== 0 && !isPublic(literal)) throw notPublic(asked)
  return new Promise<Answer>((resolve, reject) => {
    const options = {
      signal,
      // A connection of its own: a kept one would not be resolved again.
      agent: false as const,
      headers: { 'accept-encoding': 'identity', accept: '*/*' },
      lookup: (
        name: string,
        options: import('node:dns').LookupOptions,
        done: (error: Error | null, address: never, family?: number) => void,
      ) => {
        dns.lookup(name, { ...options, all: true }, (error, addresses) => {
          if (error) return done(error, '' as never)
          if (!allowed && !addresses.every(({ address }) => isPublic(address)))
            return done(notPublic(asked), '' as never)
          const [first] = addresses
          if (options.all) done(null, addresses as never)
          else done(null, first?.address as never, first?.family)
        })
      },
    }
    request(url, options, (response: IncomingMessage) => {
      const { statusCode: status = 0, headers } = response
      const { location } = headers
      if (status >= 300 && status < 400 && location !== undefined) {
        response.destroy()
        return resolve({ data: new Uint8Array(), mediaType: '', location })
      }
      if (status !== 200) {
        response.destroy()
        return reject(refused(asked, `answers with status ${status}`))
      }
      collect(response, asked, limits).then(
        (data) => resolve({ data, mediaType: headers['content-type'] ?? '' }),
        (error) => {
          response.destroy()
          reject(error)
        },
      )
    })
      .on('error', reject)
      .end()
  })
}

async function collect(
  pieces: AsyncIterable<Uint8Array>,
  asked: URL,
  { maxBytes }: Limits,
): Promise<Uint8Array> {
  const kept: Uint8Array[] = []
  let size = 0
  for await (const piece of pieces) {
    size += piece.length
    if (size > maxBytes) throw refused(asked, `has more than ${maxBytes} bytes (raise media.maxBytes)`)
    kept.push(piece)
  }
  const data = new Uint8Array(size)
  let at = 0
  for (const piece of kept) {
    data.set(piece, at)
    at += piece.length
  }
  return data
}

/** What the server says it is, or what the caller said where the server does not know. */
function typeOf(part: Addressed, header: string, asked: URL): string {
  const said = header.split(';')[0]?.trim().toLowerCase() ?? ''
  const type = said === '' || said === 'application/octet-stream' ? part.mediaType : said
  if (type === undefined) throw refused(asked, 'comes without a media type (pass mediaType)')
  const fits = part.type === 'image' ? type.startsWith('image/') : type !== 'text/html'
  if (!fits) throw refused(asked, `is ${type}, which is no ${part.type}`)
  return type
}

// What is not reachable from everywhere, or stands for something that may not be: RFC 6890 and its successors.
const reserved4 = [
  '0.0.0.0/8 10.0.0.0/8 100.64.0.0/10 127.0.0.0/8 169.254.0.0/16 172.16.0.0/12 192.0.0.0/24 192.0.2.0/24',
  '192.88.99.0/24 192.168.0.0/16 198.18.0.0/15 198.51.100.0/24 203.0.113.0/24 224.0.0.0/4 240.0.0.0/4',
]
// Addresses of version 4 written as ones of version 6 (::ffff:0:0/96) are met by the ranges above; a range of their own
// would hold all of version 4.
const reserved6 = [
  '::/96 64:ff9b::/96 64:ff9b:1::/48 100::/64 2001::/23 2001:db8::/32 2002::/16 fc00::/7 fe80::/10',
  'fec0::/10 ff00::/8',
]
let reserved: BlockList | undefined

function publicAddresses(net: typeof import('node:net')): (address: string) => boolean {
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

function notPublic(asked: URL): LlmError {
  return refused(asked, 'does not lead to a public host (name it in media.allowHosts if it should)')
}

function refused(asked: URL, why: string): LlmError {
  return new LlmError('invalid-request', `${told(asked)} ${why}. Pass \`data\` instead, or another address.`)
}

/** Signed addresses hold their secret in the query. */
function told({ protocol, host, pathname }: URL): string {
  return `${protocol}//${host}${pathname}`
}
