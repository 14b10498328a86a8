// Which answers are worth keeping, and what they become when they are given again.
import type { ChatRequest, ChatResponse } from '@patchbay/core'
import { isMedia, withOutput } from '@patchbay/core/wrap'

/** Does it say anything? Thoughts and a provider's own blocks alone answer nobody. */
export function saysSomething({ text, toolCalls, message }: ChatResponse): boolean {
  return text.trim() !== '' || toolCalls.length > 0 || message.content.some(isMedia)
}

/** The value the caller asked for, made of the text by his own schema. */
export async function outputOf(
  response: ChatResponse,
  { output = 'text' }: ChatRequest,
): Promise<ChatResponse> {
  return output === 'text' ? response : withOutput(response, output)
}

/** An answer that costs nothing this time. */
export function again(response: ChatResponse, cached: NonNullable<ChatResponse['cached']>): ChatResponse {
  return { ...response, cached, ...(response.cost !== undefined && { cost: 0 }) }
}
