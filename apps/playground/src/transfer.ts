// Conversations out of the page and back: Markdown for people, JSON for this page.
import type { Message, Part } from '@patchbay/core'
import { type LooseTurn, shownPath, withParents } from './branches.js'
import { type Answer, type Conversation, textOf } from './conversation.js'

const format = 'patchbay-conversations'

export function toJson(conversations: readonly Conversation[]): string {
  return JSON.stringify({ format, version: 1, conversations }, null, 2)
}

/** @throws {Error} if the text is not an export of this page */
export function fromJson(text: string): Conversation[] {
  let read: unknown
  try {
    read = JSON.parse(text)
  } catch {
    throw new Error('This file is not JSON. Export a conversation to see the format.')
  }
  const { format: named, conversations } = (read ?? {}) as { format?: unknown; conversations?: unknown }
  if (named !== format || !Array.isArray(conversations))
    throw new Error('This file is not an export of this page.')
  return conversations.map(toConversation)
}

type Fields = Record<string, unknown>

const wrong = () => new Error('This export is damaged: a conversation in it cannot be read.')

function fieldsOf(given: unknown): Fields {
  if (typeof given !== 'object' || given === null) throw wrong()
  return given as Fields
}

function listOf<T>(given: unknown, item: (one: unknown) => T): T[] {
  if (!Array.isArray(given)) throw wrong()
  return given.map(item)
}

const textIn = (given: unknown): string => {
  if (typeof given !== 'string') throw wrong()
  return given
}

/** Whatever is missing for the page to draw it is filled in; what cannot be drawn is refused. */
function toConversation(given: unknown): Conversation {
  const { id, title, at, turns, shown, pinned } = fieldsOf(given)
  return {
    id: textIn(id),
    title: textIn(title),
    // Never of the future, where it would stay first for ever.
    at: typeof at === 'number' ? Math.min(at, Date.now()) : Date.now(),
    ...(pinned === true && { pinned }),
    turns: withParents(listOf(turns, toTurn)),
    ...(shown !== undefined && {
      shown: Object.fromEntries(
        Object.entries(fieldsOf(shown)).filter(
          (entry): entry is [string, string] => typeof entry[1] === 'string',
        ),
      ),
    }),
  }
}

function toTurn(given: unknown): LooseTurn {
  const { id, parent, question, answers, best } = fieldsOf(given)
  return {
    id: textIn(id),
    ...(typeof parent === 'string' && { parent }),
    question: listOf(question, toPart),
    answers: listOf(answers, toAnswer),
    ...(typeof best === 'string' && { best }),
  }
}

function toPart(given: unknown): Part {
  const part = fieldsOf(given)
  if (part.type === 'text' || part.type === 'reasoning') textIn(part.text)
  textIn(part.type)
  return given as Part
}

function toMessage(given: unknown): Message {
  const { role, content } = fieldsOf(given)
  textIn(role)
  if (typeof content !== 'string') listOf(content, toPart)
  return given as Message
}

function toAnswer(given: unknown): Answer {
  const { model, messages, text, reasoning, numbers } = fieldsOf(given)
  const { pieces, ...more } = fieldsOf(numbers ?? {})
  return {
    model: textIn(model),
    messages: listOf(messages, toMessage),
    text: typeof text === 'string' ? text : '',
    reasoning: typeof reasoning === 'string' ? reasoning : '',
    calls: [],
    state: 'done',
    numbers: {
      ...Object.fromEntries(Object.entries(more).filter(([, value]) => typeof value === 'number')),
      pieces: Array.isArray(pieces) ? pieces.filter((piece) => typeof piece === 'number') : [],
    },
    wire: [],
  }
}

/** The branch that is shown. */
export function toMarkdown(conversation: Conversation): string {
  const parts = shownPath(conversation).flatMap(({ question, answers }) => [
    `**You**\n\n${textOf(question)}`,
    ...answers.map(
      ({ model, messages, text }) => `**${model}**\n\n${messages.map(wordsOf).join('\n\n')}${text}`,
    ),
  ])
  return `# ${conversation.title}\n\n${parts.join('\n\n')}\n`
}

/** The text of a message, without its reasoning and calls. */
export function wordsOf({ content }: Message): string {
  return typeof content === 'string' ? content : textOf(content)
}

/** Hands a file to the reader. */
export function download(name: string, type: string, text: string): void {
  const url = URL.createObjectURL(new Blob([text], { type }))
  const link = Object.assign(document.createElement('a'), { href: url, download: name })
  link.click()
  URL.revokeObjectURL(url)
}

/** A title as a file's name. */
export function fileName(title: string, extension: string): string {
  return `${title.replaceAll(/[^\p{L}\p{N}]+/gu, '-').slice(0, 50) || 'conversation'}.${extension}`
}
