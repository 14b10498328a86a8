// Our request as the worker's: parts become the text a chat template takes.
import type { PreparedChat, PreparedMessage } from '@patchbay/core'
import type { JobRequest, TemplateMessage } from './protocol.js'

/** What the worker is asked for. */
export function toJobRequest(chat: PreparedChat): JobRequest {
  const { messages, output, tools, toolChoice, parallelToolCalls, reasoning, providerOptions, ...options } =
    chat
  return {
    ...options,
    messages: toTemplateMessages(messages),
    ...(output && { json: output.schema === undefined ? {} : { schema: output.schema } }),
  }
}

/** Media and tools never come this far: the capability check stops them. */
export function toTemplateMessages(messages: PreparedMessage[]): TemplateMessage[] {
  return messages.flatMap(({ role, content }) => {
    if (role === 'tool') return []
    const text = content
      .map((part) => (part.type === 'text' || part.type === 'refusal' ? part.text : ''))
      .join('')
    return [{ role, content: text }]
  })
}
