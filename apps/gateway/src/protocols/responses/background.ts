// Background answers: made while no client waits, kept by id, and read from any event on.
// Source: platform.openai.com/docs/guides/background, November 2026.
import { type ChatStream, LlmError, type Message } from '@patchbay/core'
import { requestError, statusOf, toLlmError } from '../../answer/http-status.js'
import type { Json } from '../../body/body.js'
import type { RequestRecorder } from '../../server/request-record.js'
import type { ItemWriter } from './response.js'
import type { ResponseStore } from './response-store.js'

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

/** Answers of one key at the same time. */
const maxRunning = 100
/** Characters of events that are kept, of all answers together; those that ended first go first. */
const maxCharacters = 64 * 1024 * 1024
/** Characters of events that are kept of one answer. */
const maxOwn = 16 * 1024 * 1024
/** Milliseconds that events are kept after the end; the answer itself is stored longer. */
const eventsMs = 600_000
/** Milliseconds after which a stream without events has a comment: proxies cut what is silent. */
const silenceMs = 15_000
/** Milliseconds between signs of life, for instances that share their responses. */
const beatMs = 2000
/** Milliseconds without a sign of life after which an instance counts as gone. */
const goneMs = 30_000

const unfinished = new Set<unknown>(['queued', 'in_progress'])

/** Whether a response is still being made. */
export function isUnfinished({ status }: Json): boolean {
  return unfinished.has(status)
}

/** A stored response; one whose instance has given no sign of life for long has failed. */
export function asFound(response: Json, beatAt: number | undefined): Json {
  if (!isUnfinished(response) || beatAt === undefined || Date.now() - beatAt < goneMs) return response
  const message = 'The instance of the gateway that made this answer is gone. Send the request again.'
  return { ...response, status: 'failed', error: { code: 'server_error', message } }
}

/** The background answers of one gateway. */
export class BackgroundAnswers {
  /** By key and id; the oldest first. */
  readonly #answers = new Map<string, BackgroundAnswer>()
  readonly #kept: Kept = { characters: 0 }

  constructor(private readonly store: ResponseStore) {}

  /**
   * An answer to begin; it goes on without its client.
   * @throws {LlmError} `rate-limited` if the key has too many, `network` if it cannot be stored
   */
  async start(call: BackgroundCall): Promise<BackgroundAnswer> {
    const { owner, items } = call
    const running = [...this.#answers.values()].filter((one) => one.owner === owner && !one.hasEnded)
    if (running.length >= maxRunning)
      throw new LlmError(
        'rate-limited',
        `This key has ${maxRunning} background answers that have not ended. Wait for one of them, or cancel it.`,
      )
    const answer = new BackgroundAnswer(call, this.store, this.#kept, () => this.#forgetOld())
    this.#answers.set(keyOf(owner, items.id), answer)
    try {
      // Known to all instances before the client knows its id.
      await answer.save()
    } catch (error) {
      this.forget(owner, items.id)
      throw error
    }
    return answer
  }

  /** An answer that this instance makes, or whose events it still has. */
  find(owner: string, id: string): BackgroundAnswer | undefined {
    this.#forgetOld()
    return this.#answers.get(keyOf(owner, id))
  }

  forget(owner: string, id: string): void {
    this.#forget(keyOf(owner, id))
  }

  #forget(key: string): void {
    this.#answers.get(key)?.dropEvents()
    this.#answers.delete(key)
  }

  #forgetOld(): void {
    for (const [key, one] of this.#answers)
      if (Date.now() - one.endedAt >= eventsMs || (one.hasEnded && this.#kept.characters > maxCharacters))
        this.#forget(key)
  }
}

/** Ids are random, and owners may have any name. */
function keyOf(owner: string, id: string): string {
  return JSON.stringify([owner, id])
}

/** What the events of all answers together take. */
interface Kept {
  characters: number
}

/** One answer in the background: its events so far, and those that come. */
export class BackgroundAnswer {
  readonly owner: string
  #characters = 0
  endedAt = Number.POSITIVE_INFINITY
  #events: { number: number; text: string }[] = []
  #waiting: (() => void)[] = []
  readonly #cancel = new AbortController()
  #isCancelled = false
  #made: Promise<void> | undefined
  #messages: readonly Message[]
  #saving: Promise<void> = Promise.resolve()
  #isForgotten = false
  #isBeating = false
  /** Undefined once it has ended: what it was made of is not kept. */
  #call: BackgroundCall | undefined
  #last: Json | undefined

  constructor(
    call: BackgroundCall,
    private readonly store: ResponseStore,
    private readonly kept: Kept,
    private readonly onFull: () => void,
  ) {
    this.#call = call
    this.owner = call.owner
    this.#messages = call.conversation
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
    if (call === undefined || this.#isForgotten) return
    const isShared = await this.store.isShared()
    if (isShared && (await this.store.askedToEnd(this.owner, call.items.id)) === 'forget') return
    await this.store.save(this.owner, {
      response: this.response,
      messages: [...this.#messages],
      input: call.input,
      ...(isShared && !this.hasEnded && { beatAt: Date.now() }),
    })
  }

  /** Ends it as `cancelled`; what had come stays. Later calls do nothing. */
  async cancel(): Promise<void> {
    if (!this.hasEnded) {
      this.#isCancelled = true
      this.#cancel.abort(new LlmError('aborted', 'The client cancelled this answer.'))
    }
    await this.#made
  }

  /** @throws {LlmError} `invalid-request` if the events after this number are no longer kept, or it is of no event */
  checkNumber(after: number): void {
    const [oldest, newest] = [this.#events[0]?.number ?? 0, this.#events.at(-1)?.number ?? -1]
    if (oldest > after + 1) throw tooOld(oldest)
    if (after > newest)
      throw requestError(`starting_after: there is no event ${after} yet; the last is ${newest}.`)
  }

  /**
   * The events after this number, as the text of a stream, up to the last; comments while there is none.
   * @throws {LlmError} `invalid-request` if the next one is no longer kept
   */
  async *eventsAfter(after: number): AsyncGenerator<string> {
    let next = after + 1
    // The headers go out at once.
    yield ': \n\n'
    while (true) {
      const [oldest] = this.#events
      if (oldest !== undefined && oldest.number > next) throw tooOld(oldest.number)
      // Their numbers follow each other.
      const index = next - (oldest?.number ?? next)
      if (index < this.#events.length)
        for (const { number, text } of this.#events.slice(index)) {
          next = number + 1
          yield text
        }
      else if (this.hasEnded) return
      else if (!(await this.#more())) yield ': \n\n'
    }
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
    const beat = setInterval(() => void this.#beat(), beatMs)
    beat.unref()
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
      status = this.#isCancelled ? 499 : statusOf(error)
      const told = recorder.recordFailure(error)
      // A conversation that goes on from it has what the client saw.
      const partial = error.partial?.message
      if (partial !== undefined && partial.content.length > 0) this.#messages = [...this.#messages, partial]
      this.#add(this.#isCancelled ? items.cancelled() : items.failed(told))
    }
    clearInterval(beat)
    this.endedAt = Date.now()
    // If storing fails, the answer can be read here for some minutes.
    await this.#tryToSave()
    recorder.end(status)
    this.#last = this.response
    this.#call = undefined
    this.#messages = []
    this.#wake()
    setTimeout(this.onFull, eventsMs).unref()
  }

  async #tryToSave(): Promise<void> {
    await this.save().catch(() => {})
  }

  /** Tells other instances that this one lives, and hears from them that the client has cancelled. */
  async #beat(): Promise<void> {
    const call = this.#call
    if (call === undefined || this.#isBeating) return
    this.#isBeating = true
    try {
      if (!(await this.store.isShared())) return
      const asked = await this.store.askedToEnd(this.owner, call.items.id)
      if (asked === 'forget') this.#isForgotten = true
      if (asked !== undefined) await this.cancel()
      else if (!this.hasEnded) await this.save()
    } catch {
      // The next one may reach it.
    } finally {
      this.#isBeating = false
    }
  }

  #add(lines: readonly Json[]): void {
    for (const line of lines) {
      const text = `event: ${line.type}\ndata: ${JSON.stringify(line)}\n\n`
      this.#events.push({ number: Number(line.sequence_number), text })
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

  #wake(): void {
    for (const go of this.#waiting.splice(0)) go()
  }

  /** Whether something has come; `false` after some seconds without. */
  #more(): Promise<boolean> {
    return new Promise((resolve) => {
      const timer = setTimeout(() => resolve(false), silenceMs)
      this.#waiting.push(() => {
        clearTimeout(timer)
        resolve(true)
      })
    })
  }

  #count(characters: number): void {
    this.#characters += characters
    this.kept.characters += characters
  }

  dropEvents(): void {
    this.#count(-this.#characters)
    this.#events = []
  }
}

function tooOld(oldest: number): LlmError {
  return requestError(
    `starting_after: events before ${oldest} are no longer kept. Read the response without stream.`,
  )
}
