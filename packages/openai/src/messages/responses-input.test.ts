// Conversations as items of the Responses API and back, sent by OpenAI's own client to the strict service.
import { strictService } from '@patchbay/testing/services'
import fc from 'fast-check'
import { OpenAI } from 'openai'
import type { ResponseInputItem } from 'openai/resources/responses/responses'
import { describe, expect, it, onTestFinished } from 'vitest'
import { conversations } from '../../../ai-sdk/test/conversations.js'
import { clean, common } from '../../test/conversations.js'
import { fromResponsesInput, toResponsesInput } from './index.js'

const ofOpenAI = (data: object) => ({ provider: 'openai', host: 'api.openai.com', data })
const thought = (id: string): ResponseInputItem => ({
  ...{ type: 'reasoning', id, summary: [{ type: 'summary_text', text: 'Hm.' }], encrypted_content: 'e' },
})
const items: ResponseInputItem[] = [
  { role: 'developer', content: 'Be brief.' },
  {
    role: 'user',
    content: [
      { type: 'input_text', text: 'See' },
      { type: 'input_image', image_url: 'data:image/png;base64,AQID', detail: 'auto' },
      { type: 'input_file', file_data: 'data:application/pdf;base64,AQID', filename: 'a.pdf' },
      { type: 'input_file', file_url: 'https://example.com/b.pdf' },
    ],
  },
  thought('rs_1'),
  { type: 'function_call', id: 'fc_1', call_id: 'a', name: 'look', arguments: '{"at":1}' },
  { type: 'function_call', id: 'fc_2', call_id: 'b', name: 'look', arguments: '{}' },
  { type: 'function_call_output', call_id: 'a', output: '21' },
  {
    type: 'function_call_output',
    call_id: 'b',
    output: [{ type: 'input_image', image_url: 'data:image/png;base64,AQID', detail: 'auto' }],
  },
  thought('rs_2'),
  {
    ...{ type: 'message', id: 'msg_1', role: 'assistant', status: 'completed' },
    content: [{ type: 'output_text', text: 'Sunny.', annotations: [] }],
  },
]

describe('a conversation of the Responses API', () => {
  it('is one of Patchbay, and goes back with its reasoning and ids', () => {
    const messages = fromResponsesInput(items)
    const opaque = (id: string) => ofOpenAI(thought(id))
    expect(messages).toEqual([
      { role: 'system', content: 'Be brief.' },
      {
        role: 'user',
        content: [
          { type: 'text', text: 'See' },
          { type: 'image', data: 'AQID', mediaType: 'image/png' },
          { type: 'file', data: 'AQID', mediaType: 'application/pdf', name: 'a.pdf' },
          { type: 'file', url: 'https://example.com/b.pdf' },
        ],
      },
      {
        role: 'assistant',
        content: [
          { type: 'reasoning', text: 'Hm.', opaque: opaque('rs_1') },
          {
            ...{ type: 'tool-call', id: 'a', name: 'look', input: { at: 1 } },
            opaque: ofOpenAI({ type: 'function_call', id: 'fc_1' }),
          },
          {
            ...{ type: 'tool-call', id: 'b', name: 'look', input: {} },
            opaque: ofOpenAI({ type: 'function_call', id: 'fc_2' }),
          },
        ],
      },
      {
        role: 'tool',
        content: [
          { type: 'tool-result', id: 'a', name: 'look', output: '21' },
          {
            ...{ type: 'tool-result', id: 'b', name: 'look' },
            output: [{ type: 'image', data: 'AQID', mediaType: 'image/png' }],
          },
        ],
      },
      {
        role: 'assistant',
        content: [
          { type: 'reasoning', text: 'Hm.', opaque: opaque('rs_2') },
          { type: 'text', text: 'Sunny.', opaque: ofOpenAI({ type: 'message', id: 'msg_1' }) },
        ],
      },
    ])
    const { role, content } = items[0] as { role: string; content: string }
    expect(toResponsesInput(messages)).toMatchObject([
      { role: role.replace('developer', 'system'), content: [{ type: 'input_text', text: content }] },
      ...items.slice(1).map((item) => {
        // Whether an item was complete is not said again.
        const { status: _, ...rest } = item as { status?: string }
        return rest
      }),
    ])
  })

  it('law: comes back as it was, and goes there again as it was', () =>
    fc.assert(
      fc.property(common, (messages) => {
        const there = clean(toResponsesInput(messages))
        const back = fromResponsesInput(there)
        const inParts = messages.map(({ content, ...message }) => ({
          ...message,
          content: typeof content === 'string' ? [{ type: 'text', text: content }] : content,
        }))
        expect(back).toEqual(inParts)
        expect(toResponsesInput(back)).toEqual(there)
      }),
      { numRuns: 300 },
    ))

  it("law: any conversation becomes a request of OpenAI's own client that a strict service takes", async () => {
    const service = await strictService('openai-responses')
    onTestFinished(() => service.close())
    const client = new OpenAI({ apiKey: 'k', baseURL: service.baseURL, maxRetries: 0 })
    await fc.assert(
      fc.asyncProperty(conversations, async (messages) => {
        const input = toResponsesInput(messages, { onWarning: () => {} })
        await client.responses.create({ model: 'gpt-5.6-sol', input, store: false })
      }),
      { numRuns: 60 },
    )
    expect(service.requests.length).toBeGreaterThan(30)
  })

  it('may have items of OpenAI’s own tools, which go back as they were', () => {
    const search = {
      type: 'web_search_call',
      id: 'ws_1',
      status: 'completed',
      action: { type: 'search', query: 'x' },
    }
    const messages = fromResponsesInput([search])
    expect(messages).toEqual([
      {
        role: 'assistant',
        content: [
          {
            type: 'provider-block',
            kind: 'web_search_call',
            opaque: ofOpenAI(search),
            tool: { id: 'ws_1', name: 'web_search', input: search.action, sources: [] },
          },
        ],
      },
    ])
    expect(toResponsesInput(messages)).toEqual([search])
  })
})

it.each([
  [
    { role: 'assistant', content: [{ type: 'input_text', text: 'x' }] },
    { type: 'text', text: 'x' },
  ],
  [
    { type: 'function_call', call_id: 'a', name: 'f', arguments: { a: 1 } },
    { type: 'tool-call', id: 'a', name: 'f', input: { a: 1 } },
  ],
])('keeps what clients write in forms of their own: %j', (item, part) => {
  expect(fromResponsesInput([item])).toMatchObject([{ role: 'assistant', content: [part] }])
})
