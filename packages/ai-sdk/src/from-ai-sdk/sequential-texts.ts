// Puts texts that an AI SDK model streams at the same time into sequence: the AI SDK tells them apart by ids, our events by
// their order.
import type { LanguageModelV3StreamPart } from '@ai-sdk/provider'

type BlockPart = Extract<LanguageModelV3StreamPart, { type: `${'text' | 'reasoning'}-${string}` }>

/**
 * Blocks of text, and those of reasoning, in the order of their starts. Parts of a later one wait until those before it have
 * ended. Texts do not wait for reasoning: some models end it only after the text.
 */
export class InOrder {
  readonly #open: Record<'text' | 'reasoning', { id: string; waiting: BlockPart[] }[]> = {
    text: [],
    reasoning: [],
  }

  of(part: LanguageModelV3StreamPart): LanguageModelV3StreamPart[] {
    if (part.type === 'finish' || part.type === 'error') return [...this.#rest(), part]
    if (!isOfBlock(part)) return [part]
    const open = this.#open[part.type.startsWith('text') ? 'text' : 'reasoning']
    let block = open.find(({ id, waiting }) => id === part.id && !isEnded(waiting))
    if (block === undefined) {
      block = { id: part.id, waiting: [] }
      open.push(block)
    }
    block.waiting.push(part)
    const next: BlockPart[] = []
    for (let first = open[0]; first !== undefined; first = open[0]) {
      // Not spread: a call takes some 120,000 arguments.
      for (const waiting of first.waiting) next.push(waiting)
      if (!isEnded(first.waiting)) {
        first.waiting = []
        break
      }
      open.shift()
    }
    return next
  }

  #rest(): BlockPart[] {
    return Object.values(this.#open).flatMap((open) => open.splice(0).flatMap(({ waiting }) => waiting))
  }
}

function isOfBlock(part: LanguageModelV3StreamPart): part is BlockPart {
  return /^(text|reasoning)-/.test(part.type)
}

function isEnded(parts: readonly BlockPart[]): boolean {
  return parts.at(-1)?.type.endsWith('-end') === true
}
