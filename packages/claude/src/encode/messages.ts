// The conversation as messages and blocks. Source: platform.claude.com/docs/en/api/messages, November 2026, and refusals of
// the service, named where they are kept.
import { LlmError, type Part, type PreparedChat, type PreparedMessage, type Warning } from '@patchbay/core'
import {
  CallIds,
  fieldsOf,
  type LeaveOut,
  type OmissionWarner,
  objectInput,
  omissionWarner,
  separateMedia,
  stateOf,
} from '@patchbay/core/wire'
import { cacheable } from './cacheable.js'
import { toMediaBlock } from './media.js'

/** A block as it goes over the wire. */
export type Block = Record<string, unknown>
/** A message as it goes over the wire. */
export interface WireMessage {
  role: 'user' | 'assistant'
  content: Block[]
}

/** Who is asked: state goes back only to whoever made it. */
export interface Target {
  model: string
  host: string
  /** The name of a cloud, for messages. */
  cloud?: string | undefined
}

/** The fields `messages` and `system`. */
export interface Conversation {
  messages: WireMessage[]
  system?: Block[]
}

/** @throws {LlmError} `unsupported` for parts that the API has no form for */
export function toConversation(
  { messages }: Pick<PreparedChat, 'messages'>,
  target: Target,
  leaveOut: LeaveOut,
  warn: (warning: Warning) => void,
): Conversation {
  const encoder = new Encoder(target, leaveOut, warn)
  const wire = encoder.messages(messages)
  const system = messages
    .filter(({ role }) => role === 'system')
    .flatMap((message) => encoder.blocks(message, false))
  if (wire.length === 0)
    throw new LlmError('invalid-request', 'Claude does not accept messages of white space alone. Add text.')
  if (wire[0]?.role === 'assistant') {
    // One source says that it is refused (anthropics/skills, error-codes.md, July 2026).
    wire.unshift({ role: 'user', content: [{ type: 'text', text: '.' }] })
    warn({
      code: 'repaired',
      feature: 'messages',
      message: 'For Claude a conversation begins with the user: a message "." was put before the first one.',
    })
  }
  for (const message of keepBreakpoints([...system, ...wire.flatMap(({ content }) => content)]))
    warn({ code: 'unsupported', feature: 'cache', message })
  return { messages: wire, ...(system.length > 0 && { system }) }
}

class Encoder {
  readonly #warnOmitted: OmissionWarner
  /** "`tool_use` ids must be unique" in the whole request (trycua/cua#524, October 2025). */
  readonly #ids = new CallIds()
  /** Of the last turn with calls: results follow right after it. */
  #turnIds = new Map<string, string>()

  constructor(
    readonly target: Target,
    readonly leaveOut: LeaveOut,
    warn: (warning: Warning) => void,
  ) {
    this.#warnOmitted = omissionWarner('Claude', warn)
  }

  /**
   * Roles alternate: turns of one side are merged, results first. Media are only accepted on the user's side, and not in the
   * result of a tool that failed: there they follow after the results. System messages have a field of their own.
   */
  messages(messages: PreparedMessage[]): WireMessage[] {
    const wire: WireMessage[] = []
    const add = (role: WireMessage['role'], content: Block[]) => {
      const last = wire.at(-1)
      if (content.length === 0) return
      if (last?.role === role) last.content.push(...content)
      else wire.push({ role, content })
    }
    let media: Part[] = []
    const addMedia = () => {
      add(
        'user',
        media.flatMap((part) => this.#block(part, false)),
      )
      media = []
    }
    for (const message of messages) {
      if (message.role === 'system') continue
      if (message.role !== 'tool') addMedia()
      if (message.role === 'assistant') {
        const { said, shown } = separateMedia(message.content)
        this.#turnIds = new Map()
        add('assistant', this.blocks({ ...message, content: said }, true))
        media = shown
      } else {
        const content = message.content.map((part) => {
          if (part.type !== 'tool-result' || !part.isError || typeof part.output === 'string') return part
          const { said, shown } = separateMedia(part.output)
          media.push(...shown)
          return { ...part, output: said }
        })
        add('user', this.blocks({ ...message, content }, false))
      }
    }
    addMedia()
    const last = wire.at(-1)
    const end = last?.content.at(-1)
    // "final assistant content cannot end with trailing whitespace"
    if (last?.role === 'assistant' && end?.type === 'text') end.text = String(end.text).trimEnd()
    return wire
  }

  /** New objects throughout: what the caller passed in is never changed. */
  blocks({ content, cache }: PreparedMessage, isAnswer: boolean): Block[] {
    const blocks = content.flatMap((part) => this.#block(part, isAnswer))
    if (!cache) return blocks
    const last = blocks.findLast(({ type }) => cacheable.has(type))
    if (last) last.cache_control = { type: 'ephemeral', ...(typeof cache === 'object' && { ttl: cache.ttl }) }
    else this.#warnOmitted('cache')
    return blocks
  }

  #block(part: Part, isAnswer: boolean): Block[] {
    const own = this.#stateOf(part)
    switch (part.type) {
      case 'text': {
        // Citations in a user message are refused since API version 2026-10-21.
        const state = isAnswer ? own : undefined
        if (state?.citations === undefined && part.citations?.length) this.#warnOmitted('citations')
        return textBlock(part.text, state)
      }
      case 'refusal':
        return textBlock(part.text)
      case 'reasoning':
        if (own?.type === 'redacted_thinking') return [{ ...own }]
        // Without its signature the service cannot read it, and refuses it.
        if (own?.signature) return [{ type: 'thinking', thinking: part.text, ...own }]
        this.#warnOmitted('reasoning')
        return []
      case 'image':
      case 'file':
        return toMediaBlock(part, this.leaveOut)
      case 'audio':
        throw new LlmError(
          'unsupported',
          'Claude does not accept audio input. Leave the audio out, or send its transcript.',
        )
      case 'tool-call': {
        const id = this.#ids.unique(part.id.replace(/[^\w-]/g, '_') || 'call')
        this.#turnIds.set(part.id, id)
        // "tool_use.name: String should have at most 200 characters" (openclaw/openclaw#13134, February 2026).
        return [
          {
            type: 'tool_use',
            id,
            name: part.name.slice(0, 200).toWellFormed(),
            input: objectInput(part.input),
            ...own,
          },
        ]
      }
      case 'tool-result':
        return [this.#result(part)]
      case 'provider-block':
        if (own !== undefined) return [{ ...own }]
        this.#warnOmitted('provider-block')
        return []
    }
  }

  #result({ id, output, isError }: Extract<Part, { type: 'tool-result' }>): Block {
    const content =
      typeof output === 'string'
        ? textBlock(output).length > 0 && output
        : output.flatMap((part) => this.#block(part, false))
    const isEmpty = content === false || content.length === 0
    return {
      type: 'tool_result',
      tool_use_id: this.#turnIds.get(id) ?? id,
      ...(!isEmpty && { content }),
      // The service refuses a failure without text.
      ...(isError && { is_error: true, ...(isEmpty && { content: 'The tool failed.' }) }),
    }
  }

  /** The state of a part, if this host and model can read it. */
  #stateOf(part: Part): Record<string, unknown> | undefined {
    const { host = this.target.host, model = this.target.model } = part.opaque ?? {}
    const isReadable = host === this.target.host && model === this.target.model
    return isReadable ? stateOf(part, 'claude') : undefined
  }
}

/** "text content blocks must contain non-whitespace text" (anthropics/claude-code#23352, February 2026). */
function textBlock(text: string, state?: Record<string, unknown>): Block[] {
  return text.trim() === '' ? [] : [{ type: 'text', text, ...state }]
}

/**
 * The service takes four breakpoints: the oldest of the messages are removed, those of the system text stay. One of an hour
 * must not come after one of five minutes (headroom#2939, August 2026), and becomes one.
 */
function* keepBreakpoints(blocks: Block[]): Generator<string> {
  const marks = (): Block[] => blocks.filter(({ cache_control: mark }) => mark !== undefined)
  const all = marks()
  for (const block of all.slice(1, -3)) delete block.cache_control
  if (all.length > 4) yield 'Claude takes four cache marks in a request; the older ones were left out.'
  const isHour = ({ cache_control: mark }: Block) => fieldsOf(mark).ttl === '1h'
  const late = marks().filter((block, index, left) => isHour(block) && !left.slice(0, index).every(isHour))
  for (const block of late) block.cache_control = { type: 'ephemeral' }
  if (late.length > 0)
    yield 'Claude takes no cache mark of an hour after one of five minutes: the later ones last five minutes.'
}
