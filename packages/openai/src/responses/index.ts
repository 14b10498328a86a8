// The Responses API.
import type { Api } from '../api.js'
import { fromStream, fromWhole } from './events.js'
import { toResponsesBody } from './request.js'

export const api: Api = {
  path: '/responses',
  takesAddress: () => true,
  toBody: toResponsesBody,
  fromStream,
  fromWhole,
}
