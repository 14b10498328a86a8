// Stop texts over a model whose API has none, as OpenAI's Responses API: the answer ends where the client said.
import { defineProvider, LlmError } from '@patchbay/core'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { plain } from '../../test/plain.js'
import { served } from '../../test/served.js'
import { answering } from './stop-texts.js'

function writing(...pieces: (string | LlmError)[]) {
  const seen: unknown[] = []
  const provider = defineProvider({
    provider: 'plain',
    model: 'plain-1',
    capabilities: async () => ({ ...(await plain.capabilities()), options: { stop: false } }),
    async *chat({ stop }) {
      seen.push(stop)
      for (const text of pieces) {
        if (typeof text !== 'string') throw text
        yield { type: 'text', text }
      }
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

/** What a stream shows of these pieces, and its response. */
async function streamed(stop: string[], pieces: string[]) {
  const { provider } = writing(...pieces)
  const answer = await answering(provider, { messages: 'Hi', stop }, {})
  const stream = answer.stream()
  let shown = ''
  for await (const event of stream) if (event.type === 'text') shown += event.text
  const { text, stopSequence } = await stream.response()
  return { shown, text, stopSequence }
}

it('of stop texts that overlap, the one that ends first counts, however the pieces come', async () => {
  const cut = { shown: 'ab', text: 'ab', stopSequence: 'c' }
  for (const pieces of [['a', 'b', 'c', 'd'], ['abcd'], ['ab', 'cd']])
    expect(await streamed(['abcd', 'c'], pieces)).toEqual(cut)
  expect(await streamed(['c', 'bc'], ['ab', 'cd'])).toEqual({ shown: 'a', text: 'a', stopSequence: 'bc' })
})

it('any pieces give the same answer as the whole text', async () => {
  const text = (minLength: number, maxLength: number) =>
    fc.string({ unit: fc.constantFrom('a', 'b', 'c'), minLength, maxLength })
  await fc.assert(
    fc.asyncProperty(
      fc.array(text(1, 4), { minLength: 1, maxLength: 4 }),
      fc.array(text(1, 4), { minLength: 1, maxLength: 8 }),
      async (stop, pieces) => {
        const { provider } = writing(pieces.join(''))
        const { text, stopSequence } = await (await answering(provider, { messages: 'Hi', stop }, {})).chat()
        expect(await streamed(stop, pieces)).toEqual({ shown: text, text, stopSequence })
      },
    ),
    { numRuns: 1000 },
  )
})

it('a stream that fails shows what it held back', async () => {
  const failure = new LlmError('network', 'It broke.')
  for (const [pieces, shown] of [
    [
      ['hello E', 'N'],
      ['hello ', 'EN'],
    ],
    [['hello END', ' more E'], ['hello ']],
  ] as const) {
    const { provider } = writing(...pieces, failure)
    const stream = (await answering(provider, { messages: 'Hi', stop: ['END'] }, {})).stream()
    const texts: string[] = []
    const reading = (async () => {
      for await (const event of stream) if (event.type === 'text') texts.push(event.text)
    })()
    await expect(reading).rejects.toMatchObject({ code: 'network', message: 'It broke.' })
    expect(texts).toEqual(shown)
  }
})
