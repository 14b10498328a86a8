// Stop texts over a model whose API has none, as OpenAI's Responses API: the answer ends where the client said.
import { defineProvider } from '@patchbay/core'
import { expect, it } from 'vitest'
import { plain } from '../../test/plain.js'
import { served } from '../../test/served.js'

function writing(...pieces: string[]) {
  const seen: unknown[] = []
  const provider = defineProvider({
    provider: 'plain',
    model: 'plain-1',
    capabilities: async () => ({ ...(await plain.capabilities()), options: { stop: false } }),
    async *chat({ stop }) {
      seen.push(stop)
      for (const text of pieces) yield { type: 'text', text }
      yield { type: 'finish', response: { finishReason: 'stop', usage: { outputTokens: 7 } } }
    },
  })
  return { provider, seen }
}

const messages = [{ role: 'user', content: 'Hi' }]
const asked: [path: string, body: object, textOf: (line: never) => string | undefined][] = [
  [
    '/v1/chat/completions',
    { messages, stop: ['END', '\n\n'] },
    ({ choices: [one] }: { choices: { message?: Text; delta?: Text }[] }) =>
      (one?.message ?? one?.delta)?.content,
  ],
  [
    '/v1/completions',
    { prompt: 'a', stop: ['END', '\n\n'] },
    ({ choices: [one] }: { choices: { text?: string }[] }) => one?.text,
  ],
  [
    '/v1/messages',
    { messages, max_tokens: 9, stop_sequences: ['END', '\n\n'] },
    ({ content, delta }: { content?: { text?: string }[]; delta?: { text?: string } }) =>
      content?.[0]?.text ?? delta?.text,
  ],
  [
    '/api/generate',
    { prompt: 'a', raw: true, options: { stop: ['END', '\n\n'] } },
    ({ response }: { response?: string }) => response,
  ],
  [
    '/api/chat',
    { messages, options: { stop: ['END', '\n\n'] } },
    ({ message }: { message?: Text }) => message?.content,
  ],
]
interface Text {
  content?: string
}

it.each(
  asked.flatMap((one) => [true, false].map((stream) => [...one, stream] as const)),
)('%s ends before a stop text that comes in pieces', async (path, body, textOf, stream) => {
  for (const [pieces, text] of [
    [['one E', 'N', 'D two', ' three\n\n'], 'one '],
    [['one\n', 'two EN', '\n\n END'], 'one\ntwo EN'],
    [['one E', 'N'], 'one EN'],
  ] as const) {
    const { provider, seen } = writing(...pieces)
    const { url } = await served(provider)
    const response = await fetch(url + path, { method: 'POST', body: JSON.stringify({ ...body, stream }) })
    const answer = await response.text()
    expect([response.status, seen]).toEqual([200, [undefined]])
    const lines = answer.split('\n').flatMap((line) => /^(?:data: )?(\{.*)$/.exec(line)?.[1] ?? [])
    expect(lines.map((line) => textOf(JSON.parse(line) as never) ?? '').join('')).toBe(text)
  }
})
