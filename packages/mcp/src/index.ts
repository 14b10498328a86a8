// Tools of a Model Context Protocol server, for `runTools`: `mcpTools()`.
import { type CallOptions, LlmError, type Tool, type Warning } from '@patchbay/core'
import { Connection } from './connection.js'
import { asFailure, nameOfServer } from './errors.js'
import { namesFor } from './names.js'
import { toOutput } from './result.js'
import type { ProcessServer, RemoteServer } from './server.js'
import { anything, type ListedTool, listTools } from './tool-list.js'

export type { ProcessServer, RemoteServer } from './server.js'

/** Options of `mcpTools`. */
export interface McpOptions extends Pick<CallOptions, 'signal'> {
  /** A prefix for each name, so that tools of several servers have different names: `'files_'`. Default: none. */
  prefix?: string | undefined
  /** The tools to use, by the server's own names. Default: all. */
  only?: string[] | undefined
  /** Tools that need approval before they run, by the server's own names. Default: none. */
  needsApproval?: ((name: string, input: unknown) => boolean | Promise<boolean>) | undefined
  /** Time limit of each connection and each listing of tools, in milliseconds. Default 30,000. */
  timeout?: number | undefined
}

/** The tools of a connected server. */
export interface McpTools extends AsyncDisposable {
  tools: Tool[]
  /** The server's instructions for its tools, for the system message; absent if it has none. */
  instructions: string | undefined
  /** Tools that were left out, and why. */
  warnings: Warning[]
  /** Closes the connection, and ends the process if there is one. Idempotent. */
  close(): Promise<void>
}

/**
 * Connects to a server and takes its tools. A connection that is lost later, because the process ended or the server
 * forgot the session, is made again by the next call.
 * @throws {LlmError} `network` when it cannot be reached or started in time, `authentication` and `permission-denied` when it
 *   refuses the credentials in `headers` (401, 403), `aborted`, `config` for an invalid URL
 */
export async function mcpTools(
  server: ProcessServer | RemoteServer,
  options: McpOptions = {},
): Promise<McpTools> {
  const { signal, prefix = '', only, needsApproval, timeout = 30_000 } = options
  const connection = new Connection(server, timeout)
  const limit = AbortSignal.timeout(Math.min(timeout, 2 ** 31 - 1))
  const close = () => connection.close()
  try {
    signal?.throwIfAborted()
    const client = await connection.client(signal)
    const warnings: Warning[] = []
    const listed = await listTools(
      client,
      { timeout, signal: signal === undefined ? limit : AbortSignal.any([signal, limit]) },
      warnings,
    )
    const names = namesFor(listed.map(({ name }) => prefix + name))
    const tools = listed
      .filter(({ name }) => only?.includes(name) ?? true)
      .map((tool) => toTool(connection, tool, names.get(prefix + tool.name) ?? tool.name, needsApproval))
    return { tools, instructions: client.getInstructions(), warnings, close, [Symbol.asyncDispose]: close }
  } catch (cause) {
    await close().catch(() => {})
    if (signal?.aborted)
      throw new LlmError('aborted', `Connecting to an MCP server was aborted by its caller.`, { cause })
    throw asFailure(cause, server, `${nameOfServer(server)} cannot be used`, hintFor(server))
  }
}

function hintFor(server: ProcessServer | RemoteServer): string {
  return 'url' in server
    ? 'Is it running, and is the address its MCP endpoint?'
    : 'Does the command start by hand?'
}

function toTool(
  connection: Connection,
  { name, description, inputSchema }: ListedTool,
  shownName: string,
  needsApproval: McpOptions['needsApproval'],
): Tool {
  const { server } = connection
  return {
    name: shownName,
    ...(description !== undefined && { description }),
    input: inputSchema,
    async run(input, { signal, progress }) {
      const params = { name, arguments: input as Record<string, unknown> }
      try {
        const result = await connection.use((client) =>
          // The result as it is: whether it has the structure that the server promised is of no matter to a model.
          client.request({ method: 'tools/call', params }, anything, {
            signal,
            // The loop keeps the time of each tool, and its signal says when that is up.
            timeout: 2 ** 31 - 1,
            onprogress: () => progress?.(),
          }),
        )
        return toOutput(result)
      } catch (thrown) {
        if (signal.aborted)
          throw new LlmError('aborted', `The call of ${name} was ended.`, { cause: signal.reason })
        throw asFailure(thrown, server, `${nameOfServer(server)} could not be called`, 'Try again.')
      }
    },
    ...(needsApproval && { needsApproval: (input) => needsApproval(name, input) }),
  }
}
