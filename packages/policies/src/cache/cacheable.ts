// Cache rules for responses: which are worth storing, and the fields of one that came from the cache.
import type { ChatResponse } from '@patchbay/core'
import { isMedia } from '@patchbay/core/wrap'

/** Has it text, tool calls or media? Reasoning and a provider's own blocks alone are not an answer. */
export function hasContent({ text, toolCalls, message }: ChatResponse): boolean {
  return text.trim() !== '' || toolCalls.length > 0 || message.content.some(isMedia)
}

/** The response marked as cached, at no cost. */
export function asCached(response: ChatResponse, cached: NonNullable<ChatResponse['cached']>): ChatResponse {
  return { ...response, cached, ...(response.cost !== undefined && { cost: 0 }) }
}
