// The Responses API.
import type { Api } from '../api.js'
import { fromStream, fromWhole, isLast } from './events.js'
import { toRawResponsesBody, toResponsesBody } from './request.js'

export const api: Api = {
  path: '/responses',
  takesAddress: () => true,
  toBody: toResponsesBody,
  rawBody: toRawResponsesBody,
  isLast,
  fromStream,
  fromWhole,
}
