// Responses that clients go on from by their ids: kept for an hour, each for the key that asked, and not for ever more of
// them. Several instances keep them together where they share their state.
import type { Message } from '@patchbay/core'
import type { StateStore } from '@patchbay/policies'
import type { Json } from '../body.js'

/** A response, and the conversation up to it. */
export interface Kept {
  response: Json
  /** Its own turn included. */
  messages: Message[]
}

const livesMs = 3_600_000
const mostBytes = 64 * 1024 * 1024

export class KeptResponses {
  /** The oldest first. */
  readonly #own = new Map<string, { text: string; until: number }>()
  #bytes = 0

  /** `shared` is where other instances look too. */
  constructor(private readonly shared: () => Promise<StateStore | undefined>) {}

  async keep(owner: string, { response, messages }: Kept): Promise<void> {
    const { id, output } = response as { id: string; output: { id: string }[] }
    await this.#set(owner, id, JSON.stringify({ response, messages }, base64))
    for (const item of output) await this.#set(owner, item.id, JSON.stringify(item))
  }

  async response(owner: string, id: string): Promise<Kept | undefined> {
    const text = await this.#get(owner, id)
    return text === undefined ? undefined : (JSON.parse(text) as Kept)
  }

  async item(owner: string, id: string): Promise<Json | undefined> {
    const text = await this.#get(owner, id)
    return text === undefined ? undefined : (JSON.parse(text) as Json)
  }

  /** Was there one? */
  async forget(owner: string, id: string): Promise<boolean> {
    const kept = await this.response(owner, id)
    if (kept === undefined) return false
    const { output } = kept.response as { output: { id: string }[] }
    for (const key of [id, ...output.map((item) => item.id)]) await this.#set(owner, key, '')
    return true
  }

  async #get(owner: string, id: string): Promise<string | undefined> {
    const shared = await this.shared()
    const key = name(owner, id)
    if (shared !== undefined) return (await shared.get(key)) || undefined
    const own = this.#own.get(key)
    return own !== undefined && own.until > Date.now() ? own.text : undefined
  }

  async #set(owner: string, id: string, text: string): Promise<void> {
    const shared = await this.shared()
    const key = name(owner, id)
    if (shared !== undefined) {
      await shared.swap(key, (await shared.get(key)) ?? undefined, text, livesMs)
      return
    }
    this.#bytes += text.length - (this.#own.get(key)?.text.length ?? 0)
    this.#own.delete(key)
    if (text !== '') this.#own.set(key, { text, until: Date.now() + livesMs })
    for (const [oldest, { text: old, until }] of this.#own) {
      if (this.#bytes <= mostBytes && until > Date.now()) break
      this.#own.delete(oldest)
      this.#bytes -= old.length
    }
  }
}

function name(owner: string, id: string): string {
  return `gateway:response:${owner}:${id}`
}

/** Bytes as JSON can hold them, which the contract takes as well. */
function base64(_: string, value: unknown): unknown {
  return value instanceof Uint8Array ? Buffer.from(value).toString('base64') : value
}
