// State of a message that another protocol cannot represent (opaque state, citations, provider blocks): extracted before the message is
// converted, and restored when it comes back.
import type { Part } from '../contract/message.js'
import { isMedia } from '../request/required-capabilities.js'

/**
 * One entry for each part: what the protocol represents of it (the length of a text, the id of a call, the type of media; `null` for
 * nothing), and the fields that it does not.
 */
export type Hidden = [type: Part['type'], visible: number | string | null, rest: object][]

/**
 * The hidden fields of an answer, which JSON can represent; `undefined` if there are none. Media are hidden too, unless the protocol
 * has them (`hasMedia`); and so is that a text is a refusal, unless it has those (`hasRefusals`).
 */
export function extractHidden(
  content: readonly Part[],
  hasMedia = false,
  hasRefusals = true,
): Hidden | undefined {
  const hidden = content.map((part) => splitPart(part, hasMedia))
  const isVisible = ([type, visible, rest]: Hidden[number]) =>
    visible !== null && Object.keys(rest).length === 0 && (hasRefusals || type !== 'refusal')
  return hidden.every(isVisible) ? undefined : hidden
}

function splitPart(part: Part, hasMedia: boolean): Hidden[number] {
  switch (part.type) {
    case 'text':
    case 'reasoning':
    case 'refusal': {
      const { type, text, ...rest } = part
      return [type, text.length, rest]
    }
    case 'tool-call': {
      const { type, id, name: _, input: __, ...rest } = part
      return [type, id, rest]
    }
    default: {
      if (!hasMedia || !isMedia(part) || part.data === undefined) return [part.type, null, part]
      const { type, data: _, mediaType, ...rest } = part
      return [type, mediaType, rest]
    }
  }
}

/**
 * The original parts, from those that came back; if they were changed, as they came back. Adjacent texts may have been joined.
 */
export function restoreHidden(parts: readonly Part[], hidden: Hidden): readonly Part[] {
  const visible = parts.filter((part) => !('text' in part) || part.text !== '')
  const restored: Part[] = []
  let at = 0
  let from = 0
  for (const [type, what, rest] of hidden) {
    const part = visible[at]
    if (what === null) restored.push(rest as Part)
    else if (what === 0) restored.push({ type, text: '', ...rest } as Part)
    else if (part?.type === 'tool-call' && part.id === what) {
      restored.push({ ...part, ...rest })
      at++
    } else if (part !== undefined && isMedia(part) && part.data !== undefined && part.mediaType === what) {
      restored.push({ ...part, ...rest, type } as Part)
      at++
    } else if (part !== undefined && 'text' in part && typeof what === 'number') {
      const text = part.text.slice(from, from + what)
      if (text.length < what) return parts
      restored.push({ type, text, ...rest } as Part)
      from += what
      if (from === part.text.length) [at, from] = [at + 1, 0]
    } else return parts
  }
  return at === visible.length ? restored : parts
}
