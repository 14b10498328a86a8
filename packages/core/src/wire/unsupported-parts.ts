// Parts of a request that a service does not support: sent as text, moved to another message, or reported by a warning, but
// never silently dropped.

import type { PreparedMessage } from '../contract/backend.js'
import type { Part } from '../contract/message.js'
import type { Warning } from '../contract/response.js'
import { isMedia } from '../request/required-capabilities.js'
import { withReason } from './conversion.js'

const words = {
  cache: 'cache marks of messages (it may cache prompts by itself)',
  citations: 'the citations of earlier answers',
  name: 'the names of files that are only an address',
  reasoning: 'the reasoning of earlier answers',
  'provider-block': 'provider-specific blocks of another provider',
  visibility: 'messages for the user only, and marks of those for the model only',
  opaque: 'the opaque state of parts',
  isError: 'marks of failed tools (the text of the result says it)',
}

/** Adds a warning to the response, once for each kind of omission. */
export type OmissionWarner = (feature: keyof typeof words) => void

/**
 * A function that warns of omissions.
 * @param who the service, for the message: `Ollama`
 */
export function omissionWarner(who: string, warn: (warning: Warning) => void): OmissionWarner {
  const reported = new Set<string>()
  return (feature) => {
    if (reported.has(feature)) return
    reported.add(feature)
    const reason = `${who} does not accept ${words[feature]}`
    const warning: Warning = { code: 'unsupported', feature, message: `${reason}; they were omitted.` }
    warn(withReason(warning, `${reason}.`))
  }
}

/** Warns of cache marks and citations, for services that have neither in a request. */
export function warnOfMarks(messages: PreparedMessage[], warn: OmissionWarner): void {
  const cited = (part: Part): boolean =>
    part.type === 'tool-result'
      ? typeof part.output !== 'string' && part.output.some(cited)
      : part.type === 'text' && (part.citations?.length ?? 0) > 0
  for (const { cache, content } of messages) {
    if (cache) warn('cache')
    if (content.some(cited)) warn('citations')
  }
}

/** A tool result for services that cannot mark a failure: the failure is in the text. */
export function failedResultAsText({ output, isError }: Extract<Part, { type: 'tool-result' }>): Part[] {
  const parts: Part[] = typeof output === 'string' ? [{ type: 'text', text: output }] : output
  return isError ? [{ type: 'text', text: 'The tool failed: ' }, ...parts] : parts
}

/**
 * An assistant message or tool result for services that accept neither media nor tool results inside it: results become
 * text (`said`), and media follow in a user message (`shown`).
 */
export function separateMedia(content: Part[]): { said: Part[]; shown: Part[] } {
  const said: Part[] = []
  const shown: Part[] = []
  for (const part of content)
    if (isMedia(part)) shown.push(part)
    else if (part.type !== 'tool-result') said.push(part)
    else {
      const inner = separateMedia(failedResultAsText(part))
      said.push({ type: 'text', text: `\nThe result of ${part.name ?? part.id}: ` }, ...inner.said)
      shown.push(...inner.shown)
    }
  return { said, shown }
}
