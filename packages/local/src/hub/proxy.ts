// Downloads through the proxy that the environment names: `HTTPS_PROXY`, `HTTP_PROXY`, `NO_PROXY`, in either case.
import { LlmError } from '@patchbay/core'
import type { Fetch } from './hub-request.js'

/** A fetch, and what lets go of its connections. */
export interface Fetching {
  fetch: Fetch
  close(): Promise<void>
}

/**
 * The platform's own fetch where no proxy is named.
 * @throws {LlmError} `config` for a variable that names no proxy
 */
export async function environmentFetch(): Promise<Fetching> {
  const httpProxy = proxyOf('http_proxy')
  const httpsProxy = proxyOf('https_proxy')
  // Bun's own fetch heeds the variables.
  if ((httpProxy ?? httpsProxy) === undefined || process.versions.bun !== undefined)
    return { fetch: (url, init) => fetch(url, init), close: async () => {} }
  // The platform's fetch is woken first: else it would take the dispatcher of the package for the app's own requests.
  new Headers()
  // Half a megabyte of code that few need.
  const { EnvHttpProxyAgent, fetch: fetchThrough } = await import('undici')
  const options = {
    ...(httpProxy !== undefined && { httpProxy }),
    ...(httpsProxy !== undefined && { httpsProxy }),
    noProxy: process.env.no_proxy || process.env.NO_PROXY || '',
    // A request without TLS needs no tunnel, and many proxies give one to port 443 alone.
    proxyTunnel: false,
  }
  const dispatcher = new EnvHttpProxyAgent(options)
  return {
    fetch: async (url, init) => {
      const { signal, headers, redirect } = init
      return fetchThrough(url, {
        dispatcher,
        ...(signal && { signal }),
        ...(redirect && { redirect }),
        headers: Object.fromEntries(new Headers(headers)),
      })
    },
    close: () => dispatcher.destroy(),
  }
}

/** The proxy of a variable, by its lower-case name first, as curl has it. */
function proxyOf(variable: string): string | undefined {
  const upper = variable.toUpperCase()
  const given = process.env[variable] || process.env[upper]
  if (!given) return undefined
  const address = given.includes('://') ? given : `http://${given}`
  if (/^https?:\/\/[^/]/.test(address) && hasReadablePassword(address)) return address
  throw new LlmError(
    'config',
    `${upper} must be the address of an http or https proxy, such as http://host:3128.`,
  )
}

function hasReadablePassword(address: string): boolean {
  try {
    const { username, password } = new URL(address)
    decodeURIComponent(username + password)
    return true
  } catch {
    return false
  }
}
