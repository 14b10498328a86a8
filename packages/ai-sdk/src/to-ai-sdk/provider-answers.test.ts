// Answers of a provider in the AI SDK: every part is there, and is sent back in the next turn.
import type { LanguageModelV3Message } from '@ai-sdk/provider'
import type { Part, Provider } from '@patchbay/core'
import { mockProvider } from '@patchbay/testing'
import { generateText, jsonSchema, type ModelMessage, streamText, type ToolSet } from 'ai'
import { describe, expect, it } from 'vitest'
import { ask, finish, playing, type Way, ways } from '../../test/calls.js'
import { aiSdk, languageModel } from '../index.js'

const opaque = { provider: 'mock', data: { signature: 'x' } }

describe('answers', () => {
  /** The part, and what the AI SDK shows of it. */
  const answers: Record<Part['type'], { part: Part; shown: object[] }[]> = {
    text: [
      { part: { type: 'text', text: 'Hi.' }, shown: [{ type: 'text', text: 'Hi.' }] },
      {
        part: { type: 'text', text: 'So.', citations: [{ url: 'https://example.com', title: 'E' }] },
        shown: [
          { type: 'text', text: 'So.' },
          { type: 'source', sourceType: 'url', url: 'https://example.com', title: 'E' },
        ],
      },
      {
        part: { type: 'text', text: 'So.', citations: [{ title: 'D', quote: 'q' }] },
        shown: [
          { type: 'text', text: 'So.' },
          { type: 'source', sourceType: 'document', title: 'D' },
        ],
      },
    ],
    reasoning: [
      { part: { type: 'reasoning', text: 'Hm.' }, shown: [{ type: 'reasoning', text: 'Hm.' }] },
      { part: { type: 'reasoning', text: '' }, shown: [] },
    ],
    refusal: [{ part: { type: 'refusal', text: 'No.' }, shown: [{ type: 'text', text: 'No.' }] }],
    image: [
      {
        part: { type: 'image', data: 'AQID', mediaType: 'image/png' },
        shown: [{ type: 'file', file: { base64: 'AQID', mediaType: 'image/png' } }],
      },
      {
        part: { type: 'image', data: new Uint8Array([1, 2, 3]), mediaType: 'image/png' },
        shown: [{ type: 'file', file: { base64: 'AQID', mediaType: 'image/png' } }],
      },
      {
        part: { type: 'image', url: 'https://example.com/a.png' },
        shown: [{ type: 'source', sourceType: 'url', url: 'https://example.com/a.png' }],
      },
    ],
    file: [
      {
        part: { type: 'file', data: 'AQID', mediaType: 'application/zip', name: 'a.zip' },
        shown: [{ type: 'file', file: { base64: 'AQID', mediaType: 'application/zip' } }],
      },
    ],
    audio: [
      {
        part: { type: 'audio', data: 'AQID', mediaType: 'audio/mpeg' },
        shown: [{ type: 'file', file: { base64: 'AQID', mediaType: 'audio/mpeg' } }],
      },
    ],
    'tool-call': [
      {
        part: { type: 'tool-call', id: 'c', name: 'f', input: { a: 1 } },
        shown: [{ type: 'tool-call', toolCallId: 'c', toolName: 'f', input: { a: 1 } }],
      },
    ],
    'tool-result': [{ part: { type: 'tool-result', id: 's', name: 'search', output: 'found' }, shown: [] }],
    'provider-block': [
      { part: { type: 'provider-block', kind: 'search' }, shown: [] },
      {
        part: {
          ...{ type: 'provider-block', kind: 'search' },
          tool: { id: '', name: 'search', input: { q: 1 }, sources: [{ url: 'https://example.com/found' }] },
        },
        shown: [
          { type: 'tool-call', toolName: 'search', input: { q: 1 }, providerExecuted: true },
          { type: 'tool-result', toolName: 'search', providerExecuted: true },
          { type: 'source', sourceType: 'url', url: 'https://example.com/found' },
        ],
      },
    ],
  }
  const rows = Object.values(answers).flat()
  const tools: ToolSet = { f: { inputSchema: jsonSchema({ type: 'object' }) } }
  const asBase64 = (part: Part): Part =>
    'data' in part && part.data instanceof Uint8Array ? ({ ...part, data: 'AQID' } as Part) : part

  /** The parts of an answer as the AI SDK shows them, and as they come back in the next turn. */
  async function roundTrip(way: Way, content: Part[]) {
    const events = content.map((part) => ({ type: 'part' as const, part }))
    const inner = mockProvider({ answers: [{ events }, 'Yes.'] })
    const model = languageModel(inner)
    const question: ModelMessage = { role: 'user', content: 'x' }
    const first = await ask(way, { model, tools, messages: [question] })
    const result: ModelMessage = {
      role: 'tool',
      content: [
        { type: 'tool-result', toolCallId: 'c', toolName: 'f', output: { type: 'text', value: 'r' } },
      ],
    }
    const called = content.some(({ type }) => type === 'tool-call')
    const messages = [question, ...first.response.messages, ...(called ? [result] : []), question]
    await ask(way, { model, tools, messages })
    return { shown: first.content, back: inner.requests[1]?.messages[1]?.content }
  }
  /** Without empty texts, and texts that follow each other as one, as they are streamed. */
  const joined = (parts: { type?: string; text?: string }[]) => {
    const all: typeof parts = []
    for (const part of parts) {
      const last = all.at(-1)
      if (part.text === '') continue
      if (part.text === undefined || last?.type !== part.type) all.push(part)
      else all.splice(-1, 1, { ...last, text: `${last?.text}${part.text}` })
    }
    return all
  }
  const rank = ({ type }: { type?: string }) => (type === 'source' ? 1 : 0)

  it.each(ways)('come whole and in order, and come back in the next turn: %s', async (way) => {
    for (const { part: one, shown: ofOne } of rows)
      for (const { part: other, shown: ofOther } of rows) {
        if (one.type === 'tool-call' && other.type === 'tool-call') continue
        const content = [one, other].map((part) => ({ ...part, opaque }))
        const { shown, back } = await roundTrip(way, content)
        expect(back).toEqual(content.map(asBase64))
        const expected = [...ofOne, ...ofOther].toSorted((a, b) => rank(a) - rank(b))
        expect(joined(shown)).toMatchObject(joined(expected))
      }
  })

  it.each(ways)('media come back without any opaque state, as bytes of their kind: %s', async (way) => {
    for (const type of ['image', 'file', 'audio'] as const)
      for (const { part } of answers[type])
        expect((await roundTrip(way, [part])).back).toEqual([asBase64(part)])
  })
})

describe('a call whose input is no JSON', () => {
  const json = '{"path":"/tm'
  const call = { id: 'c', name: 'rm' }
  const providers: [who: string, provider: () => Provider][] = [
    [
      'a provider',
      () =>
        mockProvider({
          answers: [
            {
              events: [
                { type: 'tool-call-start', ...call },
                { type: 'tool-call-delta', id: 'c', json },
                { type: 'tool-call', ...call, input: { $unparsed: json } },
              ],
            },
          ],
        }),
    ],
    [
      'a model of the AI SDK',
      () =>
        aiSdk(
          playing([
            { type: 'tool-input-start', id: 'c', toolName: 'rm' },
            { type: 'tool-input-delta', id: 'c', delta: json },
            { type: 'tool-input-end', id: 'c' },
            { type: 'tool-call', toolCallId: 'c', toolName: 'rm', input: json },
            finish,
          ]),
        ),
    ],
  ]
  const rows = providers.flatMap(([who, provider]) => ways.map((way) => [who, way, provider] as const))

  it.each(rows)('of %s is invalid and runs no tool: %s', async (_, way, provider) => {
    const ran: unknown[] = []
    const rm = {
      inputSchema: jsonSchema({
        type: 'object',
        properties: { path: { type: 'string' } },
        required: ['path'],
        additionalProperties: false,
      }),
      execute: (input: unknown) => ran.push(input),
    }
    const { content } = await ask(way, {
      model: languageModel(provider()),
      tools: { rm },
      messages: [{ role: 'user', content: 'x' }],
    })
    expect(ran).toEqual([])
    expect(content).toContainEqual(expect.objectContaining({ type: 'tool-call', input: json, invalid: true }))
  })
})

const prompt: LanguageModelV3Message[] = [{ role: 'user', content: [{ type: 'text', text: 'x' }] }]

it.each(ways)('warnings that come after the start are not lost: %s', async (way) => {
  const inner = mockProvider({
    answers: [
      {
        events: [
          { type: 'text', text: 'a' },
          { type: 'tool-call-start', id: 'c', name: 'rm' },
          { type: 'finish', response: { finishReason: 'length' } },
        ],
      },
    ],
  })
  const model = languageModel(inner)
  if (way === 'complete') {
    expect((await model.doGenerate({ prompt })).warnings).toMatchObject([
      { message: expect.stringContaining('rm') },
    ])
    return
  }
  const metadata = await streamText({ model, prompt: 'x' }).providerMetadata
  expect(metadata).toMatchObject({
    patchbay: { warnings: [{ message: expect.stringContaining('rm') }] },
  })
})

it.each(ways)('metadata of an answer have what the AI SDK has no word for: %s', async (way) => {
  const answer = {
    events: [
      { type: 'text' as const, text: 'Hi.' },
      {
        type: 'finish' as const,
        response: { finishReason: 'stop' as const, requestId: 'r', stopSequence: 'END' },
      },
    ],
  }
  const model = languageModel(mockProvider({ answers: [answer] }))
  const { providerMetadata } =
    way === 'complete'
      ? await generateText({ model, prompt: 'x' })
      : { providerMetadata: await streamText({ model, prompt: 'x' }).providerMetadata }
  expect(providerMetadata).toMatchObject({ patchbay: { stopSequence: 'END' } })
})
