// Address of an MCP server: a process or a URL.

/** A server that is started as a process and spoken to by its standard input and output. */
export interface ProcessServer {
  command: string
  args?: string[]
  /** Added to the few variables every process gets (PATH, HOME …). Nothing else of the app's environment is passed on. */
  env?: Record<string, string>
  cwd?: string
}

/** A server at an address (streamable HTTP). */
export interface RemoteServer {
  url: string
  /** Sent with every request, for example `authorization`. */
  headers?: Record<string, string>
  /** Default: the platform's `fetch`. */
  fetch?: typeof fetch
}
