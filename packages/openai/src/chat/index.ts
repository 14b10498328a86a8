// Chat Completions.
import type OpenAI from 'openai'
import type { Api } from '../api.js'
import { toEvents } from './events.js'
import { toChatBody } from './request.js'

export const api: Api = {
  toBody: toChatBody,
  // The client's types know only what its version knew.
  create: (client, body) =>
    client.chat.completions.create(body as unknown as OpenAI.ChatCompletionCreateParamsStreaming),
  fromStream: toEvents,
  fromWhole: (body, from) => toEvents([body], from),
}
