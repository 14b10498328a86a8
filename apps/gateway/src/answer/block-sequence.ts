// Event order for protocols that stream one block at a time: while a tool call is open, all other events wait.
// Official clients need it (the Anthropic SDK takes the last block as the one that a delta belongs to).
import type { ChatEvent } from '@patchbay/core'

/** Waiting events: those of one tool call, or of anything between calls. */
interface WaitingGroup {
  call: string | undefined
  events: ChatEvent[]
}

/** Keeps the deltas of each tool call together, by its id, in the order in which the calls began. */
export class BlockSequence {
  #open: string | undefined
  #waiting: WaitingGroup[] = []
  /** The waiting group of each call. */
  readonly #groups = new Map<string, WaitingGroup>()

  /** Takes an event and returns those that may be sent now. `finish` releases all that wait, cut calls included. */
  push(event: ChatEvent): ChatEvent[] {
    if (event.type === 'finish') {
      const rest = this.#waiting.flatMap(({ events }) => events)
      this.#waiting = []
      return [...rest, event]
    }
    const call = callIdOf(event)
    if (this.#open !== undefined && call !== this.#open) {
      this.#wait(event, call)
      return []
    }
    if (event.type === 'tool-call-start') this.#open = call
    return event.type === 'tool-call' ? [event, ...this.#release()] : [event]
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

  /** After a complete call: the waiting events, up to the next incomplete call. */
  #release(): ChatEvent[] {
    this.#open = undefined
    const events: ChatEvent[] = []
    let released = 0
    for (const group of this.#waiting) {
      released++
      for (const event of group.events) events.push(event)
      if (group.call === undefined) continue
      this.#groups.delete(group.call)
      if (group.events.at(-1)?.type === 'tool-call') continue
      this.#open = group.call
      break
    }
    this.#waiting = this.#waiting.slice(released)
    return events
  }
}

function callIdOf(event: ChatEvent): string | undefined {
  switch (event.type) {
    case 'tool-call-start':
    case 'tool-call-delta':
    case 'tool-call':
      return event.id
    default:
      return undefined
  }
}
