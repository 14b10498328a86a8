// Answers of AI SDK models as a provider: every part is in the response, and is sent back in the next turn.
import type { LanguageModelV3StreamPart } from '@ai-sdk/provider'
import type { Message, Part } from '@patchbay/core'
import { describe, expect, it } from 'vitest'
import { chat, finish, playing, ways } from '../../test/calls.js'
import { aiSdk } from '../index.js'

const metadata = { anthropic: { signature: 'x' } }
const opaque = { provider: 'ai-sdk', data: metadata }

describe('answers', () => {
  interface Answer {
    parts: LanguageModelV3StreamPart[]
    content?: Part[]
    response?: object
    error?: object
    /** The same parts in the prompt of the next turn. Default: those of `content`, with `providerOptions`. */
    next?: object[]
  }
  const text = (...more: LanguageModelV3StreamPart[]): LanguageModelV3StreamPart[] => [
    { type: 'text-start', id: '0' },
    { type: 'text-delta', id: '0', delta: 'Hi.' },
    ...more,
    { type: 'text-end', id: '0' },
  ]
  const start = (id: string) => ({ type: 'text-start' as const, id })
  const delta = (id: string, delta: string) => ({ type: 'text-delta' as const, id, delta })
  const end = (id: string) => ({ type: 'text-end' as const, id })
  const words = ['one', 'two', 'three'].map((text) => ({ type: 'text' as const, text }))
  const interleaved: LanguageModelV3StreamPart[][] = [
    [
      ...[start('1'), start('2'), start('3'), delta('3', 'three'), delta('2', 'two'), delta('1', 'o')],
      ...[end('3'), end('2'), delta('1', 'ne'), end('1')],
    ],
    [
      ...[start('1'), delta('1', 'o'), start('2'), delta('2', 't'), delta('1', 'ne'), end('1')],
      ...[delta('2', 'wo'), end('2'), start('1'), delta('1', 'three'), end('1')],
    ],
    // An id comes again before its first text was sent.
    [
      ...[start('1'), start('2'), delta('2', 'two'), end('2'), start('2'), delta('2', 'three'), end('2')],
      ...[delta('1', 'one'), end('1')],
    ],
  ]
  const said = { type: 'text' as const, text: 'Hi.' }
  const source = {
    type: 'source' as const,
    id: 's',
    sourceType: 'url' as const,
    url: 'https://example.com',
    title: 'E',
  }
  const document = {
    type: 'source' as const,
    id: 'd',
    sourceType: 'document' as const,
    mediaType: 'application/pdf',
  }
  const citations = [{ url: 'https://example.com', title: 'E' }]
  const cited = { content: [{ ...said, citations }], next: [said] }
  const thought = { type: 'reasoning' as const, text: 'Hm.', opaque }
  const nextThought = [{ type: 'reasoning', text: 'Hm.', providerOptions: metadata }]
  const thinking = (start: object, delta: object, end: object): Answer => ({
    parts: [
      { type: 'reasoning-start', id: '0', ...start },
      { type: 'reasoning-delta', id: '0', delta: 'Hm.' },
      // So sends Anthropic its signature.
      { type: 'reasoning-delta', id: '0', delta: '', ...delta },
      { type: 'reasoning-end', id: '0', ...end },
    ],
    content: [thought],
    next: nextThought,
  })
  const marked = { providerMetadata: metadata }
  const weather = { toolCallId: 'c', toolName: 'f', input: '{"a":1}' }
  const called: Pick<Answer, 'content' | 'next'> = {
    content: [{ type: 'tool-call', id: 'c', name: 'f', input: { a: 1 }, opaque }],
    next: [{ type: 'tool-call', toolCallId: 'c', toolName: 'f', input: { a: 1 }, providerOptions: metadata }],
  }
  const file = (data: string | Uint8Array, mediaType: string, type: 'image' | 'audio' | 'file'): Answer => ({
    parts: [{ type: 'file', data, mediaType, ...marked }],
    content: [{ type, data, mediaType, opaque }],
    next: [{ type: 'file', data, mediaType, providerOptions: metadata }],
  })
  const ofService: Pick<Answer, 'error'> = { error: { code: 'unsupported' } }
  const answers = {
    'text-start': [
      { parts: text(), content: [said] },
      ...interleaved.map((parts) => ({ parts, content: words })),
    ],
    'text-delta': [{ parts: text(), content: [said] }],
    'text-end': [
      { parts: [...text(), ...text()], content: [said, said] },
      // A text that ends late.
      {
        parts: text(source, { type: 'tool-call', ...weather, ...marked }),
        content: [said, ...(called.content ?? []), { type: 'text', text: '', citations }],
        next: [said, ...(called.next ?? [])],
      },
    ],
    'reasoning-start': [
      thinking(marked, {}, {}),
      {
        parts: [
          { type: 'reasoning-start', id: '0', ...marked },
          { type: 'reasoning-end', id: '0' },
        ],
        content: [{ type: 'reasoning', text: '', opaque }],
        next: [{ type: 'reasoning', text: '', providerOptions: metadata }],
      },
    ],
    'reasoning-delta': [thinking({}, marked, {})],
    'reasoning-end': [thinking({}, {}, marked)],
    'tool-input-start': [
      {
        parts: [
          { type: 'tool-input-start', id: 'c', toolName: 'f', inputEncoding: 'text' },
          { type: 'tool-input-delta', id: 'c', delta: 'a is 1' },
          { type: 'tool-input-end', id: 'c' },
          { type: 'tool-call', ...weather, ...marked },
        ],
        ...called,
      },
      { parts: [{ type: 'tool-input-start', id: 'c', toolName: 'f', providerExecuted: true }], ...ofService },
    ],
    'tool-input-delta': [
      {
        parts: [
          { type: 'tool-input-start', id: 'c', toolName: 'f' },
          { type: 'tool-input-delta', id: 'c', delta: '{"a":1}' },
          { type: 'tool-input-end', id: 'c' },
          { type: 'tool-call', ...weather, ...marked },
        ],
        ...called,
      },
    ],
    'tool-input-end': [],
    'tool-call': [
      { parts: [{ type: 'tool-call', ...weather, ...marked }], ...called },
      ...Object.entries({ null: {}, '{"a': { $unparsed: '{"a' } }).map(
        ([json, input]): Answer => ({
          parts: [{ type: 'tool-call', ...weather, input: json }],
          content: [{ type: 'tool-call', id: 'c', name: 'f', input }],
          next: [{ type: 'tool-call', toolCallId: 'c', toolName: 'f', input }],
        }),
      ),
      { parts: [{ type: 'tool-call', ...weather, providerExecuted: true }], ...ofService },
    ],
    'tool-result': [
      { parts: [{ type: 'tool-result', toolCallId: 'c', toolName: 'f', result: 'r' }], ...ofService },
    ],
    'tool-approval-request': [
      { parts: [{ type: 'tool-approval-request', approvalId: 'a', toolCallId: 'c' }], ...ofService },
    ],
    file: [
      file('AQID', 'image/png', 'image'),
      file(new Uint8Array([1, 2, 3]), 'image/png', 'image'),
      file('AQID', 'audio/mpeg', 'audio'),
      file('AQID', 'application/zip', 'file'),
      {
        parts: [{ type: 'file', data: 'AQID', mediaType: 'Image/PNG' }],
        content: [{ type: 'image', data: 'AQID', mediaType: 'Image/PNG' }],
        next: [{ type: 'file', data: 'AQID', mediaType: 'image/png' }],
      },
      {
        parts: [...text(), { type: 'file', data: 'AQID', mediaType: 'image/png' }, ...text()],
        content: [said, { type: 'image', data: 'AQID', mediaType: 'image/png' }, said],
        next: [said, { type: 'file', data: 'AQID', mediaType: 'image/png' }, said],
      },
    ],
    source: [
      { parts: text(source), ...cited },
      { parts: [source, ...text()], ...cited },
      { parts: [...text(), source], ...cited },
      { parts: [source], content: [{ type: 'text', text: '', citations }], next: [] },
      {
        parts: text({ ...document, title: 'E' }),
        content: [{ ...said, citations: [{ title: 'E' }] }],
        next: [said],
      },
      {
        parts: text({ ...document, title: '', filename: 'e.pdf' }),
        content: [{ ...said, citations: [{ title: 'e.pdf' }] }],
        response: { warnings: [] },
        next: [said],
      },
      {
        parts: text({ ...document, title: 'E', filename: 'e.pdf' }),
        content: [{ ...said, citations: [{ title: 'E' }] }],
        response: { warnings: [{ code: 'unsupported', feature: 'filename' }] },
        next: [said],
      },
    ],
    'stream-start': [
      {
        parts: [
          {
            type: 'stream-start',
            warnings: [
              { type: 'unsupported', feature: 'topK' },
              { type: 'compatibility', feature: 'seed', details: 'Mind this.' },
              { type: 'other', message: 'And that.' },
            ],
          },
          ...text(),
        ],
        response: {
          warnings: [
            { code: 'unsupported', feature: 'topK', message: 'topK is not supported.' },
            { code: 'unsupported', feature: 'seed', message: 'Mind this.' },
            { code: 'other', message: 'And that.' },
          ],
        },
      },
    ],
    'response-metadata': [
      {
        parts: [{ type: 'response-metadata', id: 'r', modelId: 'played-1-2026' }, ...text()],
        response: { id: 'r', model: 'played-1-2026' },
      },
    ],
    finish: [
      {
        parts: text(),
        response: {
          rawFinishReason: 'end',
          usage: { inputTokens: 5, outputTokens: 4, cachedInputTokens: 2, reasoningTokens: 1 },
        },
      },
    ],
    raw: [{ parts: [{ type: 'raw', rawValue: {} }, ...text()], content: [said] }],
    error: [
      { parts: [{ type: 'error', error: new TypeError('fetch failed') }], error: { code: 'network' } },
      // What came before is not lost.
      {
        parts: [
          start('1'),
          start('2'),
          delta('2', 'two'),
          { type: 'error', error: new TypeError('fetch failed') },
        ],
        error: { code: 'network', partial: { text: 'two' } },
      },
    ],
  } satisfies Record<LanguageModelV3StreamPart['type'], Answer[]>
  const rows = Object.entries(answers).flatMap(([kind, all]: [string, Answer[]]) =>
    all.flatMap((answer, index) => ways.map((way) => [kind, index + 1, way, answer] as const)),
  )

  it.each(rows)('with %s (%i) arrive and go back in the next turn: %s', async (_, __, way, answer) => {
    const { parts, content, response = {}, error, next = content } = answer
    const model = playing([...parts, finish])
    const provider = aiSdk(model, { retry: false })
    const question: Message = { role: 'user', content: 'x' }
    const first = chat(way, provider, { messages: [question] })
    if (error !== undefined) {
      await expect(first).rejects.toMatchObject(error)
      return
    }
    expect(await first).toMatchObject(response)
    if (content === undefined) return
    const { message } = await first
    expect(message.content).toEqual(content)
    const results: Message[] = message.content.flatMap((part) =>
      part.type === 'tool-call'
        ? [{ role: 'tool', content: [{ type: 'tool-result', id: part.id, output: 'r' }] }]
        : [],
    )
    await chat(way, provider, { messages: [question, message, ...results, question] })
    const prompt = model.calls[1]?.prompt.slice(1, -1 - results.length)
    expect(prompt).toEqual(next?.length === 0 ? [] : [{ role: 'assistant', content: next }])
  })
})

it('a text of 200,000 pieces that began before another had ended is given out whole', async () => {
  const parts: LanguageModelV3StreamPart[] = [
    { type: 'text-start', id: '1' },
    { type: 'text-start', id: '2' },
    ...Array.from({ length: 200_000 }, () => ({ type: 'text-delta' as const, id: '2', delta: 'a' })),
    { type: 'text-end', id: '2' },
    { type: 'text-end', id: '1' },
    finish,
  ]
  // A part at a time: Node's stream takes quadratic time for parts that wait in it.
  const next = parts.values()
  const stream = aiSdk({
    ...playing([]),
    doStream: async () => ({ stream: ReadableStream.from(next) }),
  }).stream('Hi')
  let read = ''
  for await (const event of stream) if (event.type === 'text') read += event.text
  expect(read).toBe('a'.repeat(200_000))
})
