// Fetch through the proxy of the environment: `HTTPS_PROXY`, `HTTP_PROXY` and `NO_PROXY`, in upper or lower case.
import { LlmError } from '@patchbay/core'
import type { Fetch } from './hub-request.js'

export interface ProxyFetch {
  fetch: Fetch
  /** Closes its connections. */
  close(): Promise<void>
}

/**
 * A fetch through the proxy, or the platform's own one without a proxy.
 * @throws {LlmError} `config` for a variable that is not the address of a proxy
 */
export async function environmentFetch(): Promise<ProxyFetch> {
  const httpProxy = proxyOf('http_proxy')
  const httpsProxy = proxyOf('https_proxy')
  // Bun's own fetch uses the variables.
  if ((httpProxy ?? httpsProxy) === undefined || process.versions.bun !== undefined)
    return { fetch: (url, init) => fetch(url, init), close: async () => {} }
  // Loads the platform's fetch first: otherwise it would use this package's dispatcher for the app's own requests.
  new Headers()
  // Half a megabyte of code that is seldom needed.
  const { EnvHttpProxyAgent, fetch: fetchThrough } = await import('undici')
  const options = {
    ...(httpProxy !== undefined && { httpProxy }),
    ...(httpsProxy !== undefined && { httpsProxy }),
    noProxy: process.env.no_proxy || process.env.NO_PROXY || '',
    // A request without TLS needs no tunnel, and many proxies allow tunnels to port 443 only.
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

/** The proxy of a variable. Its lower-case name has priority, as in curl. */
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
