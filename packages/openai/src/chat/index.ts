// The Chat Completions API.
import type { Api } from '../api.js'
import { dialectOf } from '../dialects.js'
import { toEvents } from './events.js'
import { toRawChatBody } from './raw.js'
import { toChatBody } from './request.js'

export const api: Api = {
  path: '/chat/completions',
  takesAddress: ({ type }, preset) =>
    dialectOf(preset)[type === 'image' ? 'imageAddresses' : 'fileAddresses'],
  toBody: toChatBody,
  rawBody: toRawChatBody,
  fromStream: toEvents,
  fromWhole: (body, from) => toEvents([body], from),
}
