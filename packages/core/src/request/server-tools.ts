// Server tools, made by the functions of makers' packages and taken up by their backends.
import type { PreparedChat, PreparedServerTool } from '../contract/backend.js'
import type { ServerToolDefinition } from '../contract/server-tool.js'
import type { ServerTool, Tool } from '../contract/tool.js'
import { omitUndefined } from '../object.js'

/**
 * A server tool. `definition` and `body` are those of the service; what is undefined in them is left out.
 * @param name the name by which `toolChoice` and calls have it; signs that names of tools cannot have become `_`, as in `mcp_my_wiki`
 */
export function serverTool<Name extends string>(
  name: Name,
  { definition, ...server }: ServerToolDefinition,
): ServerTool<Name> {
  const made = { ...server, definition: omitUndefined(definition) }
  if (server.secrets !== undefined) hideFromLogs(made, server.secrets)
  return { name: name.replace(/[^\w-]/g, '_').slice(0, 64) as Name, input: { type: 'object' }, server: made }
}

/**
 * Has `console.log` of a tool print `[secret]` in place of its tokens (Node, Bun and Deno ask for this symbol). Its JSON has them: it
 * is the form in which tools are stored and sent.
 */
function hideFromLogs(server: ServerToolDefinition, secrets: readonly string[]): void {
  const masked = (value: unknown): unknown => {
    if (typeof value === 'string')
      return secrets.reduce((text, secret) => text.replaceAll(secret, '[secret]'), value)
    if (Array.isArray(value)) return value.map(masked)
    if (typeof value !== 'object' || value === null) return value
    return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, masked(inner)]))
  }
  // Not enumerable: it is no part of the tool.
  Object.defineProperty(server, Symbol.for('nodejs.util.inspect.custom'), { value: () => masked(server) })
}

/** The functions and server tools of a prepared chat in the form of a request: its `tools`. */
export function toolsOf({
  tools,
  serverTools = [],
}: Pick<PreparedChat, 'tools' | 'serverTools'>): (Tool | ServerTool)[] {
  return [
    ...tools.map(({ schema, ...tool }) => ({ ...tool, input: schema })),
    ...serverTools.map(({ name, server }) => ({ name, input: { type: 'object' }, server })),
  ]
}

/** The secrets of server tools, for `exchange`: no error repeats them. */
export function serverToolSecrets({
  serverTools = [],
}: Pick<PreparedChat, 'serverTools'>): readonly string[] {
  return serverTools.flatMap(({ server }) => server.secrets ?? [])
}

/** The definitions of this provider's server tools, and their fields of the body. Those of other makers stand in elsewhere. */
export function ownServerTools(
  { serverTools = [] }: Pick<PreparedChat, 'serverTools'>,
  provider: string,
): { own: PreparedServerTool[]; definitions: Record<string, unknown>[]; body: Record<string, unknown[]> } {
  const own = serverTools.filter(({ server }) => server.provider === provider)
  const body: Record<string, unknown[]> = {}
  for (const { server } of own)
    for (const [field, values] of Object.entries(server.body ?? {}))
      body[field] = [...new Set([...(body[field] ?? []), ...values])]
  return { own, definitions: own.map(({ server }) => ({ ...server.definition })), body }
}
