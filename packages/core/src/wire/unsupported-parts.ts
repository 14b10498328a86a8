// Parts of a request that a service does not support: sent as text, moved to another message, or reported by a warning, but
// never silently dropped.

import type { Part } from '../contract/message.js'
import type { PreparedMessage } from '../contract/provider.js'
import type { Warning } from '../contract/response.js'
import { isMedia } from '../request/required-capabilities.js'

const words = {
  cache: 'cache marks of messages (it may cache prompts by itself)',
  citations: 'the citations of earlier answers',
  name: 'the names of files that are only an address',
  reasoning: 'the reasoning of earlier answers',
  'provider-block': 'provider-specific blocks of another provider',
}

/** Adds a warning to the response, once for each kind. */
export type NotSent = (feature: keyof typeof words) => void

/** @param who for the message: `Ollama` */
export function notSent(who: string, warn: (warning: Warning) => void): NotSent {
  const told = new Set<string>()
  return (feature) => {
    if (told.has(feature)) return
    told.add(feature)
    warn({
      code: 'unsupported',
      feature,
      message: `${who} does not take ${words[feature]}; they were omitted.`,
    })
  }
}

/** For services that have neither cache marks nor citations in a request. */
export function tellMarks(messages: PreparedMessage[], lost: NotSent): void {
  const cited = (part: Part): boolean =>
    part.type === 'tool-result'
      ? typeof part.output !== 'string' && part.output.some(cited)
      : part.type === 'text' && (part.citations?.length ?? 0) > 0
  for (const { cache, content } of messages) {
    if (cache) lost('cache')
    if (content.some(cited)) lost('citations')
  }
}

/** A tool result for services that cannot mark a failure: the text says so. */
export function failureInWords({ output, isError }: Extract<Part, { type: 'tool-result' }>): Part[] {
  const parts: Part[] = typeof output === 'string' ? [{ type: 'text', text: output }] : output
  return isError ? [{ type: 'text', text: 'The tool failed: ' }, ...parts] : parts
}

/**
 * An assistant message or tool result for services that accept neither media nor tool results inside it: results become
 * text (`said`), and media follow in a user message (`shown`).
 */
export function asSpoken(content: Part[]): { said: Part[]; shown: Part[] } {
  const said: Part[] = []
  const shown: Part[] = []
  for (const part of content)
    if (isMedia(part)) shown.push(part)
    else if (part.type !== 'tool-result') said.push(part)
    else {
      const inner = asSpoken(failureInWords(part))
      said.push({ type: 'text', text: `\nThe result of ${part.name ?? part.id}: ` }, ...inner.said)
      shown.push(...inner.shown)
    }
  return { said, shown }
}
