// Settings and cache marks of AI SDK calls for a provider: each is sent, or a warning names it.
import type {
  LanguageModelV3CallOptions,
  LanguageModelV3FunctionTool,
  LanguageModelV3Message,
} from '@ai-sdk/provider'
import type { CallContext, PreparedChat } from '@patchbay/core'
import { mockProvider } from '@patchbay/testing'
import { describe, expect, it } from 'vitest'
import { ask, warningsOf, ways } from '../../test/calls.js'
import { languageModel } from '../index.js'

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
