// Conversations out of the page and back: Markdown for people, JSON for this page.
import type { Message } from '@patchbay/core'
import { type Conversation, textOf } from './conversation.js'

const format = 'patchbay-conversations'

export function toJson(conversations: readonly Conversation[]): string {
  return JSON.stringify({ format, version: 1, conversations }, null, 2)
}

/** @throws {Error} if the text is no export of this page */
export function fromJson(text: string): Conversation[] {
  let read: unknown
  try {
    read = JSON.parse(text)
  } catch {
    throw new Error('This file is not JSON. Export a conversation to see the format.')
  }
  const { format: named, conversations } = (read ?? {}) as { format?: unknown; conversations?: unknown }
  if (named !== format || !Array.isArray(conversations) || !conversations.every(isConversation))
    throw new Error('This file is not an export of this page.')
  return conversations
}

function isConversation(given: unknown): given is Conversation {
  const { id, title, at, turns } = (given ?? {}) as Record<string, unknown>
  return (
    typeof id === 'string' &&
    typeof title === 'string' &&
    typeof at === 'number' &&
    Array.isArray(turns) &&
    turns.every(
      (turn: { question?: unknown; answers?: unknown } | null) =>
        Array.isArray(turn?.question) &&
        Array.isArray(turn.answers) &&
        turn.answers.every(
          (answer: { model?: unknown; messages?: unknown } | null) =>
            typeof answer?.model === 'string' && Array.isArray(answer.messages),
        ),
    )
  )
}

export function toMarkdown({ title, turns }: Conversation): string {
  const parts = turns.flatMap(({ question, answers }) => [
    `**You**\n\n${textOf(question)}`,
    ...answers.map(
      ({ model, messages, text }) => `**${model}**\n\n${messages.map(wordsOf).join('\n\n')}${text}`,
    ),
  ])
  return `# ${title}\n\n${parts.join('\n\n')}\n`
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
