// What a hub says of a model: where its file is, and which sum it has.
import { LlmError } from '@patchbay/core'

/** The file's own address. A quantisation is looked up in the hub's manifest, as llama.cpp does. */
export async function addressOf(model: string, signal: AbortSignal): Promise<string> {
  if (!model.startsWith('hf:')) return model
  const match = /^hf:([\w.-]+\/[\w.-]+)(?:[:/](.+))?$/.exec(model)
  if (match === null)
    throw new LlmError(
      'config',
      `${model} is no model's name. Write hf:owner/repo:file.gguf or hf:owner/repo:Q4_K_M.`,
    )
  const [, repo, what = 'latest'] = match
  const hub = (process.env.HF_ENDPOINT || 'https://huggingface.co').replace(/\/+$/, '')
  let file = what
  if (!what.endsWith('.gguf')) {
    const { response } = await ask(`${hub}/v2/${repo}/manifests/${encodeURIComponent(what)}`, signal)
    const manifest = (await response.json()) as { ggufFile?: { rfilename?: string } }
    const found = manifest.ggufFile?.rfilename
    if (found === undefined) throw new LlmError('not-found', `${repo} has no GGUF file of the kind ${what}.`)
    file = found
  }
  return `${hub}/${repo}/resolve/main/${file.split('/').map(encodeURIComponent).join('/')}`
}

/** The addresses of all parts of a model whose first, or any, part this is. */
export function partsOf(address: string): string[] {
  const match = /^(.*-)\d{5}(-of-(\d{5})\.gguf(?:[?#].*)?)$/.exec(address)
  if (match === null) return [address]
  const [, head, tail, count] = match
  return Array.from(
    { length: Number(count) },
    (_, index) => `${head}${String(index + 1).padStart(5, '0')}${tail}`,
  )
}

interface Answer {
  response: Response
  /** What the hub says of the file, before it leads on to where it lies. */
  sha256?: string
}

/** Follows redirects by hand: the token is for the hub alone, and the sum stands on the first answer. */
export async function ask(address: string, signal: AbortSignal, from = 0): Promise<Answer> {
  const { host } = new URL(address)
  let url = address
  let sha256: string | undefined
  for (let redirects = 0; redirects < 6; redirects++) {
    const token = new URL(url).host === host ? process.env.HF_TOKEN : undefined
    const headers = {
      // The hub gives manifests to llama.cpp's name.
      'user-agent': 'llama-cpp patchbay',
      ...(token && { authorization: `Bearer ${token}` }),
      ...(from > 0 && { range: `bytes=${from}-` }),
    }
    const response = await fetch(url, { signal, headers, redirect: 'manual' })
    sha256 ??= /^"?([0-9a-f]{64})"?$/.exec(response.headers.get('x-linked-etag') ?? '')?.[1]
    const location = response.headers.get('location')
    if (response.status >= 300 && response.status < 400 && location !== null) {
      await response.body?.cancel()
      url = new URL(location, url).href
      continue
    }
    if (!response.ok && response.status !== 416) throw refused(response.status, host)
    return { response, ...(sha256 !== undefined && { sha256 }) }
  }
  throw new LlmError('bad-response', `${host} leads on and on.`)
}

function refused(status: number, host: string): LlmError {
  const more = { status }
  if (status === 401 || status === 403)
    return new LlmError(
      'permission-denied',
      `${host} does not give this model to everybody. Accept its licence there, and set HF_TOKEN.`,
      more,
    )
  if (status === 404)
    return new LlmError('not-found', `${host} has no such model or file. Check the name.`, more)
  return new LlmError(
    'server-error',
    `${host} answers with status ${status}. Try again; what is there is kept.`,
    { ...more, retryable: true },
  )
}
