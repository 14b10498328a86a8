// The Chat Completions API.
import { decodeEvents, decodeWhole, isTextType } from '@patchbay/core/wire'
import type { Api } from '../api.js'
import { dialectOf } from '../dialects.js'
import { CompletionDecoder } from './events.js'
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
  fromStream: (chunks, from) => decodeEvents(chunks, new CompletionDecoder(from)),
  fromWhole: (body, from) => decodeWhole(body, new CompletionDecoder(from)),
}
