// Converts conversations to messages of Chat Completions, for OpenAI's own client or to keep.
import type { MessageInput } from '@patchbay/core'
import { type ConversionOptions, conversionWarner, leaveOutOf } from '@patchbay/core/wire'
import type { ChatCompletionMessageParam } from 'openai/resources/chat/completions'
import { toMessages } from '../chat/messages.js'
import { dialectOf } from '../dialects.js'
import { presetFor } from '../presets.js'
import { host, preparedMessages } from './prepared-messages.js'

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
  const prepared = preparedMessages(messages, { who, warn })
  const leaveOut = leaveOutOf({ onUnsupported: 'warn' }, warn)
  const wire: object[] = toMessages(prepared, target, dialectOf(preset), warn, leaveOut)
  return wire as ChatCompletionMessageParam[]
}
