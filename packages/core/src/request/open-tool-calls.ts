// Tool calls without a result at the end of a conversation, and adding their results.
import type { Message, ToolResultPart } from '../contract/message.js'
import type { ToolCall } from '../contract/response.js'

/** Whether the conversation ends with tool results. */
export function endsWithToolResults(messages: Message[]): boolean {
  return messages.at(-1)?.role === 'tool'
}

/** The calls without a result at the end of a conversation. */
export function openToolCalls(messages: Message[]): ToolCall[] {
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

/** Adds results to the conversation: all results of one turn are in one message. */
export function appendResults(messages: Message[], results: ToolResultPart[]): void {
  if (results.length === 0) return
  const last = messages.at(-1)
  if (last?.role === 'tool' && typeof last.content !== 'string')
    messages[messages.length - 1] = { ...last, content: [...last.content, ...results] }
  else messages.push({ role: 'tool', content: results })
}
