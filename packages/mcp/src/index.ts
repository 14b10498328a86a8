// Tools of a Model Context Protocol server, for `runTools`: `mcpTools()`.
import { type CallOptions, LlmError, type Message, type Part, type Warning } from '@patchbay/core'
import { Connection } from './connection.js'
import { asFailure, nameOfServer } from './errors.js'
import { namesFor } from './names.js'
import { getPrompt, listPrompts, type McpPrompt } from './prompts.js'
import { readResource } from './resources.js'
import type { ProcessServer, RemoteServer } from './server.js'
import { type ServerRequestOptions, ServerRequests } from './server-requests.js'
import { type McpCallOptions, type McpTool, toTool } from './tool.js'
import { listTools } from './tool-list.js'

export type { AuthProvider, OAuthClientProvider } from '@modelcontextprotocol/client'
export type { Elicit, Elicitation, ElicitationAnswer } from './elicitation.js'
export type { McpPrompt } from './prompts.js'
export type { Sample } from './sampling.js'
export type { SamplingAnswer } from './sampling-result.js'
export type { ProcessServer, RemoteServer } from './server.js'
export type { Root, ServerRequestOptions } from './server-requests.js'
export type { McpCallOptions, McpProgress, McpTool } from './tool.js'
export type { McpAnnotations } from './tool-list.js'

/** Options of `mcpTools`. */
export interface McpOptions extends Pick<CallOptions, 'signal'>, McpCallOptions, ServerRequestOptions {
  /** A prefix for each name, so that tools of several servers have different names: `'files_'`. Default: none. */
  prefix?: string | undefined
  /** The tools to use, by the server's own names. Default: all. */
  only?: string[] | undefined
  /**
   * Time limit of each connection, each listing of tools or prompts, each prompt and each `readResource`, in milliseconds. Default
   * 30,000. A call of a tool has the `toolTimeout` of `runTools`.
   */
  timeout?: number | undefined
}

/** The tools of a connected server. */
export interface McpTools extends AsyncDisposable {
  tools: McpTool[]
  /** The server's instructions for its tools, for the system message; absent if it has none. */
  instructions: string | undefined
  /**
   * Tools that were left out, and why. Later also the warnings of the answers that the server got by `sampling`, for example of
   * an option that the model does not have: each once, up to 100 in all.
   */
  warnings: Warning[]
  /**
   * The content of a resource of the server, for example of a link in a result.
   * @throws {LlmError} like a call of a tool; `network` after `timeout`
   */
  readResource(uri: string, options?: Pick<CallOptions, 'signal'>): Promise<Part[]>
  /**
   * Calls `onChange` each time the server says that a resource has changed; `readResource` reads it again. After a connection that was
   * lost, the next call subscribes again and calls `onChange`, since nobody knows what happened in between. An error of `onChange` is
   * ignored. The function that it returns ends the subscription.
   * @throws {LlmError} `unsupported` by a server without subscriptions; like a call of a tool, `network` after `timeout`
   */
  watchResource(uri: string, onChange: () => void): Promise<() => Promise<void>>
  /**
   * The prompts that the server offers for the user to choose; none if it has none.
   * @throws {LlmError} like a call of a tool; `network` after `timeout`
   */
  listPrompts(options?: Pick<CallOptions, 'signal'>): Promise<McpPrompt[]>
  /**
   * The messages of a prompt, filled in with `values`: for `messages` of a request.
   * @throws {LlmError} `tool-failed` with what the server says of a prompt it does not know or a value that it misses; like a call of a
   *   tool, `network` after `timeout`
   */
  getPrompt(
    name: string,
    values?: Readonly<Record<string, string>>,
    options?: Pick<CallOptions, 'signal'>,
  ): Promise<Message[]>
  /** Closes the connection, and ends the process if there is one. Idempotent. */
  close(): Promise<void>
}

/**
 * Connects to a server and takes its tools. A connection that is lost later, because the process ended or the server
 * forgot the session, is made again by the next call.
 * @throws {LlmError} `network` when it cannot be reached or started in time, `authentication` and `permission-denied` when it
 *   refuses the credentials in `headers` or of `auth` (401, 403) or wants the user to sign in first, `aborted`, `config` for
 *   an invalid URL
 */
export async function mcpTools(
  server: ProcessServer | RemoteServer,
  options: McpOptions = {},
): Promise<McpTools> {
  const { signal, prefix = '', only, timeout = 30_000 } = options
  const warnings: Warning[] = []
  const connection = new Connection(server, new ServerRequests(options, warnings), timeout)
  const close = () => connection.close()
  try {
    signal?.throwIfAborted()
    const client = await connection.client(signal)
    const limit = AbortSignal.timeout(Math.min(timeout, 2 ** 31 - 1))
    const listed = await listTools(
      client,
      { timeout, signal: signal === undefined ? limit : AbortSignal.any([signal, limit]) },
      warnings,
    )
    const names = namesFor(listed.map(({ name }) => prefix + name))
    const tools = listed
      .filter(({ name }) => only?.includes(name) ?? true)
      .map((tool) => toTool(connection, tool, names.get(prefix + tool.name) ?? tool.name, options))
    return {
      tools,
      instructions: client.getInstructions(),
      warnings,
      readResource: (uri, { signal } = {}) => readResource(connection, uri, signal),
      watchResource: (uri, onChange) => connection.subscriptions.watch(connection, uri, onChange),
      listPrompts: (options) => listPrompts(connection, options),
      getPrompt: (name, values, options) => getPrompt(connection, name, values, options),
      close,
      [Symbol.asyncDispose]: close,
    }
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
