// The events of an answer for protocols that stream one block at a time: while a tool call is open, all else waits.
// Official clients count on it (the Anthropic SDK takes the last block for the one that a delta belongs to).
import type { ChatEvent } from '@patchbay/core'

/** Events that wait: those of one tool call, or what came between calls. */
interface Waiting {
  call: string | undefined
  events: ChatEvent[]
}

/** Keeps the pieces of each tool call together, by its id, in the order in which the calls began. */
export class Sequence {
  #open: string | undefined
  #waiting: Waiting[] = []
  /** The group of each call that waits. */
  readonly #groups = new Map<string, Waiting>()

  /** The events that may be told now. `finish` tells all that is left, calls that were cut included. */
  of(event: ChatEvent): ChatEvent[] {
    if (event.type === 'finish') {
      const rest = this.#waiting.flatMap(({ events }) => events)
      this.#waiting = []
      return [...rest, event]
    }
    const call = callOf(event)
    if (this.#open !== undefined && call !== this.#open) {
      this.#wait(event, call)
      return []
    }
    if (event.type === 'tool-call-start') this.#open = call
    return event.type === 'tool-call' ? [event, ...this.#next()] : [event]
  }

  #wait(event: ChatEvent, call: string | undefined): void {
    const last = this.#waiting.at(-1)
    const group = call === undefined ? (last?.call === undefined ? last : undefined) : this.#groups.get(call)
    if (group !== undefined) {
      group.events.push(event)
      return
    }
    const started = { call, events: [event] }
    this.#waiting.push(started)
    if (call !== undefined) this.#groups.set(call, started)
  }

  /** What waited for a call that is whole now, up to the next one that is not. */
  #next(): ChatEvent[] {
    this.#open = undefined
    const events: ChatEvent[] = []
    let told = 0
    for (const group of this.#waiting) {
      told++
      for (const event of group.events) events.push(event)
      if (group.call === undefined) continue
      this.#groups.delete(group.call)
      if (group.events.at(-1)?.type === 'tool-call') continue
      this.#open = group.call
      break
    }
    this.#waiting = this.#waiting.slice(told)
    return events
  }
}

function callOf(event: ChatEvent): string | undefined {
  switch (event.type) {
    case 'tool-call-start':
    case 'tool-call-delta':
    case 'tool-call':
      return event.id
    default:
      return undefined
  }
}
