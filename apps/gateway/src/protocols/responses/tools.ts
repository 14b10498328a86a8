// The tools of a Responses body as ours.
import type { Tool } from '@patchbay/core'
import { type Json, requireList, requireObject, requireSchema, requireString } from '../../body/body.js'
import {
  customTool,
  type HostedTool,
  modelToolName,
  type ToolOrigin,
  type ToolOrigins,
} from '../../body/tools.js'
import { allowedDomainsOf, isWebSearch, locationOf, type WebSearch } from '../../body/web-search.js'

function toSearch({ filters, user_location, search_context_size: size }: Json, where: string): WebSearch {
  const { allowed_domains } = requireObject(filters ?? {}, `${where}.filters`)
  return {
    allowedDomains: allowedDomainsOf(allowed_domains, `${where}.filters.allowed_domains`),
    location: locationOf(user_location, `${where}.user_location`),
    contextSize: typeof size === 'string' ? size : undefined,
  }
}

export function toTools(tools: unknown, place: string, namespace?: string): (Tool | HostedTool)[] {
  return requireList(tools, place).flatMap((given, index): (Tool | HostedTool)[] => {
    const where = `${place}[${index}]`
    const tool = requireObject(given, where)
    const type = requireString(tool.type, `${where}.type`)
    if (type !== 'function' && type !== 'custom' && type !== 'namespace')
      return [{ hosted: type, where, ...(isWebSearch(type) && { search: toSearch(tool, where) }) }]
    const name = requireString(tool.name, `${where}.name`)
    if (type === 'namespace') return toTools(tool.tools, `${where}.tools`, name)
    const ours = modelToolName(name, namespace)
    if (type === 'custom') return [customTool(ours, tool)]
    const { description, parameters } = tool
    return [
      {
        name: ours,
        ...(typeof description === 'string' && { description }),
        input: requireSchema(parameters ?? { type: 'object', properties: {} }, `${where}.parameters`),
      },
    ]
  })
}

/** The tools of a body whose names or calls have another shape for the model. */
export function toolOrigins({ tools }: Json): ToolOrigins {
  return new Map(originsIn(tools))
}

function originsIn(tools: unknown, namespace?: string): [string, ToolOrigin][] {
  if (!Array.isArray(tools)) return []
  return tools.flatMap((tool): [string, ToolOrigin][] => {
    if (tool?.type === 'namespace') return originsIn(tool.tools, tool.name)
    const isCustom = tool?.type === 'custom'
    if (namespace === undefined && !isCustom) return []
    const origin = { name: tool.name, isCustom, ...(namespace !== undefined && { namespace }) }
    return [[modelToolName(tool.name, namespace), origin]]
  })
}
