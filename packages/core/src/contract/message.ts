// Messages and their parts, the same for every provider.

/**
 * State that only its service can read: the signature of a reasoning part, an encrypted reasoning item, a block of a server-side
 * tool. It stays with its part and is sent back unchanged to the service that made it, and to no other.
 */
export interface OpaqueState {
  /** The provider that made it: `'claude'`. */
  provider: string
  /**
   * The host that made it, with its port if that is not the default: `'api.deepseek.com'`. The state is sent back to this host
   * only. Absent: to any host of the provider.
   */
  host?: string
  /**
   * The model that made it, where the service binds the state to one. It is sent back to this model only. Absent: to any model
   * of the host.
   */
  model?: string
  /** Any JSON value; its form is known only to the provider. */
  data: unknown
}

/** The source of a passage of an answer. `start` and `end` are positions in the answer; those of `source`, in the cited text. */
export interface Citation {
  /** Address of the source. */
  url?: string
  /** Title of the source, or its name. */
  title?: string
  /** The cited words of the source. */
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

/** Bytes, or the same bytes as base64 or as a data URL. */
export type Bytes = Uint8Array | string

interface WithOpaque {
  /** State that is sent back unchanged to the provider that made this part. */
  opaque?: OpaqueState
}

/** Text, as input or output. */
export interface TextPart extends WithOpaque {
  type: 'text'
  text: string
  citations?: Citation[]
}
/** An image: bytes with their media type, or a URL. */
export type ImagePart = WithOpaque &
  (
    | { type: 'image'; data: Bytes; mediaType: string; url?: never }
    | { type: 'image'; url: string; data?: never; mediaType?: string }
  )
/** A document, for example a PDF: bytes with their media type, or a URL. */
export type FilePart = WithOpaque &
  (
    | { type: 'file'; data: Bytes; mediaType: string; name?: string; url?: never }
    | { type: 'file'; url: string; mediaType?: string; name?: string; data?: never }
  )
/** Audio. */
export interface AudioPart extends WithOpaque {
  type: 'audio'
  data: Bytes
  mediaType: string
}
/** Reasoning of the model; `text` is `''` if it came only as opaque state (redacted thinking). */
export interface ReasoningPart extends WithOpaque {
  type: 'reasoning'
  text: string
}
/** A call of a tool by the model. */
export interface ToolCallPart extends WithOpaque {
  type: 'tool-call'
  id: string
  name: string
  /** The parsed arguments; `{}` when there are none. */
  input: unknown
}
/** The result of a tool call. */
export interface ToolResultPart extends WithOpaque {
  type: 'tool-result'
  /** The `id` of the call it answers. */
  id: string
  name?: string
  /** Text, or text and media. */
  output: string | Part[]
  /** Whether the tool failed; `output` is then the error. */
  isError?: boolean
}
/** The model declined to answer; `text` is its explanation. */
export interface RefusalPart extends WithOpaque {
  type: 'refusal'
  text: string
}
/**
 * What a tool of the service did. Some services tell the call and its result in two blocks with the same `id`, others in one.
 * Each goes back to the service whole, by the `opaque` state of its part.
 */
export interface ServerToolUse {
  /** The service's id of the call; `''` if it has none. */
  id: string
  /** The service's name of the tool: `'web_search'`. */
  name: string
  /** What the model asked for: the query, the code, the arguments. */
  input?: unknown
  /** The result, in the service's form; without it, see `sources`, or the result comes in a block of its own. */
  output?: unknown
  /** The pages or files that it found or read. */
  sources?: Citation[]
  /** Whether it failed; `output` then has the service's word for the reason. */
  isError?: boolean
}

/** A block that only its provider understands (server-side tool use, compaction …); its content is in `opaque`. */
export interface ProviderBlockPart extends WithOpaque {
  type: 'provider-block'
  /** The service's type of the block: `'web_search_call'`. */
  kind: string
  /** Of a block of a server tool: its call, its result, or both. */
  tool?: ServerToolUse
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

/** The author of a message; `'tool'` is the app, with results of tools. */
export type Role = 'system' | 'user' | 'assistant' | 'tool'

/**
 * One message of a conversation.
 * @example
 * const question: Message = { role: 'user', content: [{ type: 'text', text: 'What is this?' }, { type: 'image', url }] }
 */
export interface Message {
  role: Role
  /** Text, or a list of parts. */
  content: string | Part[]
  /** Who sees the message. One for the `'user'` is never sent to a model. Default `'both'`. */
  visibility?: 'both' | 'model' | 'user'
  /** Marks the end of a cached prompt prefix, for services with such marks. `true` means their default time to live. */
  cache?: boolean | { ttl: '5m' | '1h' }
}

/** A message; a string is a user message. */
export type MessageInput = string | Message

/** A message of a model. */
export type AssistantMessage = Message & { role: 'assistant'; content: Part[] }
