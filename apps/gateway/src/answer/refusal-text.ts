// Text of a part event that every protocol can show.
import type { Part } from '@patchbay/core'

/** The text of a refusal. Empty for all other parts: they have events of their own, or the protocols have no form for them. */
export function refusalIn(part: Part): string[] {
  switch (part.type) {
    case 'refusal':
      return [part.text]
    case 'text':
    case 'reasoning':
    case 'tool-call':
    case 'image':
    case 'file':
    case 'audio':
    case 'tool-result':
    case 'provider-block':
      return []
  }
}
