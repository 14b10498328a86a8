// One answer that is made while no client waits: its call, its state in the store, and its end.
import { type ChatStream, isLlmError, LlmError, type Message } from '@patchbay/core'
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
  /** Whether another instance makes it if this one is gone before it has begun. */
  isJob: boolean
}

/** Milliseconds that events are kept after the end; the answer itself is stored longer. */
const eventsMs = 600_000
/** The same, where response and events can be read from the store that instances share. */
const storedMs = 30_000
/** Milliseconds between the first two attempts to store the end, doubled each time, and the most. */
const endWaitMs = 250
const mostEndWaitMs = 8000
/** Milliseconds between signs of life, for instances that share their responses. */
const beatMs = 2000

/** One answer in the background. */
export class BackgroundAnswer {
  readonly owner: string
  /** When it may be forgotten here: at some time after its end. */
  keptUntil = Number.POSITIVE_INFINITY
  readonly events: EventLog
  readonly #publisher: EventPublisher
  readonly #cancel = new AbortController()
  #made: Promise<void> | undefined
  #hasBegun = false
  /** Left to another instance: nothing of it is told here. */
  #isLeft = false
  #messages: readonly Message[]
  #saving: Promise<unknown> = Promise.resolve()
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
    return this.keptUntil !== Number.POSITIVE_INFINITY
  }

  /** The response so far. */
  get response(): Json {
    return this.#last ?? this.#call?.items.latest ?? {}
  }

  /** Stores the response as it is now; false if its conversation is too long for that. */
  save(): Promise<boolean> {
    // One after the other: the end is stored last.
    const saving = this.#saving.catch(() => {}).then(() => this.#save())
    this.#saving = saving
    return saving
  }

  async #save(): Promise<boolean> {
    const call = this.#call
    if (call === undefined) return true
    const isShared = await this.store.isShared()
    if (isShared && (await this.store.askedToEnd(this.owner, call.items.id)) === 'forget') {
      if (this.hasEnded) await this.store.deleteEvents(this.owner, call.items.id)
      return true
    }
    return this.store.save(this.owner, {
      response: this.response,
      messages: [...this.#messages],
      input: call.input,
      // A job that has not begun does not end with its instance.
      ...(isShared && !this.hasEnded && (!call.isJob || this.#hasBegun) && { beatAt: Date.now() }),
    })
  }

  /** Stores the response that waits and its first events, for readers at every instance; false if they cannot be. */
  async announce(): Promise<boolean> {
    if (!(await this.save())) return false
    await this.#publisher.now()
    return true
  }

  /** Resolves when it has ended here: `'leave'` if it had not begun, and another instance may make it. */
  async ended(): Promise<'done' | 'leave'> {
    await this.#made
    return this.#isLeft ? 'leave' : 'done'
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
        if (event.type === 'start' && call.isJob) {
          if (!(await this.store.begin(this.owner, items.id))) return this.#abandon('done')
          this.#hasBegun = true
        }
        recorder.recordEvent(event)
        if (event.type === 'finish') this.#messages = [...this.#messages, event.response.message]
        this.#add(items.write(event))
        if (event.type === 'start') await this.#tryToSave()
      }
    } catch (thrown) {
      const error = toLlmError(thrown)
      // The gateway stops.
      if (call.isJob && !this.#hasBegun && isLlmError(error, 'closed')) return this.#abandon('leave')
      status = this.#cancel.signal.aborted ? 499 : statusOf(error)
      const told = recorder.recordFailure(error)
      // A conversation that goes on from it has what the client saw.
      const partial = error.partial?.message
      if (partial !== undefined && partial.content.length > 0) this.#messages = [...this.#messages, partial]
      this.#add(this.#cancel.signal.aborted ? items.cancelled() : items.failed(told))
    }
    // If storing fails, the answer can be read here for some minutes.
    this.keptUntil = Date.now() + eventsMs
    const isStored = await this.#storeEnd(call.isJob)
    // The next instance that takes the job says what became of it.
    this.#isLeft = call.isJob && !isStored
    recorder.end(status)
    this.#last = this.response
    this.#call = undefined
    this.#messages = []
    this.events.close()
    this.#forgetLater(isStored)
  }

  /** Stores the end; whether it can be read at other instances. That of a job is known only from there, so it is tried for some seconds. */
  async #storeEnd(isJob: boolean): Promise<boolean> {
    for (let wait = endWaitMs; ; wait *= 2)
      try {
        // The events first: who finds that it has ended looks for them.
        await this.#publisher.now()
        return (await this.save()) && (await this.store.isShared())
      } catch {
        if (!isJob || wait > mostEndWaitMs) break
        await new Promise((resolve) => setTimeout(resolve, wait))
      }
    await this.#tryToSave()
    return false
  }

  #forgetLater(isStored: boolean): void {
    const wait = isStored ? storedMs : eventsMs
    setTimeout(() => {
      // Whoever reads its events here reads them to their end.
      if (isStored && this.events.isRead) return this.#forgetLater(false)
      this.keptUntil = 0
      this.forgetOld()
    }, wait).unref()
  }

  /** Ends it without a word: another instance makes it, or will. */
  #abandon(how: 'done' | 'leave'): void {
    this.#isLeft = how === 'leave'
    this.keptUntil = 0
    this.#call?.recorder.handOver()
    this.#call = undefined
    this.events.clear()
    this.events.close()
    this.forgetOld()
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
        const asked = await this.store.askedToEnd(this.owner, call.items.id)
        if (asked !== undefined) {
          await this.cancel()
          // Nor is it to be read here.
          if (asked === 'forget') this.keptUntil = 0
          return this.forgetOld()
        }
        await this.save()
      }
    } catch {
      // The next one may reach it.
    }
    this.#beatLater()
  }
}
