// Units of a conversation that are kept or left out whole: a message, or an answer with tool calls and all its results.
import type { Message, MessageInput, Part } from '@patchbay/core'

/** Messages that stay together. */
export interface Unit {
  messages: Message[]
  /** Estimated tokens. */
  tokens: number
  /** It is sent as it is, wherever it stands: a system message, a pinned one, or the newest message of the user. */
  verbatim: boolean
}

/** The units of a conversation. Messages for the user alone are left out: they are never sent. */
export function unitsOf(
  inputs: readonly MessageInput[],
  tokensOf: (message: Message) => number,
  isPinned: (message: Message) => boolean,
): Unit[] {
  const messages = inputs.map(asMessage).filter(({ visibility }) => visibility !== 'user')
  const newest = messages.findLastIndex(speaks)
  const units: Unit[] = []
  for (const [index, message] of messages.entries()) {
    const verbatim = message.role === 'system' || index === newest || isPinned(message)
    const unit = continues(messages[index - 1], message) ? units.at(-1) : undefined
    if (unit === undefined) units.push({ messages: [message], tokens: tokensOf(message), verbatim })
    else {
      unit.messages.push(message)
      unit.tokens += tokensOf(message)
      unit.verbatim ||= verbatim
    }
  }
  return units
}

/**
 * The number of leading units that are left out, so that those after them have at most this many tokens. The last unit is never
 * among them.
 */
export function cutOf(units: readonly Unit[], keep: number): number {
  let left = keep
  let cut = units.length
  while (cut > 0 && (left -= units[cut - 1]?.tokens ?? 0) >= 0) cut--
  return Math.min(cut, units.length - 1)
}

/** Estimated tokens of units together. */
export function tokensOf(units: readonly Unit[]): number {
  return units.reduce((total, { tokens }) => total + tokens, 0)
}

/** The messages that are not sent if this many leading units are left out. */
export function replaced(units: readonly Unit[], cut: number): Message[] {
  return units.slice(0, cut).flatMap(({ messages, verbatim }) => (verbatim ? [] : messages))
}

/** The parts of a message. */
export function contentOf({ content }: Message): readonly Part[] {
  return typeof content === 'string' ? [{ type: 'text', text: content }] : content
}

function asMessage(input: MessageInput): Message {
  return typeof input === 'string' ? { role: 'user', content: input } : input
}

/** Does the user say something in it, besides results of tools? */
function speaks(message: Message): boolean {
  return message.role === 'user' && contentOf(message).some(({ type }) => type !== 'tool-result')
}

/** Results belong to their calls; an answer that was paused belongs to its continuation. */
function continues(previous: Message | undefined, message: Message): boolean {
  if (previous === undefined || previous.role === 'system') return false
  if (message.role === 'assistant') return previous.role === 'assistant'
  return message.role === 'tool' || contentOf(message).some(({ type }) => type === 'tool-result')
}
