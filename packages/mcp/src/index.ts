// Tools of a Model Context Protocol server, for `runTools`: `mcpTools()`.
import { Client, type Tool as ServedTool, StreamableHTTPClientTransport } from '@modelcontextprotocol/client'
import { type CallOptions, LlmError, type Tool } from '@patchbay/core'
import { toOutput } from './result.js'

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

/** Options of `mcpTools`. */
export interface McpOptions extends Pick<CallOptions, 'signal'> {
  /** Put before each name, so that tools of several servers do not clash: `'files_'`. */
  prefix?: string
  /** Only these, by the server's own names. Default: all. */
  only?: string[]
  /** Tools, by the server's own names, that somebody must agree to before they run. */
  needsApproval?: (name: string, input: unknown) => boolean | Promise<boolean>
  /** To connect and to list, in milliseconds. Default 30,000. */
  timeout?: number
}

/** The tools of a server, while it is connected. */
export interface McpTools extends AsyncDisposable {
  tools: Tool[]
  /** What the server says of how to use its tools, for the system message; where it says something. */
  instructions: string | undefined
  /** Ends the connection, and the process where there is one. Idempotent. */
  close(): Promise<void>
}

/**
 * Connects to a server and takes its tools.
 * @throws {LlmError} `network` when it cannot be reached or started, `aborted`, `config` for tools that clash
 */
export async function mcpTools(
  server: ProcessServer | RemoteServer,
  options: McpOptions = {},
): Promise<McpTools> {
  const { signal, prefix = '', only, needsApproval, timeout = 30_000 } = options
  const who =
    'url' in server ? `The MCP server at ${place(server.url)}` : `The MCP server \`${server.command}\``
  const client = new Client({ name: 'patchbay', version: '0.1.0' })
  const limits = { timeout, ...(signal && { signal }) }
  let closed: Promise<void> | undefined
  const close = () => {
    closed ??= client.close()
    return closed
  }
  try {
    signal?.throwIfAborted()
    await client.connect(await transportTo(server), limits)
    const { tools: served } = await client.listTools(undefined, limits)
    const tools = served
      .filter(({ name }) => only?.includes(name) ?? true)
      .map((tool) => toTool(client, tool, prefix, needsApproval))
    checkNames(tools, who)
    return { tools, instructions: client.getInstructions(), close, [Symbol.asyncDispose]: close }
  } catch (cause) {
    await close().catch(() => {})
    if (signal?.aborted)
      throw new LlmError('aborted', `Connecting to an MCP server was aborted by its caller.`, { cause })
    if (cause instanceof LlmError) throw cause
    const hint =
      'url' in server
        ? 'Is it running, and is the address its MCP endpoint?'
        : 'Does the command start by hand?'
    const text = cause instanceof Error ? cause.message : String(cause)
    const shown = withoutSecrets(text, server)
    // An error that quotes a key is not passed on as it is.
    throw new LlmError(
      'network',
      `${who} cannot be used: ${sentence(shown)} ${hint}`,
      shown === text ? { cause } : {},
    )
  }
}

async function transportTo(server: ProcessServer | RemoteServer) {
  if ('url' in server) {
    const { url, headers, fetch } = server
    if (!URL.canParse(url)) throw new LlmError('config', `${JSON.stringify(url)} is no address of a server.`)
    return new StreamableHTTPClientTransport(new URL(url), {
      ...(headers && { requestInit: { headers } }),
      ...(fetch && { fetch }),
    })
  }
  // Only who starts processes needs what starts them; the rest works in a browser.
  const { getDefaultEnvironment, StdioClientTransport } = await import('@modelcontextprotocol/client/stdio')
  const { env, ...rest } = server
  return new StdioClientTransport({ ...rest, env: { ...getDefaultEnvironment(), ...env }, stderr: 'ignore' })
}

function toTool(
  client: Client,
  { name, description, inputSchema }: ServedTool,
  prefix: string,
  needsApproval: McpOptions['needsApproval'],
): Tool {
  return {
    // Models take letters, digits, _ and - only; servers may also use dots and slashes.
    name: `${prefix}${name}`.replace(/[^\w-]/g, '_').slice(0, 64),
    ...(description !== undefined && { description }),
    input: inputSchema,
    async run(input, { signal }) {
      const given = input as Record<string, unknown>
      // The loop keeps the time of each tool, and its signal says when that is up.
      const result = await client.callTool({ name, arguments: given }, { signal, timeout: 2 ** 31 - 1 })
      return toOutput(result)
    },
    ...(needsApproval && { needsApproval: (input) => needsApproval(name, input) }),
  }
}

function checkNames(tools: Tool[], who: string): void {
  const seen = new Set<string>()
  for (const { name } of tools) {
    if (seen.has(name))
      throw new LlmError(
        'config',
        `${who} has two tools that models would know as ${name}. Choose some by \`only\`.`,
      )
    seen.add(name)
  }
}

/** Where it is, without what may be secret in an address. */
function place(url: string): string {
  return URL.canParse(url) ? new URL(url).origin : url
}

/** The text without the values of headers and variables. */
function withoutSecrets(text: string, server: ProcessServer | RemoteServer): string {
  const secrets = Object.values('url' in server ? (server.headers ?? {}) : (server.env ?? {}))
  return secrets
    .filter((secret) => secret !== '')
    .reduce((shown, secret) => shown.replaceAll(secret, '***'), text)
}

function sentence(text: string): string {
  return /[.!?]$/.test(text) ? text : `${text}.`
}
