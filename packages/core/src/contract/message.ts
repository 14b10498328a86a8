// What is said: messages and their parts, the same for every provider.

/**
 * State of a provider that only it can read: a thinking signature, an encrypted reasoning item, a server-side
 * tool block. It travels with the part it belongs to and goes back, byte for byte, to the provider that made it.
 */
export interface OpaqueState {
  /** The `provider` that made it, for example `'claude'`. */
  provider: string
  /** Anything JSON can hold. Its shape is the provider's own business. */
  data: unknown
}

/** The source of a piece of an answer. `start` and `end` are positions in the answer, those of `source` in the cited text. */
export interface Citation {
  /** Address of the source. */
  url?: string
  /** Title of the source, or its name. */
  title?: string
  /** The words of the source that are cited. */
  quote?: string
  /** First character of the cited passage in the text of the part, counted from 0. Absent: the whole part. */
  start?: number
  /** One past the last character. */
  end?: number
  /** The position in the source, as far as the service reports it. */
  source?: CitedPlace
}

/** A position in a source. */
export interface CitedPlace {
  /** Which of the documents or search results of the request, counted from 0. */
  index?: number
  /** The unit of `start` and `end`: characters and content blocks count from 0, pages from 1. */
  unit?: 'character' | 'page' | 'block'
  start?: number
  /** One past the last. */
  end?: number
}

/** Bytes, or the same bytes as base64 (a data URL is taken apart). */
export type Bytes = Uint8Array | string

interface Keeps {
  /** What the provider that made this part must get back verbatim. */
  opaque?: OpaqueState
}

/** Text, to or from the model. */
export interface TextPart extends Keeps {
  type: 'text'
  text: string
  citations?: Citation[]
}
/** An image: bytes with their media type, or an address the provider fetches. */
export type ImagePart = Keeps &
  (
    | { type: 'image'; data: Bytes; mediaType: string; url?: never }
    | { type: 'image'; url: string; data?: never; mediaType?: string }
  )
/** A document, for example a PDF. */
export type FilePart = Keeps &
  (
    | { type: 'file'; data: Bytes; mediaType: string; name?: string; url?: never }
    | { type: 'file'; url: string; mediaType?: string; name?: string; data?: never }
  )
/** Sound. */
export interface AudioPart extends Keeps {
  type: 'audio'
  data: Bytes
  mediaType: string
}
/** What the model thought, or `''` where it came only as opaque state (redacted thinking). */
export interface ReasoningPart extends Keeps {
  type: 'reasoning'
  text: string
}
/** The model asks for a tool. */
export interface ToolCallPart extends Keeps {
  type: 'tool-call'
  id: string
  name: string
  /** The parsed arguments; `{}` when there are none. */
  input: unknown
}
/** The answer to a tool call. */
export interface ToolResultPart extends Keeps {
  type: 'tool-result'
  /** The `id` of the call it answers. */
  id: string
  name?: string
  output: string | Part[]
  /** The tool failed; `output` says how. */
  isError?: boolean
}
/** The model declined, in its own words. */
export interface RefusalPart extends Keeps {
  type: 'refusal'
  text: string
}
/** A block only its provider understands (server-side tool use, compaction …): its content is in `opaque`. */
export interface ProviderBlockPart extends Keeps {
  type: 'provider-block'
  kind: string
}

/** One piece of a message. */
export type Part =
  | TextPart
  | ImagePart
  | FilePart
  | AudioPart
  | ReasoningPart
  | ToolCallPart
  | ToolResultPart
  | RefusalPart
  | ProviderBlockPart

/** Who speaks. */
export type Role = 'system' | 'user' | 'assistant' | 'tool'

/** One turn of a conversation. */
export interface Message {
  role: Role
  content: string | Part[]
  /** Who gets to see it. `'user'` is never sent to a model. Default `'both'`. */
  visibility?: 'both' | 'model' | 'user'
  /** A prompt-cache breakpoint after this message, where the provider has such a thing. */
  cache?: boolean | { ttl: '5m' | '1h' }
}

/** A string is a user message. */
export type MessageInput = string | Message

/** A message a model said. */
export type AssistantMessage = Message & { role: 'assistant'; content: Part[] }
