// The Chat Completions API.
import { isTextType } from '@patchbay/core/wire'
import type { Api } from '../api.js'
import { dialectOf } from '../dialects.js'
import { toEvents } from './events.js'
import { toRawChatBody } from './raw.js'
import { toChatBody } from './request.js'

export const api: Api = {
  path: '/chat/completions',
  // Text files are text in the request.
  takesAddress: ({ type, mediaType = '' }, preset) =>
    dialectOf(preset)[type === 'image' ? 'imageAddresses' : 'fileAddresses'] &&
    (type === 'image' || !isTextType(mediaType)),
  toBody: toChatBody,
  rawBody: toRawChatBody,
  fromStream: toEvents,
  fromWhole: (body, from) => toEvents([body], from),
}
