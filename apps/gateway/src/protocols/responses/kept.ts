// Responses that clients go on from by their ids: kept for an hour, each for the key that asked, and not for ever more of
// them. Several instances keep them together where they share their state.
import type { Message, Part } from '@patchbay/core'
import { largeJson, toBase64 } from '@patchbay/core/wire'
import { isMedia } from '@patchbay/core/wrap'
import type { StateStore } from '@patchbay/policies'
import type { Json } from '../../body/body.js'
import { largeBody } from '../../body/json.js'
import { parseAway } from '../../body/json-thread.js'

/** A response, and the conversation up to it. */
export interface Kept {
  response: Json
  /** Its own turn included. */
  messages: Message[]
}

const livesMs = 3_600_000
const mostBytes = 64 * 1024 * 1024
/** A conversation that has grown beyond this, answer by answer, is not gone on from. */
const mostMessages = 10_000
const mostParts = 50_000
/** What an entry of a map costs beside its text, roughly. */
const entryBytes = 200

/** A text in pieces: a large one is never put together. */
type Pieces = Uint8Array[]

function bytesIn(text: Pieces): number {
  return text.reduce((sum, { length }) => sum + length, 0)
}

export class KeptResponses {
  /** The oldest first. As bytes: a text in memory may take two for each of its letters. */
  readonly #own = new Map<string, { text: Pieces; until: number }>()
  #bytes = 0

  /** `shared` is where other instances look too. */
  constructor(private readonly shared: () => Promise<StateStore | undefined>) {}

  /** @throws {LlmError} `network` where the store cannot be reached, as all here */
  async keep(owner: string, { response, messages }: Kept): Promise<void> {
    const parts = messages.reduce(
      (sum, { content }) => sum + (typeof content === 'string' ? 1 : content.length),
      0,
    )
    if (messages.length > mostMessages || parts > mostParts) return
    const { id, output } = response as { id: string; output: { id: string }[] }
    await this.#set(nameOf(owner, 'response', id), {
      response,
      messages: messages.map(withoutBytes),
    })
    for (const item of output) await this.#set(nameOf(owner, 'item', item.id), item)
  }

  async response(owner: string, id: string): Promise<Kept | undefined> {
    return (await this.#get(nameOf(owner, 'response', id))) as Kept | undefined
  }

  async item(owner: string, id: string): Promise<Json | undefined> {
    return (await this.#get(nameOf(owner, 'item', id))) as Json | undefined
  }

  /** Was there one? */
  async forget(owner: string, id: string): Promise<boolean> {
    const kept = await this.response(owner, id)
    if (kept === undefined) return false
    const { output } = kept.response as { output: { id: string }[] }
    await this.#set(nameOf(owner, 'response', id), undefined)
    for (const item of output) await this.#set(nameOf(owner, 'item', item.id), undefined)
    return true
  }

  async #get(key: string): Promise<unknown> {
    const shared = await this.shared()
    if (shared === undefined) return read(this.#getOwn(key))
    const text = await shared.get(key)
    return read(text ? [Buffer.from(text)] : [])
  }

  #getOwn(key: string): Pieces {
    const entry = this.#own.get(key)
    return entry !== undefined && entry.until > Date.now() ? entry.text : []
  }

  /** `undefined` forgets it. */
  async #set(key: string, value: object | undefined): Promise<void> {
    const text: Pieces = []
    if (value !== undefined) for await (const piece of (await largeJson(value)).stream()) text.push(piece)
    const shared = await this.shared()
    if (shared !== undefined) {
      const before = await shared.get(key)
      await shared.swap(key, before, Buffer.concat(text).toString(), livesMs)
    } else this.#setOwn(key, text)
  }

  #setOwn(key: string, text: Pieces): void {
    this.#drop(key)
    const bytes = sizeOf(key, text)
    // One that is too large would only push out all others.
    if (text.length === 0 || bytes > mostBytes) return
    this.#own.set(key, { text, until: Date.now() + livesMs })
    this.#bytes += bytes
    for (const [oldest, entry] of this.#own) {
      if (this.#bytes <= mostBytes && entry.until > Date.now()) break
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

function sizeOf(key: string, text: Pieces): number {
  return entryBytes + key.length + bytesIn(text)
}

/** Names of keys and ids of clients may hold anything: none can be taken for another's. */
function nameOf(owner: string, kind: 'response' | 'item', id: string): string {
  return `gateway:${kind}:${encodeURIComponent(owner)}:${id}`
}

/** Long conversations are read by the thread: what was kept is sound. */
async function read(text: Pieces): Promise<unknown> {
  if (text.length === 0) return undefined
  if (bytesIn(text) < largeBody) return JSON.parse(Buffer.concat(text).toString())
  const copies = text.map((piece) => new Uint8Array(piece))
  return (await parseAway(copies, Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY)).value
}

/** Bytes as base64, which JSON can hold. */
function withoutBytes(message: Message): Message {
  const { content } = message
  return typeof content === 'string' ? message : ({ ...message, content: content.map(inText) } as Message)
}

function inText(part: Part): Part {
  if (part.type === 'tool-result' && typeof part.output !== 'string')
    return { ...part, output: part.output.map(inText) }
  return isMedia(part) && part.data instanceof Uint8Array
    ? ({ ...part, data: toBase64(part.data) } as Part)
    : part
}
