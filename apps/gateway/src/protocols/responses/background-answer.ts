// One answer that is made while no client waits: its call, its state in the store, and its end.
import { type ChatStream, LlmError, type Message } from '@patchbay/core'
import { statusOf, toLlmError } from '../../answer/http-status.js'
import type { Json } from '../../body/body.js'
import type { RequestRecorder } from '../../server/request-record.js'
import { EventLog, type Kept } from './event-log.js'
import type { ItemWriter } from './response.js'
import type { ResponseStore } from './response-store.js'
import { EventPublisher } from './shared-events.js'

/** An answer to be made. */
export interface BackgroundCall {
  /** The name of the key that asked for it. */
  owner: string
  /** Calls the provider. */
  start(signal: AbortSignal): ChatStream
  items: ItemWriter
  recorder: RequestRecorder
  /** The conversation before the answer. */
  conversation: readonly Message[]
  /** The items of the request. */
  input: Json[]
}

/** Milliseconds that events are kept after the end; the answer itself is stored longer. */
export const eventsMs = 600_000
/** Milliseconds between signs of life, for instances that share their responses. */
const beatMs = 2000

/** One answer in the background. */
export class BackgroundAnswer {
  readonly owner: string
  endedAt = Number.POSITIVE_INFINITY
  readonly events: EventLog
  readonly #publisher: EventPublisher
  readonly #cancel = new AbortController()
  #made: Promise<void> | undefined
  #messages: readonly Message[]
  #saving: Promise<void> = Promise.resolve()
  /** Undefined once it has ended: what it was made of is not kept. */
  #call: BackgroundCall | undefined
  #last: Json | undefined

  constructor(
    call: BackgroundCall,
    private readonly store: ResponseStore,
    kept: Kept,
    private readonly forgetOld: () => void,
  ) {
    this.#call = call
    this.owner = call.owner
    this.#messages = call.conversation
    this.events = new EventLog(kept, forgetOld)
    this.#publisher = new EventPublisher(store, call.owner, call.items.id, this.events)
    this.#add(call.items.queued())
  }

  get hasEnded(): boolean {
    return this.endedAt !== Number.POSITIVE_INFINITY
  }

  /** The response so far. */
  get response(): Json {
    return this.#last ?? this.#call?.items.latest ?? {}
  }

  /** Stores the response as it is now. */
  save(): Promise<void> {
    // One after the other: the end is stored last.
    const saving = this.#saving.catch(() => {}).then(() => this.#save())
    this.#saving = saving
    return saving
  }

  async #save(): Promise<void> {
    const call = this.#call
    if (call === undefined) return
    const isShared = await this.store.isShared()
    if (isShared && (await this.store.askedToEnd(this.owner, call.items.id)) === 'forget') {
      if (this.hasEnded) await this.store.deleteEvents(this.owner, call.items.id)
      return
    }
    await this.store.save(this.owner, {
      response: this.response,
      messages: [...this.#messages],
      input: call.input,
      ...(isShared && !this.hasEnded && { beatAt: Date.now() }),
    })
  }

  /** Ends it as `cancelled`; what had come stays. Later calls do nothing. */
  async cancel(): Promise<void> {
    if (!this.hasEnded) this.#cancel.abort(new LlmError('aborted', 'The client cancelled this answer.'))
    await this.#made
  }

  /** Begins to make the answer. */
  begin(): void {
    this.#made = this.#make()
  }

  /** Never rejects. */
  async #make(): Promise<void> {
    const call = this.#call
    if (call === undefined) return
    const { items, recorder } = call
    this.#beatLater()
    let status = 200
    try {
      for await (const event of call.start(this.#cancel.signal)) {
        recorder.recordEvent(event)
        if (event.type === 'finish') this.#messages = [...this.#messages, event.response.message]
        this.#add(items.write(event))
        if (event.type === 'start') await this.#tryToSave()
      }
    } catch (thrown) {
      const error = toLlmError(thrown)
      status = this.#cancel.signal.aborted ? 499 : statusOf(error)
      const told = recorder.recordFailure(error)
      // A conversation that goes on from it has what the client saw.
      const partial = error.partial?.message
      if (partial !== undefined && partial.content.length > 0) this.#messages = [...this.#messages, partial]
      this.#add(this.#cancel.signal.aborted ? items.cancelled() : items.failed(told))
    }
    this.endedAt = Date.now()
    // If storing fails, the answer can be read here for some minutes.
    await this.#publisher.now().catch(() => {})
    await this.#tryToSave()
    recorder.end(status)
    this.#last = this.response
    this.#call = undefined
    this.#messages = []
    this.events.close()
    setTimeout(this.forgetOld, eventsMs).unref()
  }

  #add(lines: readonly Json[]): void {
    this.events.add(lines)
    this.#publisher.soon()
  }

  async #tryToSave(): Promise<void> {
    await this.save().catch(() => {})
  }

  /** The next beat comes after the last: a slow store is not asked twice. */
  #beatLater(): void {
    setTimeout(() => void this.#beat(), beatMs).unref()
  }

  /** Tells other instances that this one lives, and hears from them that the client has cancelled. */
  async #beat(): Promise<void> {
    const call = this.#call
    if (call === undefined || this.hasEnded) return
    try {
      if (await this.store.isShared()) {
        if ((await this.store.askedToEnd(this.owner, call.items.id)) !== undefined) return await this.cancel()
        await this.save()
      }
    } catch {
      // The next one may reach it.
    }
    this.#beatLater()
  }
}
