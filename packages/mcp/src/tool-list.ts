// Reads the tool list of an MCP server entry by entry: an invalid entry is repaired or left out, without harm to the others.
import type { Client, RequestOptions } from '@modelcontextprotocol/client'
import type { JsonSchema, Warning } from '@patchbay/core'
import { isObject } from '@patchbay/core/wire'

/** Hints of a server about a tool. They are not to be trusted unless the server is. */
export interface McpAnnotations {
  title?: string
  /** It changes nothing. */
  readOnlyHint?: boolean
  /** It may delete or overwrite. */
  destructiveHint?: boolean
  /** The same call again changes nothing more. */
  idempotentHint?: boolean
  /** It deals with the outside world, for example the web. */
  openWorldHint?: boolean
}

/** What is known of a tool. */
export interface ListedTool {
  name: string
  description?: string
  inputSchema: JsonSchema
  title?: string
  annotations?: McpAnnotations
  outputSchema?: JsonSchema
  /** Whether it can only be called as a task. */
  isTask: boolean
}

// A server that always has a next page would be read for ever.
const mostPages = 64

/** As the server's answer came: what the official schema would refuse as a whole is looked at here. */
export const anything = {
  '~standard': { version: 1 as const, vendor: 'patchbay', validate: (value: unknown) => ({ value }) },
}

export async function listTools(
  client: Client,
  options: RequestOptions,
  warnings: Warning[],
): Promise<ListedTool[]> {
  const found = new Map<string, ListedTool>()
  const warn = (message: string) => warnings.push({ code: 'other', feature: 'tools', message })
  if (client.getServerCapabilities()?.tools === undefined) {
    warn('The server offers no tools.')
    return []
  }
  const seen = new Set<string>()
  let cursor: string | undefined
  for (let page = 0; page < mostPages; page++) {
    const result = await pageAt(client, cursor, options).catch((error) => {
      // What was listed before can be used.
      if (page === 0 || options.signal?.aborted) throw error
      warn(`The list of tools ends with its page ${page}: the next one could not be read.`)
      return undefined
    })
    if (result === undefined) return [...found.values()]
    if (!Array.isArray(result.tools)) {
      warn('The server did not send a list of tools.')
      return [...found.values()]
    }
    // Some servers end with an empty cursor, others begin with one: then its page has something new.
    const again = cursor === ''
    for (const [index, entry] of result.tools.entries()) {
      const tool = toListed(entry)
      if (typeof tool === 'string') warn(`Tool ${nameOf(entry) ?? index + 1} was left out: ${tool}.`)
      else if (!found.has(tool.name)) found.set(tool.name, tool)
      else if (!again) warn(`Tool ${tool.name} is listed twice; the first one is used.`)
    }
    const next = result.nextCursor
    if (typeof next !== 'string') return [...found.values()]
    if (seen.has(next)) {
      if (next !== '') warn('The list of tools leads back to a page that was read; it was read once.')
      return [...found.values()]
    }
    seen.add(next)
    cursor = next
  }
  warn(`The list of tools was read up to its page ${mostPages}.`)
  return [...found.values()]
}

async function pageAt(client: Client, cursor: string | undefined, options: RequestOptions) {
  const params = cursor === undefined ? {} : { cursor }
  return asObject(await client.request({ method: 'tools/list', params }, anything, options)) ?? {}
}

/** The tool, or why there is none. */
function toListed(entry: unknown): ListedTool | string {
  const name = nameOf(entry)
  if (name === undefined) return 'it has no name'
  const { description, inputSchema, title, annotations, outputSchema, execution } = entry as Record<
    string,
    unknown
  >
  const schema = inputSchema === undefined || inputSchema === null ? {} : asObject(inputSchema)
  if (schema === undefined) return 'its inputSchema is not an object'
  const { type = 'object' } = schema
  if (type !== 'object' && !(Array.isArray(type) && type.includes('object')))
    return `its input is ${JSON.stringify(type)}, and a tool's must be an object`
  return {
    name,
    ...(typeof description === 'string' && { description }),
    inputSchema: { ...schema, type: 'object' },
    ...(typeof title === 'string' && { title }),
    ...(isObject(annotations) && { annotations }),
    ...(isObject(outputSchema) && { outputSchema }),
    isTask: asObject(execution)?.taskSupport === 'required',
  }
}

function nameOf(entry: unknown): string | undefined {
  const name = asObject(entry)?.name
  return typeof name === 'string' && name !== '' ? name : undefined
}

export function asObject(value: unknown): Record<string, unknown> | undefined {
  return isObject(value) ? value : undefined
}
