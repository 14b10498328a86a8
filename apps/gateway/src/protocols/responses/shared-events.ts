// The events of a background answer in the store that instances share: written in batches by the instance that makes the answer,
// followed from any other, also after the first one is gone.
import { setTimeout as wait } from 'node:timers/promises'
import type { LlmError } from '@patchbay/core'
import { requestError } from '../../answer/http-status.js'
import type { Json } from '../../body/body.js'
import { comment, type EventLog, maxOwn, type NumberedEvent, silenceMs, tooOld, toSse } from './event-log.js'
import { isUnfinished, type ResponseStore, withGoneFailed } from './response-store.js'

/** Characters of a batch, about. */
const batchCharacters = 256 * 1024
/** Milliseconds between writes, and between looks of a reader. */
const pauseMs = 200
/** Looks without events after which a reader looks at the response itself. */
const quietLooks = 5
/** Looks for an event that its client has seen at another instance. */
const seekLooks = 10

/** Writes the events of one answer to the shared store. */
export class EventPublisher {
  #batch = 0
  #published = -1
  #kept: { batch: number; characters: number }[] = []
  #characters = 0
  #timer: NodeJS.Timeout | undefined
  #writing: Promise<void> = Promise.resolve()

  constructor(
    private readonly store: ResponseStore,
    private readonly owner: string,
    private readonly id: string,
    private readonly events: EventLog,
  ) {}

  /** Writes soon what has come. */
  soon(): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined
      // What cannot be written now comes with the next events.
      this.now().catch(() => {})
    }, pauseMs).unref()
  }

  /**
   * Writes what has come.
   * @throws {LlmError} `network` if the store cannot be reached
   */
  now(): Promise<void> {
    clearTimeout(this.#timer)
    this.#timer = undefined
    this.#writing = this.#writing.catch(() => {}).then(() => this.#write())
    return this.#writing
  }

  async #write(): Promise<void> {
    if (!(await this.store.isShared())) return
    while (true) {
      const events = this.events.since(this.#published, batchCharacters)
      const last = events.at(-1)
      if (last === undefined) return
      await this.store.saveEvents(this.owner, this.id, this.#batch, events)
      const characters = events.reduce((sum, { text }) => sum + text.length, 0)
      this.#kept.push({ batch: this.#batch++, characters })
      this.#characters += characters
      this.#published = last.number
      // As in memory: of one answer only so much.
      while (this.#characters > maxOwn && this.#kept.length > 1) {
        const oldest = this.#kept.shift() as { batch: number; characters: number }
        this.#characters -= oldest.characters
        await this.store.saveEvents(this.owner, this.id, oldest.batch, [])
      }
    }
  }
}

/** Follows the events of an answer that another instance makes or has made. */
export class SharedEvents {
  #batch = 0
  /** Read, but not yet given. */
  #events: NumberedEvent[] = []
  #next: number

  private constructor(
    private readonly store: ResponseStore,
    private readonly owner: string,
    private readonly id: string,
    after: number,
  ) {
    this.#next = after + 1
  }

  /**
   * The events after this number.
   * @throws {LlmError} `invalid-request` if they are no longer kept, never were, or the number is of no event
   */
  static async after(
    number: number,
    {
      store,
      owner,
      id,
      isUnfinished,
    }: { store: ResponseStore; owner: string; id: string; isUnfinished: boolean },
  ): Promise<SharedEvents> {
    const events = new SharedEvents(store, owner, id, number)
    let newest = -1
    // Up to the first event that is to be given, or to the last that has come.
    for (let looks = 0; events.#events.length === 0; ) {
      const batch = await events.#read()
      newest = batch?.at(-1)?.number ?? newest
      if (batch !== undefined) continue
      // The client has seen more than was written so far: it comes soon.
      if (newest >= number || !isUnfinished || ++looks > seekLooks) break
      await wait(pauseMs)
    }
    if (newest < number)
      throw requestError(`starting_after: ${number} has not come yet; the last event is ${newest}.`)
    if (newest < 0 && !isUnfinished) throw notKept()
    return events
  }

  /** As the text of a stream, up to the last; comments while there is none. */
  async *texts(): AsyncGenerator<string> {
    yield comment
    let isLast = false
    let looks = 0
    while (true) {
      for (const { number, text } of this.#events.splice(0)) {
        this.#next = number + 1
        isLast = endings.test(text)
        yield text
      }
      if (isLast) return
      if ((await this.#read()) !== undefined) {
        looks = 0
        continue
      }
      if (++looks % quietLooks === 0) {
        const ended = await this.#endedResponse()
        // Written between the two looks, perhaps.
        if (ended !== undefined && (await this.#read()) === undefined) return yield this.#ending(ended)
        if (ended !== undefined) continue
      }
      if (looks % (silenceMs / pauseMs) === 0) yield comment
      await wait(pauseMs)
    }
  }

  /** Reads the next batch; undefined if there is none yet. */
  async #read(): Promise<NumberedEvent[] | undefined> {
    const batch = await this.store.events(this.owner, this.id, this.#batch)
    if (batch === undefined) return undefined
    this.#batch++
    const fresh = batch.filter(({ number }) => number >= this.#next)
    const [first] = fresh
    if (first !== undefined && first.number > this.#next) throw tooOld(first.number)
    this.#events = fresh
    return batch
  }

  /** The response, if it has ended, or if whoever made it is gone; undefined while it is made. */
  async #endedResponse(): Promise<Json | undefined> {
    const stored = await this.store.response(this.owner, this.id)
    const message = 'The response was deleted while it was read. Send the request again.'
    if (stored === undefined)
      return { id: this.id, status: 'failed', error: { code: 'server_error', message } }
    const response = withGoneFailed(stored.response, stored.beatAt)
    return isUnfinished(response) ? undefined : response
  }

  /** The last event, where the instance that made the answer could not write it. */
  #ending(response: Json): string {
    // The protocol has no event for what was cancelled.
    const status = response.status === 'cancelled' ? 'failed' : response.status
    return toSse({ type: `response.${status}`, sequence_number: this.#next, response })
  }
}

/** The types of last events. */
const endings = /^event: response\.(?:completed|failed|incomplete)\n/

function notKept(): LlmError {
  return requestError('stream: the events of this response are not kept. Read it without stream.')
}
