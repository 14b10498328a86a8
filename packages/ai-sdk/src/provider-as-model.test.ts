// A provider as a model of the AI SDK: all its answers and all a call can hold arrive, or a warning names what does not.
import type {
  LanguageModelV3CallOptions,
  LanguageModelV3FunctionTool,
  LanguageModelV3Message,
  LanguageModelV3ToolResultOutput,
} from '@ai-sdk/provider'
import type { CallContext, LlmError, Part, PreparedChat } from '@patchbay/core'
import { mockProvider } from '@patchbay/testing'
import { jsonSchema, type ModelMessage, streamText, type ToolSet } from 'ai'
import { describe, expect, it } from 'vitest'
import { ask, type Way, warningsOf, ways } from '../test/ask.js'
import { languageModel } from './index.js'

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
    'provider-block': [{ part: { type: 'provider-block', kind: 'search' }, shown: [] }],
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

const prompt: LanguageModelV3Message[] = [{ role: 'user', content: [{ type: 'text', text: 'x' }] }]
const plain: LanguageModelV3FunctionTool = { type: 'function', name: 'f', inputSchema: { type: 'object' } }

describe('settings of a call', () => {
  interface Setting {
    given: Partial<LanguageModelV3CallOptions>
    request?: Partial<PreparedChat>
    context?: object
    warnings?: string[]
  }
  const schema = { type: 'object' as const, properties: {}, additionalProperties: false }
  const weather = { ...plain, description: 'The weather.' }
  const taken = { name: 'f', schema: { type: 'object' } }
  const ownTool = { type: 'provider' as const, id: 'anthropic.web_search' as const, name: 'search', args: {} }
  const settings = {
    prompt: [
      { given: {}, request: { messages: [{ role: 'user', content: [{ type: 'text', text: 'x' }] }] } },
    ],
    maxOutputTokens: [{ given: { maxOutputTokens: 9 }, request: { maxOutputTokens: 9 } }],
    temperature: [{ given: { temperature: 0.5 }, request: { temperature: 0.5 } }],
    stopSequences: [{ given: { stopSequences: ['.'] }, request: { stop: ['.'] } }],
    topP: [{ given: { topP: 0.5 }, request: { topP: 0.5 } }],
    topK: [{ given: { topK: 5 }, request: { topK: 5 } }],
    presencePenalty: [{ given: { presencePenalty: 1 }, request: { presencePenalty: 1 } }],
    frequencyPenalty: [{ given: { frequencyPenalty: 1 }, request: { frequencyPenalty: 1 } }],
    seed: [{ given: { seed: 7 }, request: { seed: 7 } }],
    responseFormat: [
      { given: { responseFormat: { type: 'text' } } },
      { given: { responseFormat: { type: 'json' } }, request: { output: {} } },
      {
        given: { responseFormat: { type: 'json', name: 'n', description: 'd' } },
        request: { output: {} },
        warnings: ['responseFormat.name', 'responseFormat.description'],
      },
      {
        given: { responseFormat: { type: 'json', schema, name: 'n', description: 'd' } },
        request: { output: { schema: { description: 'd', ...schema }, name: 'n' } },
      },
      {
        given: {
          responseFormat: { type: 'json', schema: { ...schema, description: 'own' }, description: 'd' },
        },
        request: { output: { schema: { ...schema, description: 'own' } } },
        warnings: ['responseFormat.description'],
      },
    ],
    tools: [
      { given: { tools: [weather] }, request: { tools: [{ ...taken, description: 'The weather.' }] } },
      { given: { tools: [{ ...plain, strict: true }] }, request: { tools: [taken] }, warnings: ['strict'] },
      { given: { tools: [{ ...plain, strict: false }] }, request: { tools: [taken] } },
      {
        given: { tools: [{ ...plain, inputExamples: [{ input: {} }] }] },
        request: { tools: [taken] },
        warnings: ['inputExamples'],
      },
      {
        given: {
          tools: [{ ...plain, providerOptions: { anthropic: { cacheControl: {}, deferLoading: true } } }],
        },
        request: { tools: [taken] },
        warnings: ['providerOptions.anthropic.deferLoading', 'cache'],
      },
      {
        given: { tools: [plain, ownTool] },
        request: { tools: [taken] },
        warnings: ['anthropic.web_search'],
      },
    ],
    toolChoice: [
      { given: { tools: [plain], toolChoice: { type: 'auto' } }, request: { toolChoice: 'auto' } },
      { given: { tools: [plain], toolChoice: { type: 'none' } }, request: { toolChoice: 'none' } },
      { given: { tools: [plain], toolChoice: { type: 'required' } }, request: { toolChoice: 'required' } },
      {
        given: { tools: [plain], toolChoice: { type: 'tool', toolName: 'f' } },
        request: { toolChoice: { name: 'f' } },
      },
      {
        given: { tools: [plain, ownTool], toolChoice: { type: 'tool', toolName: 'search' } },
        request: { tools: [taken] },
        warnings: ['anthropic.web_search', 'toolChoice'],
      },
      {
        given: { tools: [ownTool], toolChoice: { type: 'required' } },
        request: { tools: [] },
        warnings: ['anthropic.web_search', 'toolChoice'],
      },
    ],
    includeRawChunks: [{ given: { includeRawChunks: true }, warnings: ['includeRawChunks'] }],
    // Its effect: ai-sdk.test.ts.
    abortSignal: [{ given: { abortSignal: new AbortController().signal } }],
    headers: [{ given: { headers: { 'x-a': '1' } }, context: { headers: { 'x-a': '1' } } }],
    providerOptions: [
      {
        given: { providerOptions: { patchbay: { reasoning: 'low', minP: 0.1, parallelToolCalls: false } } },
        request: { reasoning: 'low', minP: 0.1, parallelToolCalls: false },
      },
      { given: { providerOptions: { mock: { a: 1 } } }, request: { providerOptions: { a: 1 } } },
      {
        given: { providerOptions: { patchbay: { reasonning: 'low' } } },
        warnings: ['providerOptions.patchbay.reasonning'],
      },
    ],
  } satisfies Record<keyof LanguageModelV3CallOptions, Setting[]>
  const toolKeys = {
    ...{ type: 0, name: 0, description: 0, inputSchema: 0, inputExamples: 0, strict: 0, providerOptions: 0 },
  } satisfies Record<keyof LanguageModelV3FunctionTool, 0>
  const rows = Object.entries(settings).flatMap(([name, all]: [string, Setting[]]) =>
    all.flatMap((row) => ways.map((way) => [name, way, JSON.stringify(row.given), row] as const)),
  )

  it.each(rows)('%s, %s: %s', async (_, way, __, { given, request = {}, context = {}, warnings = [] }) => {
    let asked: CallContext | undefined
    const answer = (_request: PreparedChat, context: CallContext) => {
      asked = context
      return '{}'
    }
    const inner = mockProvider({ answers: [answer] })
    expect(await warningsOf(way, languageModel(inner), { prompt, ...given })).toEqual(warnings)
    expect(inner.requests[0]).toMatchObject(request)
    expect(asked).toMatchObject(context)
  })

  it('of a tool are all in the table', () => {
    const given: object[] = settings.tools.flatMap((row) => row.given.tools)
    for (const key of Object.keys(toolKeys)) expect(given.some((one) => key in one)).toBe(true)
  })
})

describe('cache marks', () => {
  const options = {
    anthropic: { anthropic: { cacheControl: { type: 'ephemeral', ttl: '1h' } } },
    'anthropic, as its API writes it': { anthropic: { cache_control: { type: 'ephemeral', ttl: '1h' } } },
    bedrock: { bedrock: { cachePoint: { type: 'default', ttl: '1h' } } },
    ours: { patchbay: { cache: { ttl: '1h' } } },
  }
  const rows = Object.entries(options).flatMap(([name, given]) =>
    ways.map((way) => [name, way, given] as const),
  )

  it.each(rows)('of %s stand after their message, of every role: %s', async (_, way, providerOptions) => {
    const inner = mockProvider()
    const { warnings } = await ask(way, {
      model: languageModel(inner),
      messages: [
        { role: 'system', content: 'Be brief.', providerOptions },
        { role: 'user', content: [{ type: 'text', text: 'x', providerOptions }] },
        { role: 'assistant', content: 'y', providerOptions },
        {
          role: 'user',
          content: 'z',
          providerOptions: { anthropic: { cacheControl: { type: 'ephemeral' } } },
        },
        { role: 'assistant', content: [{ type: 'tool-call', toolCallId: 'c', toolName: 'f', input: {} }] },
        {
          role: 'tool',
          content: [
            {
              type: 'tool-result',
              toolCallId: 'c',
              toolName: 'f',
              output: { type: 'content', value: [{ type: 'text', text: 'r', providerOptions }] },
            },
          ],
        },
      ],
    })
    expect(warnings ?? []).toEqual([])
    const long = { ttl: '1h' }
    expect(inner.requests[0]?.messages.map(({ cache }) => cache)).toEqual([
      ...[long, long, long],
      ...[true, undefined, long],
    ])
  })

  it.each(ways)('inside a message are moved to its end, with a warning: %s', async (way) => {
    const inner = mockProvider()
    const { warnings } = await ask(way, {
      model: languageModel(inner),
      messages: [
        {
          role: 'user',
          content: [
            { type: 'text', text: 'x', providerOptions: { patchbay: { cache: true } } },
            { type: 'text', text: 'y' },
          ],
        },
      ],
    })
    expect(warnings).toMatchObject([{ type: 'unsupported', feature: 'cache' }])
    expect(inner.requests[0]?.messages[0]?.cache).toBe(true)
  })
})

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
