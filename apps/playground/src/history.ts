// History: the messages that a model gets with a question, along the branch of that question.
import type { Message } from '@patchbay/core'
import { pathTo } from './branches.js'
import type { Conversation } from './conversation.js'

/** The messages for a model up to this turn, its question included. */
export function historyFor(conversation: Conversation, turnId: string, model: string): Message[] {
  const messages: Message[] = []
  for (const turn of pathTo(conversation, turnId)) {
    const own = turn.answers.find((one) => one.model === model)
    // A model that was not asked in that turn gets the first answer of another model.
    const answer = own ?? turn.answers[0]
    if (
      turn.id !== turnId &&
      (answer === undefined || answer.messages.length === 0 || answer.calls.length > 0)
    )
      continue
    messages.push({ role: 'user', content: turn.question })
    if (turn.id === turnId) return [...messages, ...(own?.messages ?? [])]
    messages.push(...(answer?.messages ?? []))
  }
  return messages
}
