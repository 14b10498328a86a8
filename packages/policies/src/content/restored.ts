// A stream with its placeholders replaced by what they stand for, also where one comes in two pieces.
import type { ChatEvent } from '@patchbay/core'
import { begun, type Placeholders } from './placeholders.js'

type Delta = Extract<ChatEvent, { type: 'text' | 'reasoning' | 'tool-call-delta' }>

export class Restored {
  /** The end of the last delta, while it may be the beginning of a placeholder. */
  #held: { delta: Delta; text: string } | undefined

  constructor(private readonly placeholders: Placeholders) {}

  event(event: ChatEvent): ChatEvent[] {
    if (this.placeholders.empty) return [event]
    if (event.type !== 'text' && event.type !== 'reasoning' && event.type !== 'tool-call-delta')
      return [...this.rest(), this.placeholders.restored(event)]
    const before = this.#held !== undefined && isSame(this.#held.delta, event) ? [] : this.rest()
    const text = (this.#held?.text ?? '') + (event.type === 'tool-call-delta' ? event.json : event.text)
    const at = begun.exec(text)?.index ?? text.length
    this.#held = at < text.length ? { delta: event, text: text.slice(at) } : undefined
    return [...before, ...this.#shown(event, text.slice(0, at))]
  }

  /** What was held back and turned out to be nothing. */
  rest(): ChatEvent[] {
    const held = this.#held
    this.#held = undefined
    return held === undefined ? [] : this.#shown(held.delta, held.text)
  }

  #shown(delta: Delta, text: string): ChatEvent[] {
    if (text === '') return []
    // Inside of JSON, a value stands as JSON writes it.
    return delta.type === 'tool-call-delta'
      ? [
          {
            ...delta,
            json: this.placeholders.restoredText(text, (value) => JSON.stringify(value).slice(1, -1)),
          },
        ]
      : [{ ...delta, text: this.placeholders.restoredText(text) }]
  }
}

function isSame(a: Delta, b: Delta): boolean {
  if (a.type !== b.type) return false
  return a.type !== 'tool-call-delta' || b.type !== 'tool-call-delta' || a.id === b.id
}
