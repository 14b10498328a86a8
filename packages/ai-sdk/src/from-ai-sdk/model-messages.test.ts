// Messages for AI SDK models: every kind of part in every role is sent, or a warning names it.
import type { Message, Part, Role } from '@patchbay/core'
import { describe, expect, it } from 'vitest'
import { chat, finish, playing, ways } from '../../test/calls.js'
import { aiSdk } from '../index.js'

const metadata = { anthropic: { signature: 'x' } }
const opaque = { provider: 'ai-sdk', data: metadata }

describe('messages', () => {
  interface Row {
    part: Part
    /** What the model gets, by the role that may say it. */
    sent: { [R in Role]?: object[] }
    warnings?: string[]
  }
  const bytes = { data: 'AQID', mediaType: 'application/zip' }
  const image = { type: 'image' as const, data: 'AQID', mediaType: 'image/gif' }
  const sent = (...parts: object[]) => ({ user: parts, assistant: parts })
  const rows: Record<Part['type'], Row[]> = {
    text: [
      { part: { type: 'text', text: 'Hi.' }, sent: sent({ type: 'text', text: 'Hi.' }) },
      {
        part: { type: 'text', text: 'Hi.', citations: [{ title: 'T' }] },
        sent: sent({ type: 'text', text: 'Hi.' }),
        warnings: ['citations'],
      },
    ],
    image: [
      { part: image, sent: sent({ ...image, type: 'file' }) },
      {
        part: { type: 'image', url: 'https://example.com/a.png' },
        sent: sent({ type: 'file', data: new URL('https://example.com/a.png'), mediaType: 'image/*' }),
      },
      {
        part: { ...image, opaque },
        sent: { assistant: [{ ...image, type: 'file', providerOptions: metadata }] },
      },
    ],
    file: [
      {
        part: { type: 'file', ...bytes, name: 'a.zip' },
        sent: sent({ type: 'file', ...bytes, filename: 'a.zip' }),
      },
      {
        part: { type: 'file', url: 'https://example.com/a.zip', name: 'a.zip' },
        sent: sent({
          type: 'file',
          data: new URL('https://example.com/a.zip'),
          mediaType: 'application/octet-stream',
          filename: 'a.zip',
        }),
      },
    ],
    audio: [
      {
        part: { type: 'audio', data: 'AQID', mediaType: 'audio/mpeg' },
        sent: sent({ type: 'file', data: 'AQID', mediaType: 'audio/mpeg' }),
      },
    ],
    reasoning: [
      {
        part: { type: 'reasoning', text: 'Hm.', opaque },
        sent: { assistant: [{ type: 'reasoning', text: 'Hm.', providerOptions: metadata }] },
      },
    ],
    refusal: [
      { part: { type: 'refusal', text: 'No.' }, sent: { assistant: [{ type: 'text', text: 'No.' }] } },
    ],
    'provider-block': [
      {
        part: { type: 'provider-block', kind: 'search' },
        sent: { assistant: [] },
        warnings: ['provider-block'],
      },
    ],
    'tool-call': [
      {
        part: { type: 'tool-call', id: 'c', name: 'f', input: { a: 1 } },
        sent: { assistant: [{ type: 'tool-call', toolCallId: 'c', toolName: 'f', input: { a: 1 } }] },
      },
    ],
    'tool-result': [
      ...(
        [
          ['text', 'r', false],
          ['error-text', 'r', true],
        ] as const
      ).map(([type, output, isError]): Row => {
        const parts = [
          { type: 'tool-result', toolCallId: 'c', toolName: 'f', output: { type, value: output } },
        ]
        return {
          part: { type: 'tool-result', id: 'c', name: 'f', output, isError },
          sent: { assistant: parts, tool: parts },
        }
      }),
      ...(
        [
          [
            { type: 'text', text: 'r' },
            { type: 'text', text: 'r' },
          ],
          [image, { ...image, type: 'image-data' }],
          [
            { type: 'image', url: 'https://example.com/a.png' },
            { type: 'image-url', url: 'https://example.com/a.png' },
          ],
          [
            { type: 'file', ...bytes, name: 'a.zip' },
            { type: 'file-data', ...bytes, filename: 'a.zip' },
          ],
          [
            { type: 'file', url: 'https://example.com/a.zip', mediaType: 'application/zip' },
            { type: 'file-url', url: 'https://example.com/a.zip', mediaType: 'application/zip' },
          ],
          [
            { type: 'file', url: 'https://example.com/a.zip', mediaType: 'application/zip', name: 'a' },
            { type: 'file-url', url: 'https://example.com/a.zip', mediaType: 'application/zip' },
            'name',
          ],
        ] as [Part, object, string?][]
      ).map(([one, piece, ...warnings]): Row => {
        const output = { type: 'content', value: [piece] }
        return {
          part: { type: 'tool-result', id: 'c', name: 'f', output: [one] },
          sent: { tool: [{ type: 'tool-result', toolCallId: 'c', toolName: 'f', output }] },
          warnings: warnings.filter((one) => one !== undefined),
        }
      }),
    ],
  }
  const table = Object.entries(rows).flatMap(([kind, all]) =>
    all.flatMap((row, index) =>
      Object.keys(row.sent).flatMap((role) =>
        ways.map((way) => [kind, index + 1, role as Role, way, row] as const),
      ),
    ),
  )

  it.each(table)('with %s (%i) of %s: %s', async (_, __, role, way, { part, sent, warnings = [] }) => {
    const model = playing([finish])
    const question: Message = { role: 'user', content: 'x' }
    const call: Message = {
      role: 'assistant',
      content: [{ type: 'tool-call', id: 'c', name: 'f', input: {} }],
    }
    const result: Message = {
      role: 'tool',
      content: [{ type: 'tool-result', id: 'c', name: 'f', output: 'r' }],
    }
    const message: Message = { role, content: [part] }
    const before = role === 'tool' ? [question, call] : [question]
    const after = part.type === 'tool-call' ? [result] : []
    const response = await chat(way, aiSdk(model), { messages: [...before, message, ...after, question] })
    expect(response.warnings.map(({ feature }) => feature)).toEqual(warnings)
    const messages = model.calls[0]?.prompt.slice(before.length, -1 - after.length)
    const content = sent[role]
    expect(messages).toEqual(content?.length === 0 ? [] : [{ role, content }])
  })
})
