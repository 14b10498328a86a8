// Stored responses, which clients continue from by id: one hour, per key, of limited size; shared between instances that
// share their state.
import type { Message, Part } from '@patchbay/core'
import { largeJson, toBase64 } from '@patchbay/core/wire'
import { isMedia } from '@patchbay/core/wrap'
import type { StateStore } from '@patchbay/policies'
import type { Json } from '../../body/body.js'
import { largeBody } from '../../body/json.js'
import { parseInThread } from '../../body/json-thread.js'
import type { NumberedEvent } from './event-log.js'

/** A response and the conversation up to it. */
export interface StoredResponse {
  response: Json
  /** The items of its input, each with an id. */
  input?: Json[]
  /** The same conversation as items, if a service of the same protocol answered. */
  items?: Json[]
  /** The conversation, this response included. */
  messages: Message[]
  /** While it is made in the background: the last sign of life of the instance that makes it. */
  beatAt?: number
}

const lifetimeMs = 3_600_000
const maxBytes = 64 * 1024 * 1024
/** A response to a longer conversation is not stored. */
const maxMessages = 10_000
const maxParts = 50_000
/** How often a value is written that others write at the same time. */
const maxTries = 10
/** Approximate size of a map entry beside its text. */
const entryBytes = 200

/** A text in chunks of UTF-8: a large one is never joined. */
type Chunks = Uint8Array[]

function bytesIn(chunks: Chunks): number {
  return chunks.reduce((sum, { length }) => sum + length, 0)
}

/** Milliseconds without a sign of life after which an instance counts as gone. */
const goneMs = 30_000

const unfinished = new Set<unknown>(['queued', 'in_progress'])

/** Whether a response is still being made. */
export function isUnfinished({ status }: Json): boolean {
  return unfinished.has(status)
}

/** A stored response; one whose instance has given no sign of life for long has failed. */
export function withGoneFailed(response: Json, beatAt: number | undefined): Json {
  if (!isUnfinished(response) || beatAt === undefined || Date.now() - beatAt < goneMs) return response
  const message = 'The instance of the gateway that made this answer is gone. Send the request again.'
  return { ...response, status: 'failed', error: { code: 'server_error', message } }
}

/** Stores responses in memory, or in the shared state. */
export class ResponseStore {
  /** The oldest first. As bytes: a string may take two for each character. */
  readonly #own = new Map<string, { text: Chunks; until: number }>()
  #bytes = 0

  /** `shared` is the state that instances share, if any. */
  constructor(private readonly shared: () => Promise<StateStore | undefined>) {}

  /**
   * Stores a response and its items; false if its conversation is too long. What is stored while it is made is stored when it has ended,
   * too: the answer itself does not count.
   * @throws {LlmError} `network` if the store cannot be reached, like all methods here
   */
  async save(
    owner: string,
    { response, messages, input = [], items, beatAt }: StoredResponse,
  ): Promise<boolean> {
    const asked = isUnfinished(response) ? messages : messages.slice(0, -1)
    const parts = asked.reduce(
      (sum, { content }) => sum + (typeof content === 'string' ? 1 : content.length),
      0,
    )
    if (asked.length > maxMessages || parts > maxParts) return false
    const { id, output } = response as { id: string; output: { id: string }[] }
    await this.#set(keyOf(owner, 'response', id), {
      response,
      messages: messages.map(withBase64),
      input,
      ...(items && { items }),
      ...(beatAt !== undefined && { beatAt }),
    })
    for (const item of output)
      if (typeof item.id === 'string') await this.#set(keyOf(owner, 'item', item.id), item)
    return true
  }

  async response(owner: string, id: string): Promise<StoredResponse | undefined> {
    return (await this.#get(keyOf(owner, 'response', id))) as StoredResponse | undefined
  }

  async item(owner: string, id: string): Promise<Json | undefined> {
    return (await this.#get(keyOf(owner, 'item', id))) as Json | undefined
  }

  /** Whether other instances see what is stored. */
  async isShared(): Promise<boolean> {
    return (await this.shared()) !== undefined
  }

  /** Tells the instance that makes this response to cancel it, or to forget it as well. */
  async askToEnd(owner: string, id: string, how: 'cancel' | 'forget'): Promise<void> {
    await this.#set(keyOf(owner, 'end', id), { how })
  }

  /** What another instance has asked for. */
  async askedToEnd(owner: string, id: string): Promise<'cancel' | 'forget' | undefined> {
    const asked = (await this.#get(keyOf(owner, 'end', id))) as { how: 'cancel' | 'forget' } | undefined
    return asked?.how
  }

  /**
   * Marks a response whose answer begins. False if another attempt has begun with it: nobody is answered twice. For stores that instances
   * share.
   */
  async begin(owner: string, id: string): Promise<boolean> {
    const shared = await this.shared()
    const key = keyOf(owner, 'begun', id)
    const before = await shared?.get(key)
    return shared !== undefined && !before && shared.swap(key, before, '1', lifetimeMs)
  }

  async hasBegun(owner: string, id: string): Promise<boolean> {
    return Boolean(await (await this.shared())?.get(keyOf(owner, 'begun', id)))
  }

  /** Ends a response that nobody makes any more. One that has ended stays as it is. */
  async end(owner: string, id: string, how: { status: string; error?: Json }): Promise<void> {
    const stored = await this.response(owner, id)
    if (stored === undefined || !isUnfinished(stored.response)) return
    const { beatAt: _, ...rest } = stored
    await this.save(owner, { ...rest, response: { ...stored.response, ...how } })
  }

  /** Stores a batch of events of a response, for other instances; none, if they are no longer kept. */
  async saveEvents(
    owner: string,
    id: string,
    batch: number,
    events: readonly NumberedEvent[],
  ): Promise<void> {
    await this.#set(keyOf(owner, 'events', `${id}:${batch}`), { events })
  }

  /** A batch of events; undefined if it was not written yet. */
  async events(owner: string, id: string, batch: number): Promise<NumberedEvent[] | undefined> {
    const stored = (await this.#get(keyOf(owner, 'events', `${id}:${batch}`))) as
      | { events: NumberedEvent[] }
      | undefined
    return stored?.events
  }

  async deleteEvents(owner: string, id: string): Promise<void> {
    for (let batch = 0; (await this.events(owner, id, batch)) !== undefined; batch++)
      await this.#set(keyOf(owner, 'events', `${id}:${batch}`), undefined)
  }

  /** Deletes a response with its items and events; false if there was none. */
  async delete(owner: string, id: string): Promise<boolean> {
    const stored = await this.response(owner, id)
    if (stored === undefined) return false
    const { output } = stored.response as { output: { id: string }[] }
    await this.#set(keyOf(owner, 'response', id), undefined)
    for (const item of output) await this.#set(keyOf(owner, 'item', item.id), undefined)
    await this.deleteEvents(owner, id)
    return true
  }

  async #get(key: string): Promise<unknown> {
    const shared = await this.shared()
    if (shared === undefined) return parseStored(this.#getOwn(key))
    const text = await shared.get(key)
    return parseStored(text ? [Buffer.from(text)] : [])
  }

  #getOwn(key: string): Chunks {
    const entry = this.#own.get(key)
    return entry !== undefined && entry.until > Date.now() ? entry.text : []
  }

  /** `undefined` deletes the entry. */
  async #set(key: string, value: object | undefined): Promise<void> {
    const text: Chunks = []
    if (value !== undefined) for await (const chunk of (await largeJson(value)).stream()) text.push(chunk)
    const shared = await this.shared()
    if (shared !== undefined) {
      const next = Buffer.concat(text).toString()
      // The last one to write wins.
      for (let tries = 0; tries < maxTries; tries++)
        if (await shared.swap(key, await shared.get(key), next, lifetimeMs)) break
    } else this.#setOwn(key, text)
  }

  #setOwn(key: string, text: Chunks): void {
    this.#drop(key)
    const bytes = sizeOf(key, text)
    // A too large one would only push out all others.
    if (text.length === 0 || bytes > maxBytes) return
    this.#own.set(key, { text, until: Date.now() + lifetimeMs })
    this.#bytes += bytes
    for (const [oldest, entry] of this.#own) {
      if (this.#bytes <= maxBytes && entry.until > Date.now()) break
      this.#drop(oldest)
    }
  }

  #drop(key: string): void {
    const entry = this.#own.get(key)
    if (entry === undefined) return
    this.#own.delete(key)
    this.#bytes -= sizeOf(key, entry.text)
  }
}

function sizeOf(key: string, text: Chunks): number {
  return entryBytes + key.length + bytesIn(text)
}

/** A key for the store. Owners and ids may hold any character, so the owner is encoded. */
function keyOf(owner: string, kind: 'response' | 'item' | 'events' | 'end' | 'begun', id: string): string {
  return `gateway:${kind}:${encodeURIComponent(owner)}:${id}`
}

/** Long conversations are parsed by the worker thread, without limits: they were checked when they came. */
async function parseStored(text: Chunks): Promise<unknown> {
  if (text.length === 0) return undefined
  if (bytesIn(text) < largeBody) return JSON.parse(Buffer.concat(text).toString())
  const copies = text.map((chunk) => new Uint8Array(chunk))
  return (await parseInThread(copies, Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY)).value
}

/** The message with its bytes as base64, which JSON can hold. */
function withBase64(message: Message): Message {
  const { content } = message
  if (typeof content === 'string') return message
  return { ...message, content: content.map(partWithBase64) } as Message
}

function partWithBase64(part: Part): Part {
  if (part.type === 'tool-result' && typeof part.output !== 'string')
    return { ...part, output: part.output.map(partWithBase64) }
  return isMedia(part) && part.data instanceof Uint8Array
    ? ({ ...part, data: toBase64(part.data) } as Part)
    : part
}
