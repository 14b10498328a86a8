// The Responses API.
import type OpenAI from 'openai'
import type { Api } from '../api.js'
import { fromStream, fromWhole } from './events.js'
import { toResponsesBody } from './request.js'

export const api: Api = {
  toBody: toResponsesBody,
  // The client's types know only what its version knew.
  create: (client, body) =>
    client.responses.create(body as unknown as OpenAI.Responses.ResponseCreateParamsStreaming),
  fromStream,
  fromWhole,
}
