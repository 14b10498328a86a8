// Requests for models: redirects followed by hand, the token for the hub alone, refusals as typed errors.
import { LlmError } from '@patchbay/core'
import { checkedAddress, configuredHub, type Hub, hubModel } from './hub.js'

/** What a download asks with. */
export type Fetch = (url: string, init: RequestInit) => Promise<Response>

/** How to ask. */
export interface Asking {
  fetch: Fetch
  signal: AbortSignal
  /** Bytes that are there already. */
  from?: number
  /** The version that they are of. */
  version?: string | undefined
}

/** What comes. */
export interface Answer {
  response: Response
  /** What the hub says of the file, before it leads on to where it lies. */
  sha256?: string
}

const redirects = 10
/** A manifest has some kilobytes. */
const longestManifest = 1024 * 1024

/** The file's own address. A quantisation is looked up in the hub's manifest, as llama.cpp does. */
export async function addressOf(model: string, asking: Asking): Promise<string> {
  if (!model.startsWith('hf:')) return checkedAddress(model, 'The address').href
  const { repo, what } = hubModel(model)
  const hub = configuredHub()
  const file = what.endsWith('.gguf') ? what : await fileOf(hub, repo, what, asking)
  return `${hub.url}/${repo}/resolve/main/${file.split('/').map(encodeURIComponent).join('/')}`
}

async function fileOf(hub: Hub, repo: string, what: string, asking: Asking): Promise<string> {
  const { response } = await ask(`${hub.url}/v2/${repo}/manifests/${encodeURIComponent(what)}`, asking)
  const text = await beginning(response, longestManifest)
  let manifest: { ggufFile?: { rfilename?: unknown } | null } | null
  try {
    manifest = JSON.parse(text)
  } catch {
    throw notExpected('a manifest', response, text)
  }
  const name = manifest?.ggufFile?.rfilename
  if (typeof name !== 'string')
    throw new LlmError('not-found', `${repo} has no GGUF file of the kind ${what}.`)
  return name
}

/** Follows redirects by hand: the token is for the hub alone, and the sum stands on the first answer. */
export async function ask(address: string, { fetch, signal, from = 0, version }: Asking): Promise<Answer> {
  const hub = configuredHub()
  let url = new URL(address)
  const { host } = url
  // Once the way has left the hub, nothing on it gets the token any more.
  let trusted = true
  let sha256: string | undefined
  for (let step = 0; step <= redirects; step++) {
    trusted &&= hub.trusts(url)
    const token = trusted ? process.env.HF_TOKEN : undefined
    const response = await fetch(url.href, {
      signal,
      redirect: 'manual',
      headers: {
        // The hub gives manifests to llama.cpp's name.
        'user-agent': 'llama-cpp patchbay',
        // Compressed on the way, the lengths that servers tell would be others.
        'accept-encoding': 'identity',
        ...(token && { authorization: `Bearer ${token}` }),
        ...(from > 0 && { range: `bytes=${from}-`, ...(version && { 'if-range': version }) }),
      },
    })
    sha256 ??= /^"?([0-9a-f]{64})"?$/.exec(response.headers.get('x-linked-etag') ?? '')?.[1]
    const location = response.headers.get('location')
    if (response.status >= 300 && response.status < 400 && location !== null) {
      await response.body?.cancel()
      url = nextAddress(location, url)
      continue
    }
    if (response.ok || response.status === 416) return { response, ...(sha256 !== undefined && { sha256 }) }
    await response.body?.cancel()
    throw refused(response, new URL(address), hub)
  }
  throw new LlmError('bad-response', `${host} redirects without an end.`)
}

function nextAddress(location: string, from: URL): URL {
  try {
    return checkedAddress(new URL(location, from).href, 'A redirect')
  } catch {
    throw new LlmError(
      'bad-response',
      `${from.host} redirects to an address that cannot be followed (not http, or with a password in it).`,
    )
  }
}

/** What came is not what it should be; trying again would not help. */
export function notExpected(what: string, { headers, status }: Response, text: string): LlmError {
  const type = headers.get('content-type')?.split(';')[0] ?? 'no content type'
  const [, title = text] = text.split(/<\/?title\b[^<>]{0,99}>/i)
  const words = title.replace(/[\s\p{Cc}]+/gu, ' ').trim()
  return new LlmError(
    'bad-response',
    `Something else came in place of ${what} (${type}): "${words.slice(0, 120)}". A proxy, a login page or a wrong HF_ENDPOINT may be in the way: open the address in a browser.`,
    { status, retryable: false },
  )
}

/** The text of a response, up to so many bytes. */
export async function beginning(response: Response, most: number): Promise<string> {
  const pieces: Uint8Array[] = []
  let length = 0
  for await (const piece of response.body ?? []) {
    pieces.push(piece)
    length += piece.length
    if (length >= most) break
  }
  return Buffer.concat(pieces).toString('utf8')
}

function refused({ status, headers }: Response, url: URL, hub: Hub): LlmError {
  const { host } = url
  const more = { status }
  if (status === 401 || status === 403) return new LlmError('permission-denied', withheld(url, hub), more)
  if (status === 404 || status === 410)
    return new LlmError('not-found', `${host} has no such model or file. Check the name.`, more)
  if (status === 429) {
    const seconds = Number(headers.get('retry-after') ?? Number.NaN)
    return new LlmError(
      'rate-limited',
      `${host} wants fewer requests. Try again later; what is there is kept.`,
      {
        ...more,
        ...(seconds >= 0 && { retryAfterMs: seconds * 1000 }),
      },
    )
  }
  if (status === 407)
    return new LlmError('network', 'The proxy asks for a user and password. Put them into HTTPS_PROXY.', more)
  if (status < 500)
    return new LlmError('bad-response', `${host} answers with status ${status}. Check the name.`, more)
  return new LlmError(
    'server-error',
    `${host} answers with status ${status}. Try again; what is there is kept.`,
    { ...more, retryable: true },
  )
}

function withheld(url: URL, hub: Hub): string {
  const { host, protocol } = url
  const head = `${host} does not give this model to everybody.`
  if (hub.trusts(url))
    return process.env.HF_TOKEN
      ? `${head} Accept its licence there with the account of HF_TOKEN, and check that the token may read it.`
      : `${head} Accept its licence there, and set HF_TOKEN.`
  const isHub = host === new URL(hub.url).host
  if (isHub && protocol === 'http:') return `${head} HF_TOKEN is sent over https alone.`
  return `${head} HF_TOKEN is for ${new URL(hub.url).host} alone; give pullModel a \`fetch\` that adds what ${host} asks for.`
}
