// Conversations in the form of Chat Completions and back, sent by OpenAI's own client to the strict service.
import { strictService } from '@patchbay/testing/services'
import fc from 'fast-check'
import { OpenAI } from 'openai'
import type { ChatCompletionMessageParam } from 'openai/resources/chat/completions'
import { describe, expect, it, onTestFinished } from 'vitest'
import { conversations } from '../../../ai-sdk/test/conversations.js'
import { clean, common } from '../../test/conversations.js'
import { fromChatCompletions, toChatCompletions } from './index.js'

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

  const call = (given: unknown) => ({
    role: 'assistant',
    content: null,
    tool_calls: [{ id: 'a', type: 'function', function: { name: 'f', arguments: given } }],
  })
  const file = (given: object) => ({ role: 'user', content: [{ type: 'file', file: given }] })
  const image = (url: string) => ({ type: 'image_url', image_url: { url } })
  const rows: [what: string, theirs: object, message: object][] = [
    [
      'arguments as an object',
      call({ a: 1 }),
      { role: 'assistant', content: [{ type: 'tool-call', id: 'a', name: 'f', input: { a: 1 } }] },
    ],
    [
      'reasoning beside an empty field',
      { role: 'assistant', content: 'x', reasoning_content: null, reasoning: 'deep' },
      {
        role: 'assistant',
        content: [
          { type: 'reasoning', text: 'deep' },
          { type: 'text', text: 'x' },
        ],
      },
    ],
    [
      'images of an answer',
      { role: 'assistant', content: '', images: [image('data:image/png;base64,AQID')] },
      { role: 'assistant', content: [{ type: 'image', data: 'AQID', mediaType: 'image/png' }] },
    ],
    ['an empty answer', { role: 'assistant', content: '' }, { role: 'assistant', content: '' }],
    [
      'a file of base64 alone',
      file({ file_data: 'AQID', filename: 'a.pdf' }),
      {
        role: 'user',
        content: [{ type: 'file', data: 'AQID', mediaType: 'application/pdf', name: 'a.pdf' }],
      },
    ],
    [
      'a data URL of text',
      { role: 'user', content: [image('data:image/svg+xml;utf8,%3Csvg/>')] },
      {
        role: 'user',
        content: [{ type: 'image', data: btoa('<svg/>'), mediaType: 'image/svg+xml' }],
      },
    ],
    [
      'a cache mark',
      {
        role: 'user',
        content: [{ type: 'text', text: 'x', cache_control: { type: 'ephemeral', ttl: '1h' } }],
      },
      { role: 'user', content: [{ type: 'text', text: 'x' }], cache: { ttl: '1h' } },
    ],
  ]
  it.each(rows)('keeps what servers and clients write in forms of their own: %s', (_, theirs, message) => {
    expect(fromChatCompletions([theirs])).toEqual([message])
  })
})
