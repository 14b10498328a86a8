// Address of an MCP server: a process or a URL.
import type { AuthProvider, OAuthClientProvider } from '@modelcontextprotocol/client'

/** A server that is started as a process and spoken to by its standard input and output. */
export interface ProcessServer {
  command: string
  args?: string[]
  /** Added to the few variables every process gets (PATH, HOME …). Nothing else of the app's environment is passed on. */
  env?: Record<string, string>
  cwd?: string
}

/** A server at an address: streamable HTTP, or server-sent events where it has only those. */
export interface RemoteServer {
  url: string
  /** Sent with every request, for example `authorization`. */
  headers?: Record<string, string>
  /** Default: the platform's `fetch`. */
  fetch?: typeof fetch
  /**
   * Signs in, through the official client: its `OAuthClientProvider` (`ClientCredentialsProvider` and others of
   * `@modelcontextprotocol/client`, or one of your own), or `{ token }`, which is asked before every request.
   */
  auth?: AuthProvider | OAuthClientProvider
  /**
   * The address that the user came back to after the sign-in of `auth`, with `code` in it; or a function that waits for it.
   * Default: connecting fails with `authentication` when the user has to sign in. Compare `state` yourself if `auth` sends one.
   */
  callback?: URL | (() => URL | Promise<URL>)
}
