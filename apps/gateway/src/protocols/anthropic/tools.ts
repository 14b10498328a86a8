// The tools of a Messages body as ours.
import type { ServerToolName, Tool, ToolChoice } from '@patchbay/core'
import { requestError } from '../../answer/http-status.js'
import { type Json, requireList, requireObject, requireSchema, requireString } from '../../body/body.js'
import { type HostedTool, type OfferedTools, offerTools } from '../../body/tools.js'
import {
  allowedDomainsOf,
  domainsOf,
  isWebSearch,
  locationOf,
  type WebSearch,
} from '../../body/web-search.js'

export function offer(
  tools: (Tool | HostedTool)[],
  choice: Json,
  serverTools: readonly ServerToolName[],
): OfferedTools {
  const { type, name } = choice
  // A hosted tool is forced by its name, which is its type without the version.
  const isForced =
    type === 'tool' &&
    typeof name === 'string' &&
    tools.some((tool) => 'hosted' in tool && tool.hosted.startsWith(`${name}_`))
  const selection = { choice: toToolChoice(choice), ...(isForced && { forced: name }) }
  return offerTools(tools, selection, serverTools)
}

/** Tools that clients add in the middle of a conversation (beta mid-conversation-tool-changes). */
export function addedTools(messages: Json[]): (Tool | HostedTool)[] {
  return messages.flatMap(({ role, content }, index) =>
    role !== 'system' || !Array.isArray(content)
      ? []
      : content.flatMap((block, at) =>
          block?.type === 'tool_addition' && block.tool?.input_schema !== undefined
            ? [toTool(block.tool, `messages[${index}].content[${at}].tool`)]
            : [],
        ),
  )
}

export function toTools(tools: unknown): (Tool | HostedTool)[] {
  return requireList(tools, 'tools').map((tool, index) => toTool(tool, `tools[${index}]`))
}

function toTool(given: unknown, where: string): Tool | HostedTool {
  const tool = requireObject(given, where)
  const { type, name, description, input_schema } = tool
  if (type !== undefined && type !== null && type !== 'custom') {
    const hosted = requireString(type, `${where}.type`)
    return { hosted, where, ...(isWebSearch(hosted) && { search: toSearch(tool, where) }) }
  }
  return {
    name: requireString(name, `${where}.name`),
    ...(typeof description === 'string' && { description }),
    input: requireSchema(input_schema ?? {}, `${where}.input_schema`),
  }
}

function toSearch(
  { max_uses, allowed_domains, blocked_domains, user_location }: Json,
  where: string,
): WebSearch {
  if (
    max_uses !== undefined &&
    max_uses !== null &&
    !(Number.isSafeInteger(max_uses) && Number(max_uses) > 0)
  )
    throw requestError(`${where}.max_uses: must be a whole number above 0.`)
  return {
    allowedDomains: allowedDomainsOf(allowed_domains, `${where}.allowed_domains`),
    blockedDomains: domainsOf(blocked_domains, `${where}.blocked_domains`),
    location: locationOf(user_location, `${where}.user_location`),
    maxUses: typeof max_uses === 'number' ? max_uses : undefined,
  }
}

export function toToolChoice({ type, name }: Json): ToolChoice | undefined {
  if (type === undefined) return undefined
  if (type === 'any') return 'required'
  if (type === 'auto' || type === 'none') return type
  if (type === 'tool' && typeof name === 'string') return { name }
  throw requestError('tool_choice.type: must be auto, any, none or tool.')
}
