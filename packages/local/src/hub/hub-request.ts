// HTTP requests for models: manual redirects, a token for the hub only, typed errors for failures.
import { LlmError } from '@patchbay/core'
import { checkedAddress, configuredHub, type Hub, parseHubName } from './hub.js'

/** The function that makes the requests. */
export type Fetch = (url: string, init: RequestInit) => Promise<Response>

/** Settings of a request. */
export interface RequestSettings {
  fetch: Fetch
  signal: AbortSignal
  /** Bytes that are already on the disk. */
  from?: number
  /** Version of the file that these bytes belong to. */
  version?: string | undefined
}

/** The response for a file. */
export interface FileResponse {
  response: Response
  /** The file's SHA-256 by the hub, which it sends with the redirect. */
  sha256?: string
}

const mostRedirects = 10
/** Longest manifest that is read, in bytes; usual ones have a few kilobytes. */
const longestManifest = 1024 * 1024

/** The addresses of a model's files. */
export interface ModelAddresses {
  model: string
  /** The projector for images and sound, if the hub's manifest names one. */
  projector?: string
}

/** The addresses of a model's files. A quantisation is looked up in the hub's manifest, as llama.cpp does. */
export async function resolveAddresses(model: string, settings: RequestSettings): Promise<ModelAddresses> {
  if (!model.startsWith('hf:')) return { model: checkedAddress(model, 'The address').href }
  const { repo, file: name } = parseHubName(model)
  const hub = configuredHub()
  const addressOf = (file: string) =>
    `${hub.url}/${repo}/resolve/main/${file.split('/').map(encodeURIComponent).join('/')}`
  if (name.endsWith('.gguf')) return { model: addressOf(name) }
  const { file, projector } = await quantisedFiles(hub, repo, name, settings)
  return { model: addressOf(file), ...(projector !== undefined && { projector: addressOf(projector) }) }
}

async function quantisedFiles(
  hub: Hub,
  repo: string,
  quantisation: string,
  settings: RequestSettings,
): Promise<{ file: string; projector?: string }> {
  const { response } = await requestFile(
    `${hub.url}/v2/${repo}/manifests/${encodeURIComponent(quantisation)}`,
    settings,
  )
  const text = await readBeginning(response, longestManifest)
  let manifest: Record<'ggufFile' | 'mmprojFile', { rfilename?: unknown } | null | undefined> | null
  try {
    manifest = JSON.parse(text)
  } catch {
    throw unexpectedContent('a manifest', response, text)
  }
  const file = manifest?.ggufFile?.rfilename
  if (typeof file !== 'string')
    throw new LlmError('not-found', `${repo} has no GGUF file for ${quantisation}.`)
  const projector = manifest?.mmprojFile?.rfilename
  return { file, ...(typeof projector === 'string' && { projector }) }
}

/** Requests a file. Follows redirects itself: the token is for the hub only, and only its response has the SHA-256. */
export async function requestFile(
  address: string,
  { fetch, signal, from = 0, version }: RequestSettings,
): Promise<FileResponse> {
  const hub = configuredHub()
  let url = new URL(address)
  const { host } = url
  // After a redirect away from the hub, no further request gets the token.
  let trusted = true
  let sha256: string | undefined
  for (let step = 0; step <= mostRedirects; step++) {
    trusted &&= hub.trusts(url)
    const token = trusted ? process.env.HF_TOKEN : undefined
    const response = await fetch(url.href, {
      signal,
      redirect: 'manual',
      headers: {
        // The hub sends manifests only to llama.cpp.
        'user-agent': 'llama-cpp patchbay',
        // With compression, the content length would be another one.
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
    throw statusError(response, new URL(address), hub)
  }
  throw new LlmError('bad-response', `${host} redirects more than ${mostRedirects} times.`)
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

/** The error for a response with other content than expected. Not retryable. */
export function unexpectedContent(expected: string, { headers, status }: Response, text: string): LlmError {
  const type = headers.get('content-type')?.split(';')[0] ?? 'no content type'
  const [, title = text] = text.split(/<\/?title\b[^<>]{0,99}>/i)
  const excerpt = title.replace(/[\s\p{Cc}]+/gu, ' ').trim()
  return new LlmError(
    'bad-response',
    `The server sent something else in place of ${expected} (${type}): "${excerpt.slice(0, 120)}". A proxy, a login page or a wrong HF_ENDPOINT may be in the way: open the address in a browser.`,
    { status, retryable: false },
  )
}

/** The beginning of a response as text, of at least `most` bytes if it is that long. */
export async function readBeginning(response: Response, most: number): Promise<string> {
  const pieces: Uint8Array[] = []
  let length = 0
  for await (const piece of response.body ?? []) {
    pieces.push(piece)
    length += piece.length
    if (length >= most) break
  }
  return Buffer.concat(pieces).toString('utf8')
}

function statusError({ status, headers }: Response, url: URL, hub: Hub): LlmError {
  const { host } = url
  const more = { status }
  if (status === 401 || status === 403) return new LlmError('permission-denied', accessAdvice(url, hub), more)
  if (status === 404 || status === 410)
    return new LlmError('not-found', `${host} has no such model or file. Check the name.`, more)
  if (status === 429) {
    const seconds = Number(headers.get('retry-after') ?? Number.NaN)
    return new LlmError(
      'rate-limited',
      `${host} limits the number of requests. Try again later; what was downloaded is kept.`,
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
    `${host} answers with status ${status}. Try again; what was downloaded is kept.`,
    { ...more, retryable: true },
  )
}

function accessAdvice(url: URL, hub: Hub): string {
  const { host, protocol } = url
  const head = `${host} restricts access to this model.`
  if (hub.trusts(url))
    return process.env.HF_TOKEN
      ? `${head} Accept its licence there with the account of HF_TOKEN, and check that the token may read it.`
      : `${head} Accept its licence there, and set HF_TOKEN.`
  const isHub = host === new URL(hub.url).host
  if (isHub && protocol === 'http:') return `${head} HF_TOKEN is only sent over https.`
  return `${head} HF_TOKEN is only sent to ${new URL(hub.url).host}; give pullModel a \`fetch\` that adds the header for ${host}.`
}
