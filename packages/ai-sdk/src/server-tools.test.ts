// Server tools in the AI SDK: its provider-defined tools in a request, and what a service's tools did in an answer. The judges are the
// AI SDK itself, and the requests that its own providers send for the same tools.
import { type AnthropicProvider, createAnthropic } from '@ai-sdk/anthropic'
import { createOpenAI, type OpenAIProvider } from '@ai-sdk/openai'
import type { BackendEvent, FinishReason, ServerToolUse } from '@patchbay/core'
import { mockProvider } from '@patchbay/testing'
import {
  generateText,
  type LanguageModel,
  type ModelMessage,
  readUIMessageStream,
  streamText,
  type ToolSet,
  type UIMessageChunk,
  wrapLanguageModel,
} from 'ai'
import { describe, expect, it } from 'vitest'
import { ask, ways } from '../test/calls.js'
import { fromModelMessages, fromUiMessages, languageModel, toResponse, toUiMessages } from './index.js'

/** The body that a provider of the AI SDK sends. */
async function bodyOf(model: (fetch: typeof globalThis.fetch) => LanguageModel, tools: ToolSet) {
  let body = ''
  const fetch: typeof globalThis.fetch = async (_, init) => {
    body = String(init?.body)
    throw new Error('Seen.')
  }
  await generateText({ model: model(fetch), tools, prompt: 'x', maxRetries: 0 }).catch(() => {})
  return JSON.parse(body) as { tools: unknown[]; include?: string[] }
}

const anthropic: AnthropicProvider['tools'] = createAnthropic({ apiKey: 'k' }).tools
const openai: OpenAIProvider['tools'] = createOpenAI({ apiKey: 'k' }).tools
const userLocation = { type: 'approximate' as const, city: 'Lima', country: 'PE' }
const ofAnthropic: Record<string, unknown> = {
  'claude.webSearch': anthropic.webSearch_20250305({ maxUses: 2, allowedDomains: ['a.com'], userLocation }),
  'claude.webFetch': anthropic.webFetch_20250910({ maxContentTokens: 9, citations: { enabled: true } }),
  'claude.codeExecution': anthropic.codeExecution_20250825(),
  'claude.computer': anthropic.computer_20251124({ displayWidthPx: 800, displayHeightPx: 600 }),
}
const ofOpenAI: Record<string, unknown> = {
  'openai.webSearch': openai.webSearch({
    ...{ filters: { allowedDomains: ['a.com'] }, searchContextSize: 'low', userLocation },
  }),
  'openai.fileSearch': openai.fileSearch({
    ...{ vectorStoreIds: ['vs_1'], maxNumResults: 3, ranking: { ranker: 'auto', scoreThreshold: 0.5 } },
    filters: { type: 'and', filters: [{ type: 'eq', key: 'theKey', value: 'aValue' }] },
  }),
  'openai.codeExecution': openai.codeInterpreter({ container: { fileIds: ['file-1'] } }),
  'openai.imageGeneration': openai.imageGeneration({ outputFormat: 'webp', inputImageMask: { fileId: 'f' } }),
  'openai.mcp': openai.mcp({
    ...{ serverLabel: 'docs', serverUrl: 'https://example.com/mcp', headers: { 'X-Api-Key': 'secret' } },
    ...{ allowedTools: { readOnly: true, toolNames: ['readIt'] }, authorization: 'token' },
  }),
}

describe('a provider-defined tool in a request', () => {
  const rows = [
    ...Object.entries(ofAnthropic).map(([name, tool]) => {
      const model = (fetch: typeof globalThis.fetch) => createAnthropic({ apiKey: 'k', fetch })('claude-x')
      return { name, tool, model }
    }),
    ...Object.entries(ofOpenAI).map(([name, tool]) => {
      const model = (fetch: typeof globalThis.fetch) => createOpenAI({ apiKey: 'k', fetch })('gpt-5')
      return { name, tool, model }
    }),
  ] as const

  it.each(rows)('is sent as the provider of the AI SDK sends it: $name', async ({ name, tool, model }) => {
    const [provider = '', kind] = name.split('.')
    const inner = mockProvider({ provider, capabilities: { serverTools: [name as 'claude.webSearch'] } })
    // The choice is not the SDK's to check here: the mock calls nothing.
    const chosen = wrapLanguageModel({
      model: languageModel(inner),
      middleware: {
        specificationVersion: 'v3',
        transformParams: async ({ params }) => ({
          ...params,
          toolChoice: { type: 'tool', toolName: 'mine' },
        }),
      },
    })
    const mine = { mine: tool } as ToolSet
    const { warnings } = await generateText({ model: chosen, tools: mine, prompt: 'x' })
    const { tools, include = [] } = await bodyOf(model, mine)
    const [sent] = inner.requests[0]?.serverTools ?? []
    expect(sent?.server).toMatchObject({ provider, kind })
    expect([sent?.server.definition]).toEqual(tools)
    if (include.length > 0) expect(sent?.server.body?.include).toEqual(expect.arrayContaining(include))
    expect(inner.requests[0]?.toolChoice).toEqual({ name: sent?.name })
    expect(warnings).toEqual([])
    if (name === 'openai.mcp') expect(sent?.server.secrets).toEqual(['token', 'secret'])
  })

  it('of Google has its arguments under the name of the service', async () => {
    const inner = mockProvider({ provider: 'gemini', capabilities: { serverTools: ['gemini.fileSearch'] } })
    const args = { fileSearchStoreNames: ['fileSearchStores/a'], topK: 3 }
    await languageModel(inner).doGenerate({
      prompt: [{ role: 'user', content: [{ type: 'text', text: 'x' }] }],
      tools: [{ type: 'provider', id: 'google.file_search', name: 'file_search', args }],
    })
    expect(inner.requests[0]?.serverTools?.[0]?.server.definition).toEqual({ fileSearch: args })
  })

  it.each<[what: string, tool: unknown, feature: string]>([
    ['of another maker', ofOpenAI['openai.webSearch'], 'openai.webSearch'],
    ['that Patchbay does not have', anthropic.bash_20250124({}), 'anthropic.bash_20250124'],
  ])('%s is left out, with a warning', async (_, tool, feature) => {
    const inner = mockProvider({ provider: 'claude', capabilities: { serverTools: ['claude.webSearch'] } })
    const { warnings } = await ask('complete', {
      ...{ model: languageModel(inner), tools: { mine: tool }, prompt: 'x' },
    } as Parameters<typeof ask>[1])
    expect(warnings).toMatchObject([{ type: 'unsupported', feature }])
    expect(inner.requests[0]?.serverTools).toBeUndefined()
  })
})

const block = (tool: ServerToolUse): BackendEvent => ({
  type: 'part',
  part: { type: 'provider-block', kind: 'k', tool, opaque: { provider: 'mock', data: { id: tool.id } } },
})
const ended = (finishReason: FinishReason): BackendEvent => ({ type: 'finish', response: { finishReason } })
const page = { url: 'https://example.com/a', title: 'A' }
const used: BackendEvent[] = [
  block({ id: 's1', name: 'bash_code_execution', input: { command: 'ls' } }),
  block({ id: 's1', name: 'bash', output: { stdout: 'a.txt' } }),
  block({ id: 's2', name: 'web_search', input: { query: 'q' } }),
  block({ id: 's2', name: 'web_search', output: 'max_uses_exceeded', isError: true }),
  // Without ids, as of Gemini.
  block({ id: '', name: 'code_execution', input: { code: '1' } }),
  block({ id: '', name: 'code_execution', output: '1' }),
  { type: 'text', text: 'So.' },
  block({ id: '', name: 'google_search', input: { queries: ['q'] }, sources: [page] }),
  block({ id: 's3', name: 'file_search', input: { queries: ['q'] } }),
]
const ran = { providerExecuted: true, dynamic: true }
const shown = [
  { type: 'tool-call', toolCallId: 's1', toolName: 'bash_code_execution', input: { command: 'ls' }, ...ran },
  { type: 'tool-result', toolCallId: 's1', toolName: 'bash_code_execution', output: { stdout: 'a.txt' } },
  { type: 'tool-call', toolCallId: 's2', toolName: 'web_search', input: { query: 'q' }, ...ran },
  { type: 'tool-error', toolCallId: 's2', error: 'max_uses_exceeded', ...ran },
  { type: 'tool-call', toolName: 'code_execution', input: { code: '1' }, ...ran },
  { type: 'tool-result', toolName: 'code_execution', output: '1', ...ran },
  { type: 'text', text: 'So.' },
  { type: 'tool-call', toolName: 'google_search', input: { queries: ['q'] }, ...ran },
  { type: 'tool-result', toolName: 'google_search', output: { sources: [page] }, ...ran },
  { type: 'tool-call', toolName: 'file_search', input: { queries: ['q'] }, ...ran },
  { type: 'tool-result', toolName: 'file_search', output: {}, ...ran },
  { type: 'source', sourceType: 'url', ...page },
]

describe('what tools of a service did', () => {
  it.each(ways)('are calls and results, and go back to the service whole: %s', async (way) => {
    const inner = mockProvider({ answers: [{ events: [...used, ended('stop')] }, 'Yes.'] })
    const model = languageModel(inner)
    const first = await ask(way, { model, messages: [{ role: 'user', content: 'x' }] })
    expect(first.content.filter(({ type }) => type !== 'reasoning')).toMatchObject(shown)
    await ask(way, {
      model,
      messages: [{ role: 'user', content: 'x' }, ...first.response.messages, { role: 'user', content: 'y' }],
    })
    const sent = used.flatMap((event) => (event.type === 'part' ? [event.part] : []))
    const back = inner.requests[1]?.messages[1]?.content ?? []
    expect(back.filter(({ type }) => type === 'provider-block')).toEqual(sent)
    expect(back).toHaveLength(used.length)
    // A conversation that is saved in the form of the SDK, too.
    const saved = JSON.parse(JSON.stringify(first.response.messages)) as ModelMessage[]
    expect(fromModelMessages(saved)).toMatchObject([{ role: 'assistant', content: back }])
  })

  it('of an answer that pauses have no result yet', async () => {
    const events = [block({ id: 's', name: 'web_search', input: {} }), ended('pause')]
    const { content } = await generateText({
      model: languageModel(mockProvider({ answers: [{ events }] })),
      prompt: 'x',
    })
    expect(content).toMatchObject([{ type: 'tool-call', toolCallId: 's', ...ran }])
  })

  it('are parts of the page, live, by the AI SDK’s own stream, and from a saved conversation', async () => {
    const inner = () => mockProvider({ answers: [{ events: [...used, ended('stop')] }, 'Yes.'] })
    const chunksOf = async (response: Response) => {
      const lines = (await response.text()).match(/(?<=^data: )\{.*$/gm) ?? []
      return lines.map((line) => JSON.parse(line) as UIMessageChunk)
    }
    const own = inner()
    const options = { toolError: (text: string) => text }
    const ours = await lastMessage(await chunksOf(toResponse(own.stream('x'), options)))
    const theirs = streamText({ model: languageModel(inner()), prompt: 'x' }).toUIMessageStreamResponse()
    const { message } = await inner().chat('x')
    const [saved] = toUiMessages([message], options)
    const tool = { type: 'dynamic-tool', providerExecuted: true }
    const expected = [
      { ...tool, toolCallId: 's1', state: 'output-available', output: { stdout: 'a.txt' } },
      { ...tool, toolCallId: 's2', state: 'output-error', errorText: 'max_uses_exceeded' },
      { ...tool, toolName: 'code_execution', state: 'output-available', output: '1' },
      { type: 'text', text: 'So.' },
      { ...tool, toolName: 'google_search', state: 'output-available', output: { sources: [page] } },
      { ...tool, toolName: 'file_search', state: 'output-available', input: { queries: ['q'] } },
    ]
    const kinds = ['dynamic-tool', 'text']
    for (const parts of [ours.parts, (await lastMessage(await chunksOf(theirs))).parts, saved?.parts ?? []])
      expect(parts.filter(({ type }) => kinds.includes(type))).toMatchObject(expected)
    // Both ways, the model gets back what it said.
    for (const parts of [ours.parts, saved?.parts ?? []])
      expect(fromUiMessages([{ role: 'assistant', parts }])).toEqual([message])
  })
})

async function lastMessage(chunks: UIMessageChunk[]) {
  let last: { parts: { type: string }[] } = { parts: [] }
  const stream = new ReadableStream<UIMessageChunk>({
    start(controller) {
      for (const chunk of chunks) controller.enqueue(chunk)
      controller.close()
    },
  })
  for await (const message of readUIMessageStream({ stream })) last = message
  return last
}
