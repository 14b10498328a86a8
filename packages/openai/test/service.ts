// A simulated service with an answer for each turn, for tests of whole conversations.
import type { Message, MessageInput } from '@patchbay/core'
import { type OpenAIOptions, openai } from '../src/index.js'
import { sse } from './server.js'
import { serve } from './wire.js'

export type Json = Record<string, unknown>
export type Events = (Json | string)[]

/** A service with these answers, and the bodies it received. */
export async function service(options: Partial<OpenAIOptions>, ...answers: Events[]) {
  let turn = 0
  const server = await serve(() => sse(answers[Math.min(turn++, answers.length - 1)] ?? []))
  const { model = 'm', ...rest } = options
  const llm = openai(model, { apiKey: 'k', retry: false, baseURL: server.url, ...rest })
  return {
    llm,
    say: async (messages: MessageInput[]) => (await llm.chat(messages)).message,
    /** The messages or items of the latest request. */
    sent: () => {
      const body = server.requests.at(-1)?.json as { messages?: Json[]; input?: Json[] }
      return (body.messages ?? body.input ?? []) as Json[]
    },
  }
}

/** The message with the result of a call. */
export const result = (id = 'call_1'): Message => ({
  role: 'tool',
  content: [{ type: 'tool-result', id, output: '12:00' }],
})
