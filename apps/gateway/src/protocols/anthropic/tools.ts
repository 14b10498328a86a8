// The tools of a Messages body as ours.
import type { Tool, ToolChoice } from '@patchbay/core'
import { requestError } from '../../answer/http-status.js'
import { type Json, requireList, requireObject, requireSchema, requireString } from '../../body/body.js'
import { type HostedTool, type OfferedTools, offerTools } from '../../body/tools.js'

export function offer(tools: (Tool | HostedTool)[], choice: Json): OfferedTools {
  const { type, name } = choice
  // A hosted tool is forced by its name, which is its type without the version.
  const isForced =
    type === 'tool' &&
    typeof name === 'string' &&
    tools.some((tool) => 'hosted' in tool && tool.hosted.startsWith(`${name}_`))
  return offerTools(tools, { choice: toToolChoice(choice), ...(isForced && { forced: name }) })
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
  const { type, name, description, input_schema } = requireObject(given, where)
  if (type !== undefined && type !== null && type !== 'custom')
    return { hosted: requireString(type, `${where}.type`), where }
  return {
    name: requireString(name, `${where}.name`),
    ...(typeof description === 'string' && { description }),
    input: requireSchema(input_schema ?? {}, `${where}.input_schema`),
  }
}

export function toToolChoice({ type, name }: Json): ToolChoice | undefined {
  if (type === undefined) return undefined
  if (type === 'any') return 'required'
  if (type === 'auto' || type === 'none') return type
  if (type === 'tool' && typeof name === 'string') return { name }
  throw requestError('tool_choice.type: must be auto, any, none or tool.')
}
