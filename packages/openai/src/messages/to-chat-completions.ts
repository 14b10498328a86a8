// Converts conversations to messages of Chat Completions, for OpenAI's own client or to keep.
import { LlmError, type Message, type MessageInput, type Part, type PreparedMessage } from '@patchbay/core'
import { type ConversionOptions, conversionWarner, leaveOutOf, omissionWarner } from '@patchbay/core/wire'
import { isMedia } from '@patchbay/core/wrap'
import type { ChatCompletionMessageParam } from 'openai/resources/chat/completions'
import { toMessages } from '../chat/messages.js'
import { dialectOf } from '../dialects.js'
import { presetFor } from '../presets.js'

const host = 'api.openai.com'
const who = 'Chat Completions'

/**
 * A conversation as messages of Chat Completions: `ChatCompletionMessageParam[]` of the `openai` package.
 * @throws {LlmError} `unsupported` for what they have no place for, unless `onWarning` is given: reasoning, opaque state, citations,
 * cache marks, media in answers and results of tools, marks of failed tools
 * @example
 * await new OpenAI().chat.completions.create({ model, messages: toChatCompletions(messages) })
 */
export function toChatCompletions(
  messages: readonly MessageInput[],
  options: ConversionOptions = {},
): ChatCompletionMessageParam[] {
  const warn = conversionWarner(options)
  const preset = presetFor(`https://${host}/v1`, 'openai')
  const target = { host, model: '', who, preset }
  const prepared = preparedMessages(messages, options)
  const leaveOut = leaveOutOf({ onUnsupported: 'warn' }, warn)
  const wire: object[] = toMessages(prepared, target, dialectOf(preset), warn, leaveOut)
  return wire as ChatCompletionMessageParam[]
}

/** Messages as the encoder takes them; what it drops or moves without a word is reported here. */
function preparedMessages(messages: readonly MessageInput[], options: ConversionOptions): PreparedMessage[] {
  const warn = conversionWarner(options)
  const lost = omissionWarner(who, warn)
  let hasMoved = false
  const check = (part: Part, role: Message['role'], where: string) => {
    if ((part.type === 'tool-result') !== (role === 'tool'))
      throw new LlmError(
        'invalid-request',
        `${where} is of the role ${role}; it cannot have a part of type ${part.type}.`,
      )
    if (part.opaque !== undefined && part.type !== 'reasoning' && part.type !== 'provider-block')
      lost('opaque')
    if (part.type === 'tool-result' && part.isError) lost('isError')
    const inner = part.type === 'tool-result' && typeof part.output !== 'string' ? part.output : [part]
    if (hasMoved || role === 'user' || !inner.some(isMedia)) return
    hasMoved = true
    const message = `${who} accepts media only in user messages: those of answers and of results of tools were put into one.`
    warn({ code: 'repaired', feature: 'media', message })
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
