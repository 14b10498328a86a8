// The Chat Completions API.
import type { Api } from '../api.js'
import { toEvents } from './events.js'
import { toChatBody } from './request.js'

export const api: Api = {
  path: '/chat/completions',
  takesAddress: ({ type }) => type === 'image',
  toBody: toChatBody,
  fromStream: toEvents,
  fromWhole: (body, from) => toEvents([body], from),
}
