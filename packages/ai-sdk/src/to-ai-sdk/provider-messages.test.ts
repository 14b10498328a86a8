// Messages of the AI SDK for a provider: every kind of part in every role is sent, or a warning or an error names it.
import type { LanguageModelV3Message, LanguageModelV3ToolResultOutput } from '@ai-sdk/provider'
import type { LlmError, Part } from '@patchbay/core'
import { mockProvider } from '@patchbay/testing'
import { describe, expect, it } from 'vitest'
import { warningsOf, ways } from '../../test/calls.js'
import { languageModel } from '../index.js'

type Kinds = {
  [M in LanguageModelV3Message as M['role']]: M['content'] extends { type: infer T }[] ? T & string : 'text'
}
interface Row {
  message: LanguageModelV3Message
  /** The content a provider gets, or the code of the error. */
  content: Part[] | 'unsupported'
  warnings?: string[]
}
type ResultOutput = Extract<LanguageModelV3ToolResultOutput, { type: 'content' }>['value'][number]

const fromTool = (output: LanguageModelV3ToolResultOutput): LanguageModelV3Message => ({
  role: 'tool',
  content: [{ type: 'tool-result', toolCallId: 'c', toolName: 'f', output }],
})
const result = (output: string | Part[], isError = false): Part[] => [
  { type: 'tool-result', id: 'c', name: 'f', output, ...(isError && { isError }) },
]
const pieces = (piece: ResultOutput, part: Part | 'unsupported', warnings: string[] = []): Row => ({
  message: fromTool({ type: 'content', value: [piece] }),
  content: part === 'unsupported' ? part : result([part]),
  warnings,
})
const call: Part = { type: 'tool-call', id: 'c', name: 'f', input: {} }

describe('messages', () => {
  const user: Record<Kinds['user'], Row[]> = {
    text: [
      {
        message: { role: 'user', content: [{ type: 'text', text: 'Hi.' }] },
        content: [{ type: 'text', text: 'Hi.' }],
      },
    ],
    file: [
      {
        message: {
          role: 'user',
          content: [
            { type: 'file', data: 'AQID', mediaType: 'image/gif' },
            { type: 'file', data: new URL('https://example.com/a.png'), mediaType: 'image/*' },
            { type: 'file', data: 'AQID', mediaType: 'audio/mpeg' },
            { type: 'file', data: new Uint8Array([1]), mediaType: 'application/zip', filename: 'a.zip' },
            {
              type: 'file',
              data: new URL('https://example.com/a.zip'),
              mediaType: 'application/zip',
              filename: 'a.zip',
            },
          ],
        },
        content: [
          { type: 'image', data: 'AQID', mediaType: 'image/gif' },
          { type: 'image', url: 'https://example.com/a.png' },
          { type: 'audio', data: 'AQID', mediaType: 'audio/mpeg' },
          { type: 'file', data: new Uint8Array([1]), mediaType: 'application/zip', name: 'a.zip' },
          { type: 'file', url: 'https://example.com/a.zip', mediaType: 'application/zip', name: 'a.zip' },
        ],
      },
      {
        message: {
          role: 'user',
          content: [{ type: 'file', data: 'AQID', mediaType: 'image/gif', filename: 'a.gif' }],
        },
        content: [{ type: 'image', data: 'AQID', mediaType: 'image/gif' }],
        warnings: ['filename'],
      },
      {
        message: {
          role: 'user',
          content: [
            { type: 'file', data: 'AQID', mediaType: 'IMAGE/JPEG' },
            { type: 'file', data: 'AQID', mediaType: 'Audio/MPEG' },
            { type: 'file', data: new URL('https://example.com/a.png'), mediaType: 'IMAGE/*' },
            { type: 'file', data: 'AQID', mediaType: 'audio/*' },
            { type: 'file', data: btoa('RIFF1234WAVE'), mediaType: 'audio/*' },
            { type: 'file', data: new TextEncoder().encode('RIFF1234WAVE'), mediaType: 'audio/*' },
          ],
        },
        content: [
          { type: 'image', data: 'AQID', mediaType: 'image/jpeg' },
          { type: 'audio', data: 'AQID', mediaType: 'audio/mpeg' },
          { type: 'image', url: 'https://example.com/a.png' },
          { type: 'audio', data: 'AQID', mediaType: 'audio/mpeg' },
          { type: 'audio', data: btoa('RIFF1234WAVE'), mediaType: 'audio/wav' },
          { type: 'audio', data: new TextEncoder().encode('RIFF1234WAVE'), mediaType: 'audio/wav' },
        ],
      },
    ],
  }
  const assistant: Record<Kinds['assistant'], Row[]> = {
    text: [
      {
        message: { role: 'assistant', content: [{ type: 'text', text: 'Hi.' }] },
        content: [{ type: 'text', text: 'Hi.' }],
      },
    ],
    reasoning: [
      {
        message: {
          role: 'assistant',
          content: [{ type: 'reasoning', text: 'Hm.', providerOptions: { anthropic: { signature: 'x' } } }],
        },
        content: [{ type: 'reasoning', text: 'Hm.' }],
        warnings: ['providerOptions.anthropic.signature'],
      },
    ],
    file: [
      {
        message: { role: 'assistant', content: [{ type: 'file', data: 'AQID', mediaType: 'image/gif' }] },
        content: [{ type: 'image', data: 'AQID', mediaType: 'image/gif' }],
      },
    ],
    'tool-call': [
      {
        message: {
          role: 'assistant',
          content: [{ type: 'tool-call', toolCallId: 'c', toolName: 'f', input: {} }],
        },
        content: [call],
      },
    ],
    'tool-result': [
      {
        message: {
          role: 'assistant',
          content: [
            { type: 'tool-result', toolCallId: 'c', toolName: 'f', output: { type: 'text', value: 'r' } },
          ],
        },
        content: 'unsupported',
      },
    ],
  }
  const toolMessages: Record<Kinds['tool'], Row[]> = {
    'tool-result': [],
    'tool-approval-response': [
      {
        message: {
          role: 'tool',
          content: [{ type: 'tool-approval-response', approvalId: 'a', approved: true }],
        },
        content: 'unsupported',
      },
    ],
  }
  const outputs: Record<LanguageModelV3ToolResultOutput['type'], Row[]> = {
    text: [{ message: fromTool({ type: 'text', value: 'r' }), content: result('r') }],
    json: [{ message: fromTool({ type: 'json', value: { a: 1 } }), content: result('{"a":1}') }],
    'error-text': [{ message: fromTool({ type: 'error-text', value: 'r' }), content: result('r', true) }],
    'error-json': [{ message: fromTool({ type: 'error-json', value: [1] }), content: result('[1]', true) }],
    'execution-denied': [
      { message: fromTool({ type: 'execution-denied', reason: 'No.' }), content: result('No.', true) },
    ],
    content: [],
  }
  const bytes = { data: 'AQID', mediaType: 'application/zip' }
  const contents: Record<ResultOutput['type'], Row[]> = {
    text: [pieces({ type: 'text', text: 'r' }, { type: 'text', text: 'r' })],
    'file-data': [
      pieces({ type: 'file-data', ...bytes, filename: 'a.zip' }, { type: 'file', ...bytes, name: 'a.zip' }),
    ],
    'file-url': [
      pieces(
        { type: 'file-url', url: 'https://example.com/a.zip', mediaType: 'application/zip' },
        { type: 'file', url: 'https://example.com/a.zip', mediaType: 'application/zip' },
      ),
    ],
    'image-data': [
      pieces(
        { type: 'image-data', data: 'AQID', mediaType: 'image/gif' },
        { type: 'image', data: 'AQID', mediaType: 'image/gif' },
      ),
    ],
    'image-url': [
      pieces(
        { type: 'image-url', url: 'https://example.com/a.png' },
        { type: 'image', url: 'https://example.com/a.png' },
      ),
    ],
    'file-id': [pieces({ type: 'file-id', fileId: 'f' }, 'unsupported')],
    'image-file-id': [pieces({ type: 'image-file-id', fileId: 'f' }, 'unsupported')],
    custom: [pieces({ type: 'custom' }, 'unsupported')],
  }
  const system: Record<Kinds['system'], Row[]> = {
    text: [
      { message: { role: 'system', content: 'Be brief.' }, content: [{ type: 'text', text: 'Be brief.' }] },
    ],
  }
  const byRole = { system, user, assistant, tool: toolMessages } satisfies Record<keyof Kinds, object>
  const rows = [...Object.values(byRole), outputs, contents].flatMap((kinds) =>
    Object.entries(kinds).flatMap(([kind, all]: [string, Row[]]) =>
      all.flatMap((row) => ways.map((way) => [row.message.role, kind, way, row] as const)),
    ),
  )

  it.each(rows)('of %s: %s, %s', async (role, _, way, { message, content, warnings = [] }) => {
    const question: LanguageModelV3Message = { role: 'user', content: [{ type: 'text', text: 'x' }] }
    const asking: LanguageModelV3Message = {
      role: 'assistant',
      content: [{ type: 'tool-call', toolCallId: 'c', toolName: 'f', input: {} }],
    }
    const calls = message.role === 'assistant' && message.content[0]?.type === 'tool-call'
    const prompt = [
      ...(role === 'tool' ? [question, asking] : role === 'assistant' ? [question] : []),
      message,
      ...(calls ? [fromTool({ type: 'text', value: 'r' })] : role === 'user' ? [] : [question]),
    ]
    const inner = mockProvider()
    const answer = warningsOf(way, languageModel(inner), { prompt })
    if (content === 'unsupported') {
      await expect(answer).rejects.toMatchObject({ code: 'unsupported' } satisfies Partial<LlmError>)
      return
    }
    expect(await answer).toEqual(warnings)
    expect(inner.requests[0]?.messages[prompt.indexOf(message)]?.content).toEqual(content)
  })
})
