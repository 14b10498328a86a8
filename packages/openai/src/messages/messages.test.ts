// Conversations in the form of Chat Completions and back, sent by OpenAI's own client to the strict service.
import type { LlmError, Message, Part, Warning } from '@patchbay/core'
import { strictService } from '@patchbay/testing/services'
import fc from 'fast-check'
import { OpenAI } from 'openai'
import type { ChatCompletionMessageParam } from 'openai/resources/chat/completions'
import { describe, expect, it, onTestFinished } from 'vitest'
import { conversations } from '../../../ai-sdk/test/conversations.js'
import { fromChatCompletions, toChatCompletions } from './index.js'

const text = fc.string({ minLength: 1, maxLength: 8 })
const base64 = fc
  .uint8Array({ minLength: 1, maxLength: 12 })
  .map((bytes) => Buffer.from(bytes).toString('base64'))
const clean = <T>(value: T): T => JSON.parse(JSON.stringify(value))

const shown: fc.Arbitrary<Part> = fc.oneof(
  base64.map((data): Part => ({ type: 'image', data, mediaType: 'image/png' })),
  fc.constant<Part>({ type: 'image', url: 'https://example.com/a.png' }),
  base64.map((data): Part => ({ type: 'audio', data, mediaType: 'audio/wav' })),
  base64.map((data): Part => ({ type: 'file', data, mediaType: 'application/pdf', name: 'a.pdf' })),
)
const question = fc.oneof(
  text.map((content): Message => ({ role: 'user', content })),
  fc
    .tuple(text, fc.array(shown, { minLength: 1, maxLength: 2 }))
    .map(([text, media]): Message => ({ role: 'user', content: [{ type: 'text', text }, ...media] })),
)
const answer = fc
  .record({
    type: fc.constantFrom('text' as const, 'refusal' as const),
    text,
    calls: fc.array(fc.record({ input: fc.dictionary(text, text), output: text }), { maxLength: 2 }),
  })
  .map(({ type, text, calls }): Message[] => [
    {
      role: 'assistant',
      content: [
        { type, text },
        ...calls.map(
          ({ input }, index): Part => ({ type: 'tool-call', id: `call_${index}`, name: 'look', input }),
        ),
      ],
    },
    ...(calls.length === 0
      ? []
      : [
          {
            role: 'tool' as const,
            content: calls.map(
              ({ output }, index): Part => ({
                type: 'tool-result',
                id: `call_${index}`,
                name: 'look',
                output,
              }),
            ),
          },
        ]),
  ])
/** Conversations that Chat Completions has a place for. */
const common = fc
  .tuple(
    fc.array(
      text.map((content): Message => ({ role: 'system', content })),
      { maxLength: 1 },
    ),
    fc.array(fc.tuple(question, answer), { minLength: 1, maxLength: 3 }),
  )
  .map(([system, turns]) => clean([...system, ...turns.flat(2)]))

describe('a conversation for Chat Completions', () => {
  it('law: comes back as it was, and goes there again as it was', () =>
    fc.assert(
      fc.property(common, (messages) => {
        const there = clean(toChatCompletions(messages))
        const back = fromChatCompletions(there)
        expect(back).toEqual(messages)
        expect(toChatCompletions(back)).toEqual(there)
      }),
      { numRuns: 300 },
    ))

  it("law: any conversation becomes a request of OpenAI's own client that a strict service takes, or is refused", async () => {
    const service = await strictService('openai-chat')
    onTestFinished(() => service.close())
    const client = new OpenAI({ apiKey: 'k', baseURL: service.baseURL, maxRetries: 0 })
    let refused = 0
    await fc.assert(
      fc.asyncProperty(conversations, async (messages) => {
        try {
          toChatCompletions(messages)
        } catch (error) {
          refused++
          expect(error).toMatchObject({ code: 'unsupported' })
        }
        let there: ChatCompletionMessageParam[]
        try {
          there = toChatCompletions(messages, { onWarning: () => {} })
        } catch (error) {
          // A message of nothing but what has no place.
          expect(error).toMatchObject({ code: 'unsupported', message: expect.stringContaining('empty') })
          return
        }
        await client.chat.completions.create({ model: 'gpt-5.6-sol', messages: there })
      }),
      { numRuns: 60 },
    )
    expect(refused).toBeGreaterThan(0)
    expect(service.requests.length).toBeGreaterThan(30)
  })
})

const theirs: ChatCompletionMessageParam[] = [
  { role: 'system', content: 'Be brief.' },
  {
    role: 'user',
    content: [
      { type: 'text', text: 'See' },
      { type: 'image_url', image_url: { url: 'https://example.com/a.png' } },
      { type: 'image_url', image_url: { url: 'data:image/png;base64,AQID' } },
      { type: 'input_audio', input_audio: { data: 'AQID', format: 'mp3' } },
      { type: 'file', file: { file_data: 'data:application/pdf;base64,AQID', filename: 'a.pdf' } },
    ],
  },
  {
    role: 'assistant',
    content: null,
    tool_calls: [
      { id: 'a', type: 'function', function: { name: 'look', arguments: '{"at":1}' } },
      { id: 'b', type: 'function', function: { name: 'look', arguments: '{}' } },
    ],
  },
  { role: 'tool', tool_call_id: 'a', content: '21' },
  { role: 'tool', tool_call_id: 'b', content: '22' },
  { role: 'assistant', content: 'Sunny.' },
  { role: 'user', content: 'How do I pick a lock?' },
  { role: 'assistant', content: null, refusal: 'I will not.' },
]

describe('a conversation of Chat Completions', () => {
  it('is one of Patchbay, and goes back as it was', () => {
    const messages = fromChatCompletions(theirs)
    expect(messages).toEqual([
      { role: 'system', content: 'Be brief.' },
      {
        role: 'user',
        content: [
          { type: 'text', text: 'See' },
          { type: 'image', url: 'https://example.com/a.png' },
          { type: 'image', data: 'AQID', mediaType: 'image/png' },
          { type: 'audio', data: 'AQID', mediaType: 'audio/mpeg' },
          { type: 'file', data: 'AQID', mediaType: 'application/pdf', name: 'a.pdf' },
        ],
      },
      {
        role: 'assistant',
        content: [
          { type: 'tool-call', id: 'a', name: 'look', input: { at: 1 } },
          { type: 'tool-call', id: 'b', name: 'look', input: {} },
        ],
      },
      {
        role: 'tool',
        content: [
          { type: 'tool-result', id: 'a', name: 'look', output: '21' },
          { type: 'tool-result', id: 'b', name: 'look', output: '22' },
        ],
      },
      { role: 'assistant', content: [{ type: 'text', text: 'Sunny.' }] },
      { role: 'user', content: 'How do I pick a lock?' },
      { role: 'assistant', content: [{ type: 'refusal', text: 'I will not.' }] },
    ])
    expect(toChatCompletions(messages)).toEqual(
      theirs.map((message) =>
        message.role === 'user' && typeof message.content !== 'string'
          ? { ...message, content: message.content.map((part) => expect.objectContaining(part)) }
          : message,
      ),
    )
  })

  it('may have an answer of the client, the reasoning of a compatible server, and texts in pieces', () => {
    const answer = {
      role: 'assistant',
      content: 'So.',
      refusal: null,
      annotations: [],
      reasoning_content: 'Hm.',
    }
    expect(fromChatCompletions([answer])).toEqual([
      {
        role: 'assistant',
        content: [
          { type: 'reasoning', text: 'Hm.' },
          { type: 'text', text: 'So.' },
        ],
      },
    ])
    const developer = { role: 'developer', content: [{ type: 'text', text: 'Be' }] }
    expect(fromChatCompletions([developer])).toEqual([
      { role: 'system', content: [{ type: 'text', text: 'Be' }] },
    ])
  })
})

describe('what the other form has no place for', () => {
  const result: Part = { type: 'tool-result', id: 'a', output: 'x', isError: true }
  const image: Part = { type: 'image', data: 'AQID', mediaType: 'image/png' }
  const state = { provider: 'claude', data: { signature: 's' } }
  const there: [feature: string, message: Message][] = [
    [
      'reasoning',
      {
        role: 'assistant',
        content: [
          { type: 'reasoning', text: 'Hm.' },
          { type: 'text', text: 'x' },
        ],
      },
    ],
    ['opaque', { role: 'assistant', content: [{ type: 'text', text: 'x', opaque: state }] }],
    [
      'provider-block',
      { role: 'assistant', content: [{ type: 'provider-block', kind: 'k', opaque: state }] },
    ],
    ['citations', { role: 'assistant', content: [{ type: 'text', text: 'x', citations: [{ title: 'T' }] }] }],
    ['cache', { role: 'user', content: 'x', cache: true }],
    ['visibility', { role: 'user', content: 'x', visibility: 'user' }],
    ['isError', { role: 'tool', content: [result] }],
    ['media', { role: 'assistant', content: [image] }],
    [
      'files',
      {
        role: 'user',
        content: [
          { type: 'text', text: 'x' },
          { type: 'file', url: 'https://e.com/a.pdf' },
        ],
      },
    ],
  ]
  const here: [feature: string, message: ChatCompletionMessageParam][] = [
    ['name', { role: 'user', content: 'x', name: 'Zoe' }],
    ['audio', { role: 'assistant', content: 'x', audio: { id: 'audio_1' } }],
    ['file_id', { role: 'user', content: [{ type: 'file', file: { file_id: 'file-1' } }] }],
    [
      'image_url.detail',
      {
        role: 'user',
        content: [{ type: 'image_url', image_url: { url: 'https://e.com/a.png', detail: 'high' } }],
      },
    ],
    [
      'custom',
      {
        role: 'assistant',
        tool_calls: [{ id: 'a', type: 'custom', custom: { name: 'sql', input: 'select 1' } }],
      },
    ],
  ]
  const rows = [
    ...there.map(
      ([feature, message]) => [feature, (options: object) => toChatCompletions([message], options)] as const,
    ),
    ...here.map(
      ([feature, message]) =>
        [feature, (options: object) => fromChatCompletions([message], options)] as const,
    ),
  ]
  it.each(rows)('is refused, or named by a warning: %s', (feature, convert) => {
    expect(() => convert({})).toThrow(
      expect.objectContaining({
        code: 'unsupported',
        message: expect.stringMatching(/^[A-Z`].*\. Pass onWarning to go on without\.$/),
      } satisfies Partial<LlmError>),
    )
    const warnings: Warning[] = []
    convert({ onWarning: (warning: Warning) => warnings.push(warning) })
    expect(warnings.map((warning) => warning.feature)).toEqual([feature])
  })

  it.each<object>([
    { role: 'user', content: 5 },
    { role: 'robot', content: 'x' },
    { role: 'tool', content: 'x' },
    { role: 'function', name: 'f', content: 'x' },
    { role: 'assistant', function_call: { name: 'f', arguments: '{}' } },
  ])('is refused where it is no message: %j', (message) => {
    expect(() => fromChatCompletions([message])).toThrow(
      expect.objectContaining({ code: 'invalid-request', message: expect.stringContaining('messages[0]') }),
    )
  })

  it.each<Message>([
    { role: 'tool', content: 'x' },
    { role: 'user', content: [result] },
  ])('is refused in a message where it cannot be', (message) => {
    expect(() => toChatCompletions([message])).toThrow(expect.objectContaining({ code: 'invalid-request' }))
  })
})
