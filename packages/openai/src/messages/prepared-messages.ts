// Messages of a conversation as the encoders of OpenAI's APIs take them.
import {
  LlmError,
  type Message,
  type MessageInput,
  type Part,
  type PreparedMessage,
  type Warning,
} from '@patchbay/core'
import { isMedia, omissionWarner, withReason } from '@patchbay/core/wire'

/** OpenAI's own host: state of others is not for these forms. */
export const host = 'api.openai.com'

/** The form that messages are encoded in. */
interface Form {
  /** Its name, for warnings. */
  who: string
  warn: (warning: Warning) => void
  /** Whether it has state of a text or a call. Default: no. */
  hasState?: (part: Part) => boolean
  /** Whether results of tools hold media. Default: no. */
  mediaInResults?: boolean
}

/** Messages as the encoders take them; what those drop or move without a word is reported here. */
export function preparedMessages(
  messages: readonly MessageInput[],
  { who, warn, hasState = () => false, mediaInResults = false }: Form,
): PreparedMessage[] {
  const lost = omissionWarner(who, warn)
  let hasMoved = false
  const check = (part: Part, role: Message['role'], where: string) => {
    if ((part.type === 'tool-result') !== (role === 'tool'))
      throw new LlmError(
        'invalid-request',
        `${where} is of the role ${role}; it cannot have a part of type ${part.type}.`,
      )
    const hasOwnWord = part.type === 'reasoning' || part.type === 'provider-block'
    if (part.opaque !== undefined && !hasOwnWord && !hasState(part)) lost('opaque')
    if (part.type === 'tool-result' && part.isError) lost('isError')
    const inner = part.type === 'tool-result' && typeof part.output !== 'string' ? part.output : [part]
    if (hasMoved || role === 'user' || (role === 'tool' && mediaInResults) || !inner.some(isMedia)) return
    hasMoved = true
    const takers = mediaInResults ? 'user messages and results of tools' : 'user messages'
    const reason = `${who} accepts media only in ${takers}.`
    const message = `${reason} Others were put into a user message.`
    warn(withReason({ code: 'repaired', feature: 'media', message }, reason))
  }
  return messages.flatMap((message, index): PreparedMessage[] => {
    const {
      role,
      content,
      visibility = 'both',
      cache,
    }: Message = typeof message === 'string' ? { role: 'user', content: message } : message
    if (visibility !== 'both') lost('visibility')
    if (visibility === 'user') return []
    const parts: Part[] = typeof content === 'string' ? [{ type: 'text', text: content }] : content
    for (const part of parts) check(part, role, `messages[${index}]`)
    return [{ role, content: parts, ...(cache && { cache }) }]
  })
}
