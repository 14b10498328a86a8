// What a foreign protocol has no place for, beside a message that goes through it and comes back: providers' opaque state,
// citations, and parts nobody else can read.
import type { Part } from '../contract/message.js'
import { isMedia } from '../request/required-capabilities.js'

/**
 * What a part was but for what others see of it: texts by their length, calls by their id, media by their type; of the rest,
 * everything.
 */
export type Hidden = [type: Part['type'], seen: number | string | null, rest: object][]

/**
 * What others do not see of an answer, as JSON can hold it; nothing where they see all. Bytes of media are hidden too, unless
 * the others have a place for them.
 */
export function hiddenOf(content: readonly Part[], seesMedia = false): Hidden | undefined {
  const hidden = content.map((part) => apart(part, seesMedia))
  return hidden.every(([, seen, rest]) => seen !== null && Object.keys(rest).length === 0)
    ? undefined
    : hidden
}

function apart(part: Part, seesMedia: boolean): Hidden[number] {
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
      if (!seesMedia || !isMedia(part) || part.data === undefined) return [part.type, null, part]
      const { type, data: _, mediaType, ...rest } = part
      return [type, mediaType, rest]
    }
  }
}

/**
 * The parts as they were before others saw them; those others give where they have changed them. Texts that follow each
 * other may have become one on the way.
 */
export function withHidden(parts: readonly Part[], hidden: Hidden): readonly Part[] {
  const seen = parts.filter((part) => !('text' in part) || part.text !== '')
  const all: Part[] = []
  let at = 0
  let from = 0
  for (const [type, what, rest] of hidden) {
    const part = seen[at]
    if (what === null) all.push(rest as Part)
    else if (what === 0) all.push({ type, text: '', ...rest } as Part)
    else if (part?.type === 'tool-call' && part.id === what) {
      all.push({ ...part, ...rest })
      at++
    } else if (part !== undefined && isMedia(part) && part.data !== undefined && part.mediaType === what) {
      all.push({ ...part, ...rest, type } as Part)
      at++
    } else if (part !== undefined && 'text' in part && typeof what === 'number') {
      const text = part.text.slice(from, from + what)
      if (text.length < what) return parts
      all.push({ type, text, ...rest } as Part)
      from += what
      if (from === part.text.length) [at, from] = [at + 1, 0]
    } else return parts
  }
  return at === seen.length ? all : parts
}
