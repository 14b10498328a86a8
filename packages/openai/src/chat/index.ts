// The Chat Completions API.
import type { Api } from '../api.js'
import { toEvents } from './events.js'
import { toChatBody, toRawChatBody } from './request.js'

export const api: Api = {
  protocol: 'openai-chat',
  path: '/chat/completions',
  takesAddress: ({ type }) => type === 'image',
  toBody: toChatBody,
  rawBody: toRawChatBody,
  fromStream: toEvents,
  fromWhole: (body, from) => toEvents([body], from),
}
