// Estimate of the tokens of an answer that was cut off before its provider had counted them.
import type { ChatEvent, Usage } from '@patchbay/core'

/** About right for English; other languages and code have fewer. */
const charactersPerToken = 4

/** Characters that an event adds to the answer. */
export function charactersOf(event: ChatEvent): number {
  if (event.type === 'text' || event.type === 'reasoning') return event.text.length
  return event.type === 'tool-call-delta' ? event.json.length : 0
}

/** What was counted, and an estimate of the rest: by the texts of the request's body, and by the characters of the answer. */
export function estimatedUsage(counted: Usage, body: unknown, characters: number): Usage {
  const { inputTokens = tokensOf(body), outputTokens = 0 } = counted
  const estimate = Math.ceil(characters / charactersPerToken)
  return { ...counted, inputTokens, outputTokens: Math.max(outputTokens, estimate) }
}

/** Estimated tokens of all texts in a body. Bytes of media are not counted. */
function tokensOf(body: unknown): number {
  let characters = 0
  JSON.stringify(body, (_, item) => {
    if (typeof item === 'string' && !isMedia(item)) characters += item.length
    return item
  })
  return Math.ceil(characters / charactersPerToken)
}

/** Whether a text is a data URL, or base64: a long text has spaces. */
function isMedia(text: string): boolean {
  return text.startsWith('data:') || (text.length >= 1000 && !/\s/.test(text.slice(0, 1000)))
}
