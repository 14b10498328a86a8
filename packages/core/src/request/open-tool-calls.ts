// Tool calls at the end of a conversation that have no result yet, and merging late results into their turn.
import type { Message, ToolResultPart } from '../contract/message.js'
import type { ToolCall } from '../contract/response.js'

/** Does the conversation end with tool results? */
export function called(messages: Message[]): boolean {
  return messages.at(-1)?.role === 'tool'
}

/** The calls at the end of a conversation that have no result yet. */
export function openCalls(messages: Message[]): ToolCall[] {
  const at = messages.findLastIndex(({ role }) => role === 'assistant')
  const message = messages[at]
  if (message === undefined || typeof message.content === 'string') return []
  const after = messages.slice(at + 1)
  if (!after.every(({ role }) => role === 'tool')) return []
  const answered = after.flatMap(({ content }) =>
    typeof content === 'string'
      ? []
      : content.flatMap((part) => (part.type === 'tool-result' ? [part.id] : [])),
  )
  return message.content.flatMap((part) => {
    if (part.type !== 'tool-call') return []
    const result = answered.indexOf(part.id)
    if (result < 0) return [{ id: part.id, name: part.name, input: part.input }]
    answered.splice(result, 1)
    return []
  })
}

/** Puts all results of one turn into one message, including those that came later. */
export function append(messages: Message[], results: ToolResultPart[]): void {
  if (results.length === 0) return
  const last = messages.at(-1)
  if (last?.role === 'tool' && typeof last.content !== 'string')
    messages[messages.length - 1] = { ...last, content: [...last.content, ...results] }
  else messages.push({ role: 'tool', content: results })
}
