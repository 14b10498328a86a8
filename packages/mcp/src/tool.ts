// A tool of a server as a tool for `runTools`: calls it, by a task where the server wants one, and passes progress on.
import type { Progress } from '@modelcontextprotocol/client'
import { type JsonSchema, LlmError, type Part, type Tool, type ToolContext } from '@patchbay/core'
import type { Connection } from './connection.js'
import { didRequired } from './elicitation.js'
import { asFailure, nameOfServer } from './errors.js'
import { toOutput } from './result.js'
import { hasTasks, resultOfTask } from './server-tasks.js'
import { anything, type ListedTool, type McpAnnotations } from './tool-list.js'

/** A tool of a server, with what the server says of it. */
export interface McpTool extends Tool {
  /** A name for people. */
  title?: string
  annotations?: McpAnnotations
  /** The schema of `structuredContent`, which the model gets where a result has no other content. */
  outputSchema?: JsonSchema
}

/** A report of a running call. */
export interface McpProgress {
  /** The server's own name of the tool. */
  tool: string
  /** The id of the call. */
  id: string
  /** How much is done, in a unit of the tool's; absent for a report in words only. */
  progress?: number | undefined
  /** How much there is to do. */
  total?: number | undefined
  message?: string | undefined
}

/** What becomes of calls. */
export interface McpCallOptions {
  /**
   * Tools that need approval before they run, by the server's own names; `annotations` are the server's hints. Default: none.
   */
  needsApproval?:
    | ((name: string, input: unknown, annotations: McpAnnotations) => boolean | Promise<boolean>)
    | undefined
  /** Called for each report of a running call, to show it. Default: nothing. */
  onProgress?: ((progress: McpProgress) => void) | undefined
  /** Gets the parts of results that are for the user and not for the model. Default: nobody does. */
  onUserContent?: ((parts: Part[], call: { tool: string; id: string }) => void) | undefined
}

// The loop keeps the time of each tool, and its signal says when that is up.
const noTimeout = 2 ** 31 - 1

export function toTool(
  connection: Connection,
  tool: ListedTool,
  shownName: string,
  options: McpCallOptions,
): McpTool {
  const { name, description, inputSchema, title, annotations, outputSchema } = tool
  const { needsApproval } = options
  return {
    name: shownName,
    ...(description !== undefined && { description }),
    ...(title !== undefined && { title }),
    ...(annotations !== undefined && { annotations }),
    ...(outputSchema !== undefined && { outputSchema }),
    input: inputSchema,
    async run(input, context) {
      const { signal, id, progress } = context
      if (progress !== undefined) connection.calls.add(progress)
      try {
        const { output, forUser } = toOutput(await call(connection, tool, input, context, options))
        if (forUser.length > 0) options.onUserContent?.(forUser, { tool: name, id })
        return output
      } catch (thrown) {
        if (signal.aborted)
          throw new LlmError('aborted', `The call of ${name} was ended.`, { cause: signal.reason })
        connection.throwIfClosed(thrown)
        const what = `${nameOfServer(connection.server)} could not be called`
        throw asFailure(thrown, connection.server, what, 'Try again.')
      } finally {
        if (progress !== undefined) connection.calls.delete(progress)
      }
    },
    ...(needsApproval && { needsApproval: (input) => needsApproval(name, input, annotations ?? {}) }),
  }
}

/** The result as it is: whether it has the structure that the server promised is of no matter to a model. */
async function call(
  connection: Connection,
  { name, isTask }: ListedTool,
  input: unknown,
  { signal, id, progress }: ToolContext,
  { onProgress }: McpCallOptions,
): Promise<unknown> {
  const report = (reported: Partial<Progress>) => {
    progress?.()
    onProgress?.({ ...reported, tool: name, id })
  }
  const options = { signal, timeout: noTimeout }
  const once = () =>
    connection.use((client) => {
      const params = {
        name,
        arguments: input as Record<string, unknown>,
        ...(isTask && hasTasks(client) && { task: {} }),
      }
      return client.request({ method: 'tools/call', params }, anything, { ...options, onprogress: report })
    })
  const result = await once().catch(async (thrown) => {
    if (!(await didRequired(connection.requests.options.elicit, thrown, signal))) throw thrown
    return await once()
  })
  return await resultOfTask(connection, result, options, (message) =>
    report(message === undefined ? {} : { message }),
  )
}
