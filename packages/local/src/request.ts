// Our request as the worker's: parts become the text a chat template takes.
import { LlmError, type Part, type PreparedChat, type PreparedMessage, type Warning } from '@patchbay/core'
import { asSpoken, failureInWords, type NotSent, notSent, tellMarks } from '@patchbay/core/wire'
import type { ChatJob, TemplateMessage } from './supervisor/protocol.js'

/** What the worker is asked for. */
export function toChatJob(chat: PreparedChat, warn: (warning: Warning) => void): ChatJob {
  const { messages, output, tools, toolChoice, parallelToolCalls, reasoning, providerOptions, ...options } =
    chat
  const given = toolChoice === 'none' ? [] : tools
  const named = typeof toolChoice === 'object' && toolChoice.name
  return {
    ...options,
    messages: toTemplateMessages(messages, notSent('A local model', warn)),
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

function toTemplateMessages(messages: PreparedMessage[], lost: NotSent): TemplateMessage[] {
  tellMarks(messages, lost)
  return messages.flatMap(({ role, content }): TemplateMessage[] => {
    if (role === 'tool') return content.flatMap(toolMessage)
    if (content.some(({ type }) => type === 'provider-block')) lost('provider-block')
    const said = spoken(content)
    const reasoning = textOf(said, 'reasoning')
    const calls = said.flatMap((part) =>
      part.type === 'tool-call'
        ? [
            {
              type: 'function' as const,
              id: part.id,
              function: { name: part.name, arguments: part.input ?? {} },
            },
          ]
        : [],
    )
    return [
      {
        role,
        content: textOf(said, 'text', 'refusal'),
        ...(reasoning !== '' && { reasoning_content: reasoning }),
        ...(calls.length > 0 && { tool_calls: calls }),
      },
    ]
  })
}

function toolMessage(part: Part): TemplateMessage[] {
  if (part.type !== 'tool-result') return []
  const content = textOf(spoken(failureInWords(part)), 'text')
  const { id, name } = part
  return [{ role: 'tool', content, tool_call_id: id, ...(name !== undefined && { name }) }]
}

/** Media do not come this far where the capabilities of the model are known. */
function spoken(content: Part[]): Part[] {
  const { said, shown } = asSpoken(content)
  if (shown[0] !== undefined)
    throw new LlmError(
      'unsupported',
      `A local model takes text, no part of type ${shown[0].type}. Leave it out.`,
    )
  return said
}

function textOf(parts: Part[], ...types: ('text' | 'refusal' | 'reasoning')[]): string {
  return parts
    .map((part) => ('text' in part && types.some((type) => type === part.type) ? part.text : ''))
    .join('')
}
