// Encodes messages for Chat Completions, in the dialect of the server.
import { isLlmError, LlmError, type Part, type PreparedMessage, type Warning } from '@patchbay/core'
import {
  failedResultAsText,
  type LeaveOut,
  type OmissionWarner,
  objectInput,
  omissionWarner,
  separateMedia,
  textOfFile,
  warnOfMarks,
  Yielder,
} from '@patchbay/core/wire'
import type { Target } from '../api.js'
import { markEnd } from '../breakpoints.js'
import type { Dialect } from '../dialect.js'
import { shortened, shortId } from '../ids.js'
import { addressOf, audioFormat, base64Of } from '../media.js'
import { ownState } from '../state.js'
import { reasoningFields } from './reasoning.js'

type Json = Record<string, unknown>

/** The messages. Only user messages can hold media, so those of an answer or a tool result follow its turn in a user message. */
export function toMessages(...args: Parameters<typeof encode>): Json[] {
  const steps = encode(...args)
  for (;;) {
    const { done, value } = steps.next()
    if (done) return value
  }
}

/** The same in slices of the event loop: megabytes of media take long. */
export async function toMessagesInSlices(...args: Parameters<typeof encode>): Promise<Json[]> {
  const yielder = new Yielder()
  const steps = encode(...args)
  for (;;) {
    const { done, value } = steps.next()
    if (done) return value
    await yielder.yieldIfDue()
  }
}

/** Yields after each message. With `breakpoints`, marks for a cache are those of blocks. */
function* encode(
  messages: PreparedMessage[],
  target: Target,
  dialect: Dialect,
  warn: (warning: Warning) => void,
  leaveOut: LeaveOut,
  breakpoints = false,
): Generator<undefined, Json[]> {
  const lost = omissionWarner('Chat Completions', warn)
  const toParts = (parts: Part[]) => parts.flatMap((part) => partOrLeftOut(part, dialect, leaveOut))
  warnOfMarks(breakpoints ? messages.map(({ cache: _, ...message }) => message) : messages, lost)
  const turns = new Turns(messages, target, dialect, lost)
  const wire: Json[] = []
  let shown: Part[] = []
  const show = () => {
    const content = toParts(shown)
    if (content.length > 0) wire.push({ role: 'user', content })
    shown = []
  }
  for (const { role, content, cache } of messages) {
    yield
    const mark = (message: Json | undefined) => {
      if (cache && breakpoints && !markEnd(asBlocks(message))) lost('cache')
    }
    // Results must follow their calls directly.
    if (role === 'tool') {
      for (const part of content) {
        if (part.type !== 'tool-result') continue
        const { said, shown: media } = separateMedia(failedResultAsText(part))
        const name = dialect.toolNames && part.name !== undefined ? { name: part.name } : {}
        wire.push({ role, tool_call_id: turns.idOf(part.id), ...name, content: textOf(said, 'text') })
        shown.push(...media)
      }
      mark(wire.at(-1))
      continue
    }
    show()
    if (role === 'assistant') {
      const { said, shown: media } = separateMedia(content)
      const turn = turns.toTurn(said)
      mark(turn.at(-1))
      wire.push(...turn)
      shown.push(...media)
    } else {
      const parts = toParts(content)
      if (parts.length === 0)
        throw new LlmError('unsupported', `A ${role} message would be empty. Leave it out, or change it.`)
      wire.push({ role, content: asContent(parts) })
      mark(wire.at(-1))
    }
  }
  show()
  return inOrder(wire, dialect, warn)
}

/** The text of a message as a list, which can have a mark. */
function asBlocks(message: Json | undefined): Json[] | undefined {
  if (typeof message?.content === 'string') message.content = [{ type: 'text', text: message.content }]
  return (message?.content ?? undefined) as Json[] | undefined
}

/** Encodes assistant turns. */
class Turns {
  readonly #hasCalls: boolean

  constructor(
    messages: PreparedMessage[],
    private readonly target: Target,
    private readonly dialect: Dialect,
    private readonly lost: OmissionWarner,
  ) {
    this.#hasCalls = messages.some(({ content }) => content.some(({ type }) => type === 'tool-call'))
  }

  /** The id of a call as the server takes it. */
  idOf(id: string): string {
    return this.target.preset.shortIds ? shortId(id) : shortened(id, this.dialect.maxIdLength)
  }

  toTurn(content: Part[]): Json[] {
    const { dialect, target } = this
    const refusal = textOf(content, 'refusal')
    const text = textOf(content, 'text') + (dialect.refusalField ? '' : refusal)
    const calls = this.#toCalls(content)
    const isSent =
      dialect.reasoningTurns === 'tool calls'
        ? calls.length > 0
        : dialect.reasoningTurns === 'all' && this.#hasCalls
    const { fields, complete } = reasoningFields(content, dialect, target, isSent)
    if (!complete) this.lost('reasoning')
    if (content.some(({ type }) => type === 'provider-block')) this.lost('provider-block')
    if (text === '' && refusal === '' && calls.length === 0) return []
    return [
      {
        role: 'assistant',
        // OpenAI expects null for a turn of calls alone.
        content: text === '' ? null : text,
        ...(refusal !== '' && dialect.refusalField && { refusal }),
        ...fields,
        ...(calls.length > 0 && { tool_calls: calls }),
      },
    ]
  }

  #toCalls(content: Part[]): Json[] {
    const calls: Json[] = []
    for (const part of content) {
      if (part.type !== 'tool-call') continue
      const extra = ownState(part, this.target)?.extra_content
      calls.push({
        id: this.idOf(part.id),
        type: 'function',
        function: { name: part.name, arguments: JSON.stringify(objectInput(part.input)) },
        ...(extra !== undefined
          ? { extra_content: extra }
          : this.dialect.thoughtSignatures && calls.length === 0 && unsigned(this.target.model)),
      })
    }
    return calls
  }
}

/** A call of another model: Gemini 3 refuses calls without a signature, unless they say so. ai.google.dev, thought signatures. */
function unsigned(model: string): Json | false {
  return (
    /gemini-[3-9]/.test(model) && {
      extra_content: { google: { thought_signature: 'skip_thought_signature_validator' } },
    }
  )
}

/** The messages in an order that the server takes. */
function inOrder(messages: Json[], dialect: Dialect, warn: (warning: Warning) => void): Json[] {
  const { systemMessages, afterTools, prefill } = dialect
  const repairs = new Set<string>()
  const wire: Json[] = []
  for (const message of messages) {
    const last = wire.at(-1)
    const isMoved =
      systemMessages === 'first' && message.role === 'system' && last !== undefined && last.role !== 'system'
    const role = isMoved ? 'user' : message.role
    if (isMoved)
      repairs.add(
        'The server takes system messages only at the beginning; later ones were sent as user messages.',
      )
    const isNext =
      last !== undefined && last.role === role && role !== 'tool' && last.tool_calls === undefined
    if (systemMessages === 'first' && isNext) {
      for (const [name, value] of Object.entries(message))
        if (name !== 'role') last[name] = joined(last[name], value)
      continue
    }
    if (afterTools !== undefined && role === 'user' && last?.role === 'tool') {
      wire.push({ role: 'assistant', content: afterTools })
      repairs.add(
        `The server takes no user message after a tool result; an assistant message "${afterTools}" was put between them.`,
      )
    }
    wire.push({ ...message, role })
  }
  for (const message of repairs) warn({ code: 'repaired', feature: 'messages', message })
  const last = wire.at(-1)
  if (prefill !== undefined && last?.role === 'assistant') last[prefill] = true
  return wire
}

function joined(before: unknown, after: unknown): unknown {
  if (before === undefined || before === null) return after
  if (after === undefined || after === null) return before
  if (typeof before === 'string' && typeof after === 'string') return `${before}\n\n${after}`
  const parts = (content: unknown) =>
    typeof content === 'string' ? [{ type: 'text', text: content }] : (content as Json[])
  return [...parts(before), ...parts(after)]
}

function textOf(parts: Part[], type: 'text' | 'refusal'): string {
  return parts.map((part) => (part.type === type ? part.text : '')).join('')
}

/** The part, or none where the API does not take it and the caller prefers a warning. */
function partOrLeftOut(part: Part, dialect: Dialect, leaveOut: LeaveOut): Json[] {
  try {
    return toPart(part, dialect)
  } catch (error) {
    if (!isLlmError(error, 'unsupported')) throw error
    leaveOut(part.type === 'file' ? 'files' : part.type, error.message)
    return []
  }
}

function toPart(
  part: Part,
  { imageTypes, files, fileTypes, fileForm, fileAddresses, audioForm, audioFormats }: Dialect,
): Json[] {
  switch (part.type) {
    case 'text':
    case 'refusal':
      return [{ type: 'text', text: part.text }]
    case 'image':
      if (imageTypes !== undefined && part.data !== undefined && !imageTypes.includes(part.mediaType))
        throw new LlmError(
          'unsupported',
          `The server takes images of the types ${imageTypes.join(', ')}, not ${part.mediaType}. Convert the image.`,
        )
      return [{ type: 'image_url', image_url: { url: addressOf(part) } }]
    case 'file': {
      const { name } = part
      const text = textOfFile(part)
      if (text !== undefined) return [{ type: 'text', text: name ? `${name}:\n${text}` : text }]
      if (!files || (part.data && fileTypes?.includes(part.mediaType) === false))
        throw new LlmError(
          'unsupported',
          `The server takes no files${files ? ` of type ${part.mediaType}` : ''} in Chat Completions, except text.`,
        )
      const address = fileAddresses ? addressOf(part) : `data:${part.mediaType};base64,${base64Of(part)}`
      return fileForm === 'file'
        ? [{ type: 'file', file: { file_data: address, filename: name ?? 'file' } }]
        : [{ type: fileForm, document_url: address, ...(name && { document_name: name }) }]
    }
    case 'audio': {
      const data = base64Of(part)
      const format = audioFormat(part.mediaType, audioFormats)
      return [{ type: 'input_audio', input_audio: audioForm === 'data' ? data : { data, format } }]
    }
    case 'reasoning':
    case 'tool-call':
    case 'tool-result':
    case 'provider-block':
      throw new LlmError(
        'unsupported',
        `Chat Completions does not accept a part of type ${part.type} in such a message.`,
      )
  }
}

/** A string for text alone: not all servers take lists. */
function asContent(parts: Json[]): unknown {
  return parts.every(({ type }) => type === 'text') ? parts.map(({ text }) => text).join('') : parts
}
