// Conversations as messages of the AI SDK (ModelMessage) and back; judged by its own schemas and functions.
import type { LlmError, Message, Warning } from '@patchbay/core'
import { storeMessages } from '@patchbay/core/messages'
import { generateText, type ModelMessage, modelMessageSchema } from 'ai'
import { MockLanguageModelV3 } from 'ai/test'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { conversations, inParts } from '../test/conversations.js'
import { fromModelMessages, toModelMessages } from './index.js'

describe('a conversation for the AI SDK', () => {
  it('law: comes back as it was, with and without JSON in between', () =>
    fc.assert(
      fc.property(conversations, (messages) => {
        const there: ModelMessage[] = toModelMessages(messages)
        expect(inParts(storeMessages(fromModelMessages(there)).messages)).toEqual(inParts(messages))
        expect(inParts(fromModelMessages(JSON.parse(JSON.stringify(there))))).toEqual(inParts(messages))
      }),
      { numRuns: 500 },
    ))

  it("law: is valid by the AI SDK's own schema, and reaches its models", () =>
    fc.assert(
      fc.asyncProperty(conversations, async (messages) => {
        const there: ModelMessage[] = toModelMessages(messages)
        for (const form of [there, JSON.parse(JSON.stringify(there)) as ModelMessage[]]) {
          for (const message of form) expect(modelMessageSchema.safeParse(message).error).toBeUndefined()
          const model = new MockLanguageModelV3({
            supportedUrls: { '*/*': [/.*/] },
            doGenerate: {
              content: [{ type: 'text', text: 'ok' }],
              finishReason: { unified: 'stop', raw: 'stop' },
              usage: {
                inputTokens: { total: 1, noCache: 1, cacheRead: 0, cacheWrite: 0 },
                outputTokens: { total: 1, text: 1, reasoning: 0 },
              },
              warnings: [],
            },
          })
          await generateText({ model, messages: form, allowSystemInMessages: true } as never)
          expect(model.doGenerateCalls[0]?.prompt.map(({ role }) => role)).toEqual(
            there.map(({ role }) => role),
          )
        }
      }),
      { numRuns: 60 },
    ))
})

const own = { openai: { itemId: 'msg_1' } }
const ofTheirs: ModelMessage[] = [
  { role: 'system', content: 'Be brief.' },
  {
    role: 'user',
    content: [
      { type: 'text', text: 'See' },
      { type: 'image', image: new URL('https://example.com/a.png') },
      { type: 'image', image: new Uint8Array([1, 2, 3]), mediaType: 'image/png' },
      { type: 'image', image: 'data:image/webp;base64,AQID' },
      {
        type: 'file',
        data: new Uint8Array([1, 2, 3]).buffer,
        mediaType: 'application/pdf',
        filename: 'a.pdf',
      },
    ],
  },
  {
    role: 'assistant',
    content: [
      { type: 'reasoning', text: 'Hm.', providerOptions: { anthropic: { signature: 's' } } },
      { type: 'text', text: 'So.', providerOptions: own },
      { type: 'tool-call', toolCallId: 'a', toolName: 'look', input: { at: 1 } },
      { type: 'tool-call', toolCallId: 'b', toolName: 'look', input: {} },
      { type: 'tool-call', toolCallId: 'c', toolName: 'wipe', input: {} },
      { type: 'tool-approval-request', approvalId: 'x', toolCallId: 'c' },
    ],
  },
  {
    role: 'tool',
    content: [
      { type: 'tool-result', toolCallId: 'a', toolName: 'look', output: { type: 'text', value: '21' } },
      { type: 'tool-result', toolCallId: 'b', toolName: 'look', output: { type: 'json', value: { at: 2 } } },
      { type: 'tool-approval-response', approvalId: 'x', approved: false, reason: 'No.' },
    ],
  },
  { role: 'assistant', content: 'Done.' },
]

describe('a conversation of the AI SDK', () => {
  it('is one of Patchbay, with what its providers must get back', () => {
    const messages = fromModelMessages(ofTheirs)
    expect(storeMessages(messages).messages).toEqual([
      { role: 'system', content: 'Be brief.' },
      {
        role: 'user',
        content: [
          { type: 'text', text: 'See' },
          { type: 'image', url: 'https://example.com/a.png' },
          { type: 'image', data: 'AQID', mediaType: 'image/png' },
          { type: 'image', data: 'AQID', mediaType: 'image/webp' },
          { type: 'file', data: 'AQID', mediaType: 'application/pdf', name: 'a.pdf' },
        ],
      },
      {
        role: 'assistant',
        content: [
          {
            ...{ type: 'reasoning', text: 'Hm.' },
            opaque: { provider: 'ai-sdk', data: { anthropic: { signature: 's' } } },
          },
          { type: 'text', text: 'So.', opaque: { provider: 'ai-sdk', data: own } },
          { type: 'tool-call', id: 'a', name: 'look', input: { at: 1 } },
          { type: 'tool-call', id: 'b', name: 'look', input: {} },
          { type: 'tool-call', id: 'c', name: 'wipe', input: {} },
        ],
      },
      {
        role: 'tool',
        content: [
          { type: 'tool-result', id: 'a', name: 'look', output: '21' },
          { type: 'tool-result', id: 'b', name: 'look', output: '{"at":2}' },
          { type: 'tool-result', id: 'c', name: 'wipe', output: 'No.', isError: true },
        ],
      },
      { role: 'assistant', content: 'Done.' },
    ])
    const [, , answer] = toModelMessages(messages)
    expect(answer?.content).toMatchObject(ofTheirs[2]?.content.slice(0, 5) as never)
  })
})

describe('content that the other form does not support', () => {
  const png = { type: 'image' as const, data: 'AQID', mediaType: 'image/png' }
  const theirs: [feature: string, message: Message][] = [
    ['visibility', { role: 'user', content: 'x', visibility: 'user' }],
    [
      'citations',
      { role: 'user', content: [{ type: 'text', text: 'x', citations: [{ url: 'https://e.com' }] }] },
    ],
    ['opaque', { role: 'user', content: [{ type: 'text', text: 'x', opaque: { provider: 'a', data: 1 } }] }],
    ['isError', { role: 'tool', content: [{ type: 'tool-result', id: 'a', output: [png], isError: true }] }],
    [
      'name',
      {
        role: 'tool',
        content: [
          { type: 'tool-result', id: 'a', output: [{ type: 'file', url: 'https://e.com/f', name: 'f' }] },
        ],
      },
    ],
  ]
  const ours: [feature: string, message: ModelMessage][] = [
    [
      'providerOptions.openai.imageDetail',
      {
        role: 'user',
        content: [{ type: 'text', text: 'x', providerOptions: { openai: { imageDetail: 'low' } } }],
      },
    ],
    [
      'filename',
      { role: 'user', content: [{ type: 'file', data: 'AQID', mediaType: 'image/png', filename: 'a.png' }] },
    ],
    [
      'approvals',
      { role: 'tool', content: [{ type: 'tool-approval-response', approvalId: 'x', approved: true }] },
    ],
  ]
  const call = { type: 'tool-call', toolCallId: 'a', toolName: 'f', input: {} }
  const others: [feature: string, message: object][] = [
    ['a part of type dream', { role: 'user', content: [{ type: 'dream' }, { type: 'text', text: 'x' }] }],
    [
      'a part of type file-id in the result of a tool',
      {
        role: 'tool',
        content: [
          {
            type: 'tool-result',
            toolCallId: 'a',
            toolName: 'f',
            output: { type: 'content', value: [{ type: 'file-id', fileId: 'x' }] },
          },
        ],
      },
    ],
    ['providerExecuted', { role: 'assistant', content: [{ ...call, providerExecuted: true }] }],
  ]
  const rows = [
    ...others.map(
      ([feature, message]) =>
        [feature, (options: object) => fromModelMessages([message as ModelMessage], options)] as const,
    ),
    ...theirs.map(
      ([feature, message]) => [feature, (options: object) => toModelMessages([message], options)] as const,
    ),
    ...ours.map(
      ([feature, message]) => [feature, (options: object) => fromModelMessages([message], options)] as const,
    ),
  ]
  it.each(rows)('is refused, or named by a warning: %s', (feature, convert) => {
    expect(() => convert({})).toThrow(
      expect.objectContaining({
        code: 'unsupported',
        message: expect.stringMatching(
          /^(?!.*(left out|omitted|moved))[A-Z].*\. Pass onWarning to go on without\.$/,
        ),
      } satisfies Partial<LlmError>),
    )
    const warnings: Warning[] = []
    convert({ onWarning: (warning: Warning) => warnings.push(warning) })
    expect(warnings).toMatchObject([{ code: 'unsupported', feature }])
  })

  it.each<Message>([
    { role: 'system', content: [png] },
    { role: 'user', content: [{ type: 'tool-call', id: 'a', name: 'b', input: {} }] },
    { role: 'assistant', content: [{ type: 'tool-result', id: 'a', output: 'x' }] },
    { role: 'tool', content: 'x' },
  ])('is refused in a message where it cannot be: $role', (message) => {
    expect(() => toModelMessages([message])).toThrow(expect.objectContaining({ code: 'invalid-request' }))
  })
})

describe('fromModelMessages', () => {
  const text = { type: 'text', text: 'x' }
  it.each<unknown>([
    null,
    { role: 'data', content: 'x' },
    { role: 'user' },
    { role: 'tool', content: 'x' },
    { role: 'user', content: [null] },
    { role: 'user', content: [{ type: 'text' }] },
    { role: 'user', content: [{ type: 'image', image: 5 }] },
    { role: 'user', content: [{ type: 'image', image: 'http://' }] },
    { role: 'user', content: [{ type: 'tool-call', toolCallId: 'a', toolName: 'f' }] },
    { role: 'tool', content: [{ type: 'tool-result', toolCallId: 'a', toolName: 'f' }] },
    {
      role: 'tool',
      content: [{ type: 'tool-result', toolCallId: 'a', toolName: 'f', output: { type: 'dream' } }],
    },
    { role: 'assistant', content: [{ ...text, providerOptions: { patchbay: { hidden: [5] } } }] },
  ])('refuses what is no message: %j', (message) => {
    expect(() => fromModelMessages([message as ModelMessage])).toThrow(
      expect.objectContaining({ code: 'invalid-request' }),
    )
  })

  it.each<[image: string | URL, part: object]>([
    ['data:image/svg+xml;utf8,<svg/>', { data: btoa('<svg/>'), mediaType: 'image/svg+xml' }],
    ['DATA:image/png;base64,AQID', { data: 'AQID', mediaType: 'image/png' }],
    [new URL('data:image/png;base64,AQID'), { data: 'AQID', mediaType: 'image/png' }],
    ['HTTPS://e.com/a.png', { url: 'https://e.com/a.png' }],
    ['AQID', { data: 'AQID', mediaType: 'image/png' }],
  ])('tells addresses, data URLs and base64 apart: %s', (image, part) => {
    const message = { role: 'user' as const, content: [{ type: 'image' as const, image }] }
    expect(fromModelMessages([message])).toEqual([{ role: 'user', content: [{ type: 'image', ...part }] }])
  })

  it('takes results with parts of the older name media', () => {
    const output = { type: 'content', value: [{ type: 'media', data: 'AQID', mediaType: 'image/png' }] }
    const message = {
      role: 'tool' as const,
      content: [{ type: 'tool-result', toolCallId: 'a', toolName: 'f', output }],
    }
    const result = { type: 'tool-result', id: 'a', name: 'f' }
    expect(fromModelMessages([message])).toEqual([
      {
        role: 'tool',
        content: [{ ...result, output: [{ type: 'image', data: 'AQID', mediaType: 'image/png' }] }],
      },
    ])
  })
})
