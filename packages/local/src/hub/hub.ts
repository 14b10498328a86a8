// The hub that models come from: where a model's files are, and who may have the token.
import { LlmError } from '@patchbay/core'

/** A model hub. */
export interface Hub {
  /** Its address, without a slash at the end. */
  readonly url: string
  /** Whether a request to this address may carry the hub's token. */
  trusts(address: URL): boolean
}

const usualHub = 'https://huggingface.co'

/**
 * Hugging Face, or what `HF_ENDPOINT` names.
 * @throws {LlmError} `config` for a variable that is no address
 */
export function configuredHub(): Hub {
  const given = process.env.HF_ENDPOINT
  const url = checkedAddress(given || usualHub, 'HF_ENDPOINT')
  // Without TLS anybody on the way reads the token. A hub on this machine has no way to it, if it was named as the hub.
  const safe = url.protocol === 'https:' || (given !== undefined && isLoopback(url.hostname))
  return {
    url: url.href.replace(/\/+$/, ''),
    trusts: (address) => safe && address.origin === url.origin,
  }
}

function isLoopback(hostname: string): boolean {
  return hostname === 'localhost' || hostname === '[::1]' || /^127(\.\d{1,3}){3}$/.test(hostname)
}

/**
 * An address that can be asked.
 * @throws {LlmError} `config`; the address is not quoted, as it may hold a password
 */
export function checkedAddress(address: string, what: string): URL {
  const url = URL.parse?.(address) ?? parsed(address)
  if (!url || !/^https?:$/.test(url.protocol))
    throw new LlmError('config', `${what} must be an address that begins with https:// or http://.`)
  if (url.username !== '' || url.password !== '')
    throw new LlmError(
      'config',
      `${what} must not hold a user or password. Set HF_TOKEN for the hub; for other servers give pullModel a \`fetch\` that adds the header.`,
    )
  return url
}

// `URL.parse` is new in Node 22.
function parsed(address: string): URL | undefined {
  try {
    return new URL(address)
  } catch {
    return undefined
  }
}

/** What `hf:owner/repo:what` names: a file, or a quantisation that the hub's manifest knows the file of. */
export interface HubModel {
  repo: string
  what: string
}

/** @throws {LlmError} `config` for what is no name */
export function hubModel(model: string): HubModel {
  const match = /^hf:([\w.-]+\/[\w.-]+)(?:[:/](.+))?$/.exec(model)
  if (match === null)
    throw new LlmError(
      'config',
      `${model} is not the name of a model. Write hf:owner/repo:file.gguf or hf:owner/repo:Q4_K_M.`,
    )
  const [, repo = '', what = 'latest'] = match
  return { repo, what }
}

/** The addresses of all parts of a model whose first, or any, part this is. */
export function partsOf(address: string): string[] {
  const match = /^(.*-)\d{5}(-of-(\d{5})\.gguf(?:[?#].*)?)$/.exec(address)
  if (match === null || Number(match[3]) === 0) return [address]
  const [, head, tail, count] = match
  return Array.from(
    { length: Number(count) },
    (_, index) => `${head}${String(index + 1).padStart(5, '0')}${tail}`,
  )
}
