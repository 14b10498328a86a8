// What a form of messages has no place for: an error, or a warning that names it.
import type { LlmError, Message, Part, Warning } from '@patchbay/core'
import type { ChatCompletionMessageParam } from 'openai/resources/chat/completions'
import type { ResponseInputItem } from 'openai/resources/responses/responses'
import { describe, expect, it } from 'vitest'
import { fromChatCompletions, fromResponsesInput, toChatCompletions, toResponsesInput } from './index.js'

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
  const call = { id: 'a', type: 'function', function: { name: 'f', arguments: '{}' } }
  const ofServers: [feature: string, message: object][] = [
    ['dreams', { role: 'user', content: 'x', dreams: 1 }],
    ['text.dreams', { role: 'user', content: [{ type: 'text', text: 'x', dreams: 1 }] }],
    [
      'tool_calls.extra_content',
      { role: 'assistant', tool_calls: [{ ...call, extra_content: { google: { thought_signature: 's' } } }] },
    ],
    [
      'reasoning_details',
      { role: 'assistant', content: 'x', reasoning_details: [{ type: 'reasoning.encrypted', data: 'A' }] },
    ],
    [
      'thinking_blocks',
      {
        role: 'assistant',
        content: 'x',
        thinking_blocks: [{ type: 'thinking', thinking: 't', signature: 's' }],
      },
    ],
    [
      'cache_control',
      {
        role: 'user',
        content: [
          { type: 'text', text: 'x', cache_control: { type: 'ephemeral' } },
          { type: 'text', text: 'y' },
        ],
      },
    ],
  ]
  const elsewhere = { provider: 'claude', data: { signature: 's' } }
  const thereAsItems: [feature: string, message: Message][] = [
    ['reasoning', { role: 'assistant', content: [{ type: 'reasoning', text: 'Hm.' }] }],
    ['opaque', { role: 'assistant', content: [{ type: 'text', text: 'x', opaque: elsewhere }] }],
    ['media', { role: 'assistant', content: [image] }],
    ['isError', { role: 'tool', content: [result] }],
    ['visibility', { role: 'user', content: 'x', visibility: 'model' }],
  ]
  const hereFromItems: [feature: string, item: ResponseInputItem][] = [
    ['file_id', { role: 'user', content: [{ type: 'input_file', file_id: 'file-1' }] }],
    [
      'detail',
      { role: 'user', content: [{ type: 'input_image', image_url: 'https://e.com/a.png', detail: 'high' }] },
    ],
  ]
  const rows = [
    ...thereAsItems.map(
      ([feature, message]) => [feature, (options: object) => toResponsesInput([message], options)] as const,
    ),
    ...hereFromItems.map(
      ([feature, item]) => [feature, (options: object) => fromResponsesInput([item], options)] as const,
    ),
    ...there.map(
      ([feature, message]) => [feature, (options: object) => toChatCompletions([message], options)] as const,
    ),
    [
      'a part of type dream',
      (options: object) =>
        fromResponsesInput(
          [{ role: 'assistant', content: [{ type: 'dream' }, { type: 'input_text', text: 'x' }] }],
          options,
        ),
    ] as const,
    ...ofServers.map(
      ([feature, message]) =>
        [feature, (options: object) => fromChatCompletions([message], options)] as const,
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
        message: expect.stringMatching(
          /^(?!.*(left out|omitted|were put))[A-Z`].*\. Pass onWarning to go on without\.$/,
        ),
      } satisfies Partial<LlmError>),
    )
    const warnings: Warning[] = []
    convert({ onWarning: (warning: Warning) => warnings.push(warning) })
    expect(warnings.map((warning) => warning.feature)).toEqual([feature])
  })

  it.each<object>([
    { role: 'user', content: 5 },
    { role: 'assistant', tool_calls: [{ id: 'a', function: { name: 'f', arguments: 5 } }] },
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
