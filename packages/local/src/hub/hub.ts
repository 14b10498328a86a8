// Model hub: addresses of a model's files, and which requests may carry the token.
import { LlmError } from '@patchbay/core'

/** A model hub. */
export interface Hub {
  /** Its address, without a slash at the end. */
  readonly url: string
  /** Whether a request to this address may carry `HF_TOKEN`. */
  trusts(address: URL): boolean
}

const defaultHub = 'https://huggingface.co'

/**
 * Hugging Face, or the hub of `HF_ENDPOINT`.
 * @throws {LlmError} `config` if `HF_ENDPOINT` is not an address
 */
export function configuredHub(): Hub {
  const given = process.env.HF_ENDPOINT
  const url = checkedAddress(given || defaultHub, 'HF_ENDPOINT')
  // Without TLS, anyone on the network can read the token. A hub on this machine is safe, if `HF_ENDPOINT` names it.
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
 * Parses and checks an address.
 * @throws {LlmError} `config`; the message does not contain the address, which may hold a password
 */
export function checkedAddress(address: string, name: string): URL {
  const url = URL.parse?.(address) ?? tryParse(address)
  if (!url || !/^https?:$/.test(url.protocol))
    throw new LlmError('config', `${name} must be an address that begins with https:// or http://.`)
  if (url.username !== '' || url.password !== '')
    throw new LlmError(
      'config',
      `${name} must not contain a user or password. Set HF_TOKEN for the hub; for other servers give pullModel a \`fetch\` that adds the header.`,
    )
  return url
}

// `URL.parse` is new in Node 22.
function tryParse(address: string): URL | undefined {
  try {
    return new URL(address)
  } catch {
    return undefined
  }
}

/** The parts of `hf:owner/repo:file`. */
export interface HubName {
  repo: string
  /** A file, or a quantisation such as `Q4_K_M`, which the hub's manifest maps to a file. */
  file: string
}

/** @throws {LlmError} `config` for a name in another form */
export function parseHubName(model: string): HubName {
  const match = /^hf:([\w.-]+\/[\w.-]+)(?:[:/](.+))?$/.exec(model)
  if (match === null)
    throw new LlmError(
      'config',
      `${model} is not the name of a model. Write hf:owner/repo:file.gguf or hf:owner/repo:Q4_K_M.`,
    )
  const [, repo = '', file = 'latest'] = match
  return { repo, file }
}

/** The addresses of all files of a model that is split into parts, given one of them. */
export function partAddresses(address: string): string[] {
  const match = /^(.*-)\d{5}(-of-(\d{5})\.gguf(?:[?#].*)?)$/.exec(address)
  if (match === null || Number(match[3]) === 0) return [address]
  const [, head, tail, count] = match
  return Array.from(
    { length: Number(count) },
    (_, index) => `${head}${String(index + 1).padStart(5, '0')}${tail}`,
  )
}
