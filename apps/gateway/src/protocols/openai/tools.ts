// The tools of a Chat Completions body as ours.
import type { Tool } from '@patchbay/core'
import { requestError } from '../../answer/http-status.js'
import { type Json, requireList, requireObject, requireSchema, requireString } from '../../body/body.js'
import { customTool, type HostedTool, type ToolOrigins } from '../../body/tools.js'

export function toTools(tools: unknown): (Tool | HostedTool)[] {
  return requireList(tools, 'tools').map((given, index) => {
    const where = `tools[${index}]`
    const tool = requireObject(given, where)
    const type = tool.type === undefined ? 'function' : requireString(tool.type, `${where}.type`)
    if (type !== 'function' && type !== 'custom') return { hosted: type, where }
    const definition = requireObject(tool[type] ?? {}, `${where}.${type}`)
    const { name, description, parameters } = definition
    if (typeof name !== 'string') throw requestError(`${where}: must be a function with a name.`)
    if (type === 'custom') return customTool(name, definition)
    return {
      name,
      ...(typeof description === 'string' && { description }),
      input: requireSchema(parameters ?? { type: 'object', properties: {} }, `${where}.function.parameters`),
    }
  })
}

/** The custom tools of a body: their calls have another shape. */
export function toolOrigins({ tools }: Json): ToolOrigins {
  const custom = Array.isArray(tools) ? tools.filter((tool) => tool?.type === 'custom') : []
  return new Map(custom.map(({ custom: { name } }) => [name, { name, isCustom: true }]))
}
