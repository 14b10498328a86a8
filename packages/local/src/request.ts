// Our request as the worker's: parts become the text a chat template takes.
import type { Part, PreparedChat, PreparedMessage, ToolResultPart } from '@patchbay/core'
import type { ChatJob, TemplateMessage } from './protocol.js'

/** What the worker is asked for. */
export function toChatJob(chat: PreparedChat): ChatJob {
  const { messages, output, tools, toolChoice, parallelToolCalls, reasoning, providerOptions, ...options } =
    chat
  const given = toolChoice === 'none' ? [] : tools
  const named = typeof toolChoice === 'object' && toolChoice.name
  return {
    ...options,
    messages: toTemplateMessages(messages),
    ...(given.length > 0 && {
      tools: given.map(({ name, description, schema }) => ({
        type: 'function' as const,
        function: { name, ...(description !== undefined && { description }), parameters: schema },
      })),
    }),
    ...(typeof reasoning === 'string' && { reasoning }),
    ...((named || toolChoice === 'required') && { mustCall: named || (true as const) }),
    ...(parallelToolCalls === false && { oneCall: true }),
    ...(output && { json: output.schema === undefined ? {} : { schema: output.schema } }),
  }
}

/** Media never come this far: the capability check stops them. */
function toTemplateMessages(messages: PreparedMessage[]): TemplateMessage[] {
  return messages.flatMap(({ role, content }): TemplateMessage[] => {
    if (role === 'tool')
      return content.flatMap((part) => (part.type === 'tool-result' ? [toolMessage(part)] : []))
    const reasoning = textOf(content, 'reasoning')
    const calls = content.flatMap((part) =>
      part.type === 'tool-call'
        ? [{ type: 'function' as const, id: part.id, function: { name: part.name, arguments: part.input } }]
        : [],
    )
    return [
      {
        role,
        content: textOf(content, 'text', 'refusal'),
        ...(reasoning !== '' && { reasoning_content: reasoning }),
        ...(calls.length > 0 && { tool_calls: calls }),
      },
    ]
  })
}

function toolMessage({ id, name, output }: ToolResultPart): TemplateMessage {
  const content = typeof output === 'string' ? output : textOf(output, 'text')
  return { role: 'tool', content, tool_call_id: id, ...(name !== undefined && { name }) }
}

function textOf(parts: Part[], ...types: ('text' | 'refusal' | 'reasoning')[]): string {
  return parts
    .map((part) => ('text' in part && types.some((type) => type === part.type) ? part.text : ''))
    .join('')
}
