// The parts of an answer in order, for both streams of the AI SDK: text and reasoning as blocks of deltas, tool calls and files
// as single parts.
import type { Citation, Part } from '@patchbay/core'
import { isMedia } from '@patchbay/core/wrap'

type Kind = 'text' | 'reasoning'

/** The start or end of a block; metadata are on the end. */
export type Mark = { type: `${Kind}-start` | `${Kind}-end`; id: string }

/** Delays the end of the last part, because the metadata of the whole answer are sent with it. */
export class Blocks<Single extends object> {
  #open: { type: Kind; id: string } | undefined
  #held: Single | undefined
  #count = 0

  /** The parts to send before a delta of this kind, and the id of its block. */
  into(type: Kind): { before: (Mark | Single)[]; id: string } {
    if (this.#open?.type === type) return { before: [], id: this.#open.id }
    const ended = this.end()
    const id = String(this.#count++)
    this.#open = { type, id }
    return { before: [...ended, { type: `${type}-start`, id }], id }
  }

  /** Adds a part without deltas; it is sent before the next part, or at the end. */
  add(part: Single): (Mark | Single)[] {
    const ended = this.end()
    this.#held = part
    return ended
  }

  /** Without a part for the metadata, an empty reasoning block carries it: the AI SDK drops empty texts. */
  end(metadata: object = {}): (Mark | Single)[] {
    if (this.#held !== undefined) {
      const held = { ...this.#held, ...metadata }
      this.#held = undefined
      return [held]
    }
    const started =
      this.#open === undefined && Object.keys(metadata).length > 0 ? this.into('reasoning').before : []
    if (this.#open === undefined) return []
    const { type, id } = this.#open
    this.#open = undefined
    return [...started, { type: `${type}-end`, id, ...metadata }]
  }
}

/** The kind of part for a media type, in any case. */
export function kindOf(mediaType: string): 'image' | 'file' | 'audio' {
  const kind = mediaType.split('/')[0]?.toLowerCase()
  return kind === 'image' || kind === 'audio' ? kind : 'file'
}

/** Media with their bytes: the AI SDK does not support media in an answer that are only a URL. */
export function hasBytes(part: Part): part is Extract<Part, { data: Uint8Array | string }> {
  return isMedia(part) && part.data !== undefined
}

/** A source of an answer; `text/plain` for a document without a media type. */
export type Source =
  | { sourceType: 'url'; id: string; url: string; title?: string }
  | { sourceType: 'document'; id: string; title: string; mediaType: string }

/** The sources of an answer: its citations, media that are only a URL, and what its server tools found and it does not cite. */
export function sourcesOf(content: readonly Part[]): Source[] {
  const cited = new Set(
    content.flatMap((part) => (part.type === 'text' ? (part.citations ?? []).map(({ url }) => url) : [])),
  )
  const all = content.flatMap((part): Citation[] => {
    if (part.type === 'text') return part.citations ?? []
    if (part.type === 'provider-block')
      return (part.tool?.sources ?? []).filter(({ url }) => url === undefined || !cited.has(url))
    return (part.type === 'image' || part.type === 'file') && part.url !== undefined
      ? [{ url: part.url }]
      : []
  })
  return all.map(({ url, title, quote = '' }, index) => {
    const id = String(index)
    return url === undefined
      ? { sourceType: 'document', id, title: title ?? quote, mediaType: 'text/plain' }
      : { sourceType: 'url', id, url, ...(title !== undefined && { title }) }
  })
}

/** The input of a tool call as the model wrote it, if it is not JSON: such a call must not be run. */
export function unparsed(input: unknown): string | undefined {
  const { $unparsed } = Object(input) as { $unparsed?: unknown }
  return typeof $unparsed === 'string' ? $unparsed : undefined
}
