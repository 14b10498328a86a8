// The text of messages.
import type { MessageInput, Part } from '../contract/message.js'

/**
 * The text of a message or of parts: all text parts, joined. Reasoning, refusals, tool calls and results are not part of it.
 * @example
 * for (const message of messages) console.log(textOf(message))
 */
export function textOf(message: MessageInput | readonly Part[]): string {
  if (typeof message === 'string') return message
  const content = 'role' in message ? message.content : message
  if (typeof content === 'string') return content
  return content.map((part) => (part.type === 'text' ? part.text : '')).join('')
}
