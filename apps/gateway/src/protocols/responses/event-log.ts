// The events of one answer, kept for readers that come later or again: numbered, bounded, and awaited while there are no more.
import type { LlmError } from '@patchbay/core'
import { requestError } from '../../answer/http-status.js'
import type { Json } from '../../body/body.js'

/** Characters of events that are kept, of all answers together; those of answers that ended first go first. */
export const maxCharacters = 64 * 1024 * 1024
/** Characters of events that are kept of one answer. */
export const maxOwn = 16 * 1024 * 1024
/** Milliseconds after which a stream without events has a comment: proxies cut what is silent. */
export const silenceMs = 15_000
export const comment = ': \n\n'

/** An event as the text of a stream, with its place. */
export interface NumberedEvent {
  number: number
  text: string
}

/** What the events of all answers together take. */
export interface Kept {
  characters: number
}

export class EventLog {
  #events: NumberedEvent[] = []
  #characters = 0
  #isClosed = false
  #readers = 0
  #newest = -1
  #waiting: (() => void)[] = []

  /** `onFull` is called when all answers together have too much, to drop events of others. */
  constructor(
    private readonly kept: Kept,
    private readonly onFull: () => void,
  ) {}

  add(lines: readonly Json[]): void {
    for (const line of lines) {
      const text = toSse(line)
      this.#newest = Number(line.sequence_number)
      this.#events.push({ number: this.#newest, text })
      this.#count(text.length)
    }
    if (this.kept.characters > maxCharacters) this.onFull()
    let gone = 0
    // Many at a time: the list is copied.
    const most = this.#characters > maxOwn ? maxOwn * 0.75 : maxOwn
    const isTooLarge = () => this.#characters > most || this.kept.characters > maxCharacters
    while (isTooLarge() && gone < this.#events.length - 1)
      this.#count(-(this.#events[gone++]?.text.length ?? 0))
    if (gone > 0) this.#events = this.#events.slice(gone)
    this.#wake()
  }

  /** The events after this number that are still kept: up to about so many characters, one at least. */
  since(number: number, characters: number): NumberedEvent[] {
    const [oldest] = this.#events
    const from = oldest === undefined ? 0 : Math.max(0, number + 1 - oldest.number)
    let [to, sum] = [from, 0]
    while (to < this.#events.length && sum < characters) sum += this.#events[to++]?.text.length ?? 0
    return this.#events.slice(from, to)
  }

  /** Nothing more comes: readers end. */
  close(): void {
    this.#isClosed = true
    this.#wake()
  }

  /** Whether a reader has not come to the end. */
  get isRead(): boolean {
    return this.#readers > 0
  }

  /** Drops all events. */
  clear(): void {
    this.#count(-this.#characters)
    this.#events = []
  }

  /** @throws {LlmError} `invalid-request` if the events after this number are no longer kept, or it is of no event */
  checkNumber(after: number): void {
    const [oldest, newest] = [this.#events[0]?.number ?? 0, this.#events.at(-1)?.number ?? -1]
    if (oldest > after + 1) throw tooOld(oldest)
    if (after > newest)
      throw requestError(`starting_after: ${after} has not come yet; the last event is ${newest}.`)
  }

  /**
   * The events after this number, as the text of a stream, up to the last; comments while there is none.
   * @throws {LlmError} `invalid-request` if events between were dropped before this reader took them
   */
  async *after(number: number): AsyncGenerator<string> {
    this.#readers++
    try {
      yield* this.#after(number)
    } finally {
      this.#readers--
    }
  }

  async *#after(number: number): AsyncGenerator<string> {
    let next = number + 1
    // The headers go out at once.
    yield comment
    while (true) {
      const [oldest] = this.#events
      const from = oldest?.number ?? this.#newest + 1
      if (from > next) throw tooOld(from)
      // Their numbers follow each other.
      const index = next - from
      if (index < this.#events.length)
        for (const event of this.#events.slice(index)) {
          next = event.number + 1
          yield event.text
        }
      else if (this.#isClosed) return
      else if (!(await this.#more())) yield comment
    }
  }

  /** Whether something has come; `false` after some seconds without. */
  #more(): Promise<boolean> {
    return new Promise((resolve) => {
      const go = () => {
        clearTimeout(timer)
        resolve(true)
      }
      const timer = setTimeout(() => {
        this.#waiting = this.#waiting.filter((one) => one !== go)
        resolve(false)
      }, silenceMs)
      this.#waiting.push(go)
    })
  }

  #wake(): void {
    for (const go of this.#waiting.splice(0)) go()
  }

  #count(characters: number): void {
    this.#characters += characters
    this.kept.characters += characters
  }
}

export function toSse(line: Json, json = () => JSON.stringify(line)): string {
  return `event: ${line.type}\ndata: ${json()}\n\n`
}

export function tooOld(oldest: number): LlmError {
  return requestError(
    `starting_after: events before ${oldest} are no longer kept. Read the response without stream.`,
  )
}
