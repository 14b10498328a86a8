// Converts conversations to input items of the Responses API, for OpenAI's own client or to keep.
import type { MessageInput } from '@patchbay/core'
import { type ConversionOptions, conversionWarner } from '@patchbay/core/wire'
import type { ResponseInputItem } from 'openai/resources/responses/responses'
import { toItems } from '../responses/items.js'
import { ownState } from '../state.js'
import { host, preparedMessages } from './prepared-messages.js'

const who = 'The Responses API'
const origin = { host, model: '' }

/**
 * A conversation as input items of the Responses API: `ResponseInputItem[]` of the `openai` package. OpenAI's own reasoning and ids
 * go along.
 * @throws {LlmError} `unsupported` for what they have no place for, unless `onWarning` is given: reasoning and opaque state of other
 * services, cache marks, media in answers, marks of failed tools
 * @example
 * await new OpenAI().responses.create({ model, input: toResponsesInput(messages), store: false })
 */
export function toResponsesInput(
  messages: readonly MessageInput[],
  options: ConversionOptions = {},
): ResponseInputItem[] {
  const warn = conversionWarner(options)
  const hasState = (part: Parameters<typeof ownState>[0]) => ownState(part, origin) !== undefined
  const prepared = preparedMessages(messages, { who, warn, hasState, mediaInResults: true })
  const wire: object[] = toItems(prepared, origin, warn)
  return wire as ResponseInputItem[]
}
