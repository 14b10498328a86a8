// The Responses API.
import type { Api } from '../api.js'
import { fromStream, fromWhole, isLast } from './events.js'
import { toResponsesBody } from './request.js'

export const api: Api = {
  path: '/responses',
  takesAddress: () => true,
  toBody: toResponsesBody,
  isLast,
  fromStream,
  fromWhole,
}
