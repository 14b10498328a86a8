// Downloads an image or a file from a URL that somebody else may have written. In Node the host's name is resolved once, and the
// connection goes to the address that was checked. Browsers and edge workers have their own rules.
import type { IncomingMessage } from 'node:http'
import type { MediaOptions } from '../../call/define-provider.js'
import { LlmError } from '../../contract/errors.js'
import type { FilePart, ImagePart } from '../../contract/message.js'
import type { Complete } from '../../object.js'
import { checkUrl, displayed, notPublic, publicAddresses, refused } from './public-address.js'

type PartWithUrl = (ImagePart | FilePart) & { url: string }
type Limits = Complete<MediaOptions>

const mostRedirects = 3

/**
 * The bytes at a part's URL, and their media type.
 * @throws {LlmError} `invalid-request` for anything outside the limits, `network` without an answer
 */
export async function download(
  part: PartWithUrl,
  { maxBytes = 20 * 1024 * 1024, allowHosts = [] }: MediaOptions,
  signal: AbortSignal,
): Promise<{ data: Uint8Array; mediaType: string }> {
  const limits = { maxBytes, allowHosts }
  const original = new URL(part.url)
  let url = original
  for (let redirects = 0; ; redirects++) {
    checkUrl(url, original, allowHosts)
    const answer = await request(url, original, limits, signal)
    if (answer.location === undefined)
      return { data: answer.data, mediaType: typeOf(part, answer.mediaType, original) }
    if (redirects === mostRedirects) throw refused(original, `redirects more than ${mostRedirects} times`)
    url = new URL(answer.location, url)
  }
}

/** The bytes, or the address of a redirect. */
interface Answer {
  data: Uint8Array
  mediaType: string
  location?: string
}

async function request(url: URL, original: URL, limits: Limits, signal: AbortSignal): Promise<Answer> {
  const node = typeof process === 'undefined' ? undefined : process.getBuiltinModule?.('node:net')
  try {
    return await (node === undefined
      ? fetchBytes(url, original, limits, signal)
      : requestInNode(url, original, limits, signal))
  } catch (cause) {
    if (cause instanceof LlmError || signal.aborted) throw cause
    throw new LlmError(
      'network',
      `${displayed(original)} cannot be fetched. Pass \`data\` instead, or try again.`,
      {
        cause,
      },
    )
  }
}

async function fetchBytes(url: URL, original: URL, limits: Limits, signal: AbortSignal): Promise<Answer> {
  const response = await fetch(url, { signal, credentials: 'omit' })
  if (!response.ok || response.body === null)
    throw refused(original, `answers with status ${response.status}`)
  return {
    data: await collect(piecesOf(response.body), original, limits),
    mediaType: response.headers.get('content-type') ?? '',
  }
}

/** The chunks of a body; not every browser can loop over one. */
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

function requestInNode(url: URL, original: URL, limits: Limits, signal: AbortSignal): Promise<Answer> {
  const net = process.getBuiltinModule('node:net')
  const dns = process.getBuiltinModule('node:dns')
  const { request: send } = process.getBuiltinModule(url.protocol === 'https:' ? 'node:https' : 'node:http')
  const allowed = limits.allowHosts.includes(url.host)
  const isPublic = publicAddresses(net)
  const literal = url.hostname.replace(/^\[|\]$/g, '')
  if (!allowed && net.isIP(literal) !== 0 && !isPublic(literal)) throw notPublic(original)
  return new Promise<Answer>((resolve, reject) => {
    const options = {
      signal,
      // A new connection: a pooled one would not be resolved again.
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
            return done(notPublic(original), '' as never)
          const [first] = addresses
          if (options.all) done(null, addresses as never)
          else done(null, first?.address as never, first?.family)
        })
      },
    }
    send(url, options, (response: IncomingMessage) => {
      const { statusCode: status = 0, headers } = response
      const { location } = headers
      if (status >= 300 && status < 400 && location !== undefined) {
        response.destroy()
        return resolve({ data: new Uint8Array(), mediaType: '', location })
      }
      if (status !== 200) {
        response.destroy()
        return reject(refused(original, `answers with status ${status}`))
      }
      collect(response, original, limits).then(
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
  body: AsyncIterable<Uint8Array>,
  original: URL,
  { maxBytes }: Limits,
): Promise<Uint8Array> {
  const pieces: Uint8Array[] = []
  let size = 0
  for await (const piece of body) {
    size += piece.length
    if (size > maxBytes) throw refused(original, `has more than ${maxBytes} bytes (raise media.maxBytes)`)
    pieces.push(piece)
  }
  const data = new Uint8Array(size)
  let at = 0
  for (const piece of pieces) {
    data.set(piece, at)
    at += piece.length
  }
  return data
}

/** The media type by the server; by the caller if the server does not know it. */
function typeOf(part: PartWithUrl, header: string, original: URL): string {
  const reported = header.split(';')[0]?.trim().toLowerCase() ?? ''
  const type = reported === '' || reported === 'application/octet-stream' ? part.mediaType : reported
  if (type === undefined) throw refused(original, 'has no media type (pass mediaType)')
  const fits = part.type === 'image' ? type.startsWith('image/') : type !== 'text/html'
  if (!fits) throw refused(original, `is ${type}, not of type ${part.type}`)
  return type
}
