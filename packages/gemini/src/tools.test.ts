// Google's own tools: offered, told in events and parts, counted, and sent back.
import { type ChatEvent, type Part, tool } from '@patchbay/core'
import { describe, expect, it } from 'vitest'
import { json, sse } from '../test/server.js'
import { chunk, failureOf, last, options, sentFor, serve } from '../test/wire.js'
import { gemini } from './index.js'

const code = { executableCode: { language: 'PYTHON', code: 'print(6*7)', id: 'c1' } }
const result = { codeExecutionResult: { outcome: 'OUTCOME_OK', output: '42\n', id: 'c1' } }
const failed = { codeExecutionResult: { outcome: 'OUTCOME_FAILED', output: 'boom', id: 'c2' } }
const call = { toolCall: { id: 't1', toolType: 'GOOGLE_SEARCH_WEB', args: { queries: ['fog'] } } }
const response = { toolResponse: { id: 't1', toolType: 'GOOGLE_SEARCH_WEB', response: { hits: 1 } } }
const text = { text: 'Fog in Lima.' }
const told = {
  groundingMetadata: {
    webSearchQueries: ['news of Lima', 'fog Lima'],
    searchEntryPoint: { renderedContent: '<div>fog</div>' },
    groundingChunks: [{ web: { uri: 'https://example.com/lima', title: 'Lima today' } }],
    groundingSupports: [{ segment: { startIndex: 0, endIndex: 3 }, groundingChunkIndices: [0] }],
  },
  urlContextMetadata: {
    urlMetadata: [
      { retrievedUrl: 'https://example.com/lima', urlRetrievalStatus: 'URL_RETRIEVAL_STATUS_SUCCESS' },
      { retrievedUrl: 'https://example.com/gone', urlRetrievalStatus: 'URL_RETRIEVAL_STATUS_ERROR' },
    ],
  },
}
const parts = [code, result, failed, call, response, text]
const tools = [gemini.tools.googleSearch(), gemini.tools.urlContext(), gemini.tools.codeExecution()]
const source = { url: 'https://example.com/lima', title: 'Lima today' }
const toolsOf = (content: readonly Part[]) =>
  content.flatMap((part) => (part.type === 'provider-block' && part.tool ? [part.tool] : []))

describe.each([
  ['whole', json(last('STOP', parts, told))],
  ['streamed', sse([...parts.map((part) => chunk([part])), last('STOP', [], told)])],
])('an answer with server tools, %s', (_, body) => {
  it('tells what they did, with citations and counts, and goes back', async () => {
    const server = await serve(body)
    const llm = gemini('gemini-3.6-flash', { ...options, baseURL: server.url })
    const stream = llm.stream({ messages: 'News of Lima?', tools })
    const events: ChatEvent[] = []
    for await (const event of stream) events.push(event)
    const { message, usage } = await stream.response()

    expect(server.requests[0]?.json).toMatchObject({
      tools: [{ googleSearch: {} }, { urlContext: {} }, { codeExecution: {} }],
    })
    expect(toolsOf(message.content)).toEqual([
      { id: 'c1', name: 'code_execution', input: { language: 'PYTHON', code: 'print(6*7)' } },
      { id: 'c1', name: 'code_execution', output: '42\n' },
      { id: 'c2', name: 'code_execution', output: 'boom', isError: true },
      { id: 't1', name: 'google_search_web', input: { queries: ['fog'] } },
      { id: 't1', name: 'google_search_web', output: { hits: 1 } },
      {
        id: '',
        name: 'google_search',
        input: { queries: ['news of Lima', 'fog Lima'] },
        sources: [source],
        output: { searchEntryPoint: { renderedContent: '<div>fog</div>' } },
      },
      {
        id: '',
        name: 'url_context',
        input: { urls: ['https://example.com/lima', 'https://example.com/gone'] },
        sources: [{ url: 'https://example.com/lima' }],
      },
    ])
    expect(events.filter(({ type }) => type === 'part')).toHaveLength(7)
    expect(message.content.find(({ type }) => type === 'text')).toMatchObject({
      citations: [{ ...source, start: 0, end: 3 }],
    })
    expect(usage).toMatchObject({ webSearches: 2, webFetches: 1 })

    const { warnings } = await llm.chat({ messages: ['News of Lima?', message, 'And of Cusco?'], tools })
    expect(warnings.filter(({ feature }) => feature !== 'citations')).toEqual([])
    const sent = server.requests.at(-1)?.json as { contents: { parts: object[] }[] }
    expect(sent.contents[1]?.parts).toEqual(parts)
  })
})

const look = tool({ name: 'look', input: { type: 'object', properties: { at: { type: 'string' } } } })

it('stand beside functions from Gemini 3 on; older models refuse that', async () => {
  const { body } = await sentFor({ tools: [look, gemini.tools.googleSearch()] })
  expect(body).toMatchObject({
    tools: [{ functionDeclarations: [{ name: 'look' }] }, { googleSearch: {} }],
    toolConfig: { includeServerSideToolInvocations: true },
  })
  const request = { messages: 'x', tools: [look, gemini.tools.googleSearch()] }
  const older = gemini('gemini-2.5-flash', options)
  expect(await failureOf(older.chat(request))).toMatchObject({
    code: 'unsupported',
    message: expect.stringContaining('beside functions'),
  })
})

it('an optional one is left out beside functions of an older model, with a warning', async () => {
  const search = gemini.tools.googleSearch()
  const optional = { ...search, server: { ...search.server, isOptional: true } }
  const { body, warnings } = await sentFor({ tools: [look, optional] }, 'gemini-2.5-flash')
  expect(body.tools).toMatchObject([{ functionDeclarations: [{ name: 'look' }] }])
  expect(warnings.filter(({ code }) => code === 'unsupported')).toMatchObject([
    { code: 'unsupported', feature: 'gemini.webSearch', message: expect.stringContaining('left out') },
  ])
})

it('all that an older model cannot take beside functions are named', async () => {
  const own = [gemini.tools.googleSearch(), gemini.tools.urlContext()]
  const request = { messages: 'x', tools: [look, ...own] }
  const server = await serve(json(last('STOP', [text])))
  const llm = gemini('gemini-2.5-flash', { ...options, baseURL: server.url })
  const { warnings } = await llm.chat({ ...request, onUnsupported: 'warn' })
  expect(warnings.filter(({ code }) => code === 'unsupported')).toMatchObject([
    { feature: 'gemini.webSearch', message: expect.stringContaining('google_search') },
    { feature: 'gemini.webFetch', message: expect.stringContaining('url_context') },
  ])
  expect(server.requests[0]?.json).toMatchObject({ tools: [{ functionDeclarations: [{ name: 'look' }] }] })
})

describe('the options of Google Search', () => {
  const since = new Date('2026-11-01T00:00:00Z')
  const until = new Date('2026-11-02T00:00:00Z')
  const range = gemini.tools.googleSearch({ since, until })
  const domains = gemini.tools.googleSearch({ excludedDomains: ['example.com'] })
  const timeRangeFilter = { startTime: '2026-11-01T00:00:00.000Z', endTime: '2026-11-02T00:00:00.000Z' }
  const services = [
    ['the Gemini API', undefined, range, { timeRangeFilter }, domains, 'excludedDomains'],
    ['Vertex AI', { project: 'p' }, domains, { excludeDomains: ['example.com'] }, range, 'since and until'],
  ] as const

  it.each(
    services,
  )('%s gets its own, and not those of the other', async (_, vertex, own, sent, other, name) => {
    const server = await serve(json(last('STOP', [text])))
    const llm = gemini('gemini-3.6-flash', { ...options, baseURL: server.url, vertex })
    await llm.chat({ messages: 'x', tools: [own] })
    expect(server.requests[0]?.json).toMatchObject({ tools: [{ googleSearch: sent }] })

    const request = { messages: 'x', tools: [other] }
    expect(await failureOf(llm.chat(request))).toMatchObject({
      code: 'unsupported',
      message: expect.stringContaining(name),
    })
    expect(server.requests).toHaveLength(1)
    const { warnings } = await llm.chat({ ...request, onUnsupported: 'warn' })
    expect(warnings).toMatchObject([{ code: 'unsupported', feature: 'gemini.webSearch' }])
    expect((server.requests[1]?.json as { tools: unknown }).tools).toEqual([{ googleSearch: {} }])
  })

  it.each([
    ['only a beginning', { since }],
    ['only an end', { until }],
    ['an end before the beginning', { since: until, until: since }],
    ['no date', { since: new Date('yesterday'), until }],
  ])('a range with %s is an error', (_, range) => {
    const search = gemini.tools.googleSearch as (range: object) => unknown
    expect(() => search(range)).toThrow(
      expect.objectContaining({
        code: 'config',
        message: expect.stringContaining('since'),
      }),
    )
  })
})

it('cannot be forced, and a model or a cloud without the tool refuses it', async () => {
  const llm = gemini('gemini-3.6-flash', options)
  const forced = { messages: 'x', tools, toolChoice: { name: 'google_search' } } as const
  expect(await failureOf(llm.chat(forced))).toMatchObject({ code: 'unsupported' })
  const files = { messages: 'x', tools: [gemini.tools.fileSearch({ stores: ['fileSearchStores/s'] })] }
  const vertex = gemini('gemini-3.6-flash', { ...options, vertex: { project: 'p', location: 'global' } })
  for (const provider of [gemini('gemini-1.5-pro', options), vertex])
    expect(await failureOf(provider.chat(files))).toMatchObject({
      code: 'unsupported',
      message: expect.stringContaining('gemini.fileSearch'),
    })
})

const [early, late] = [new Date(0), new Date(1)]
it.each([
  [() => gemini.tools.googleSearch({ since: new Date('x'), until: late }), /since .* must be a valid Date/],
  [() => gemini.tools.googleSearch({ since: early } as never), /together/],
  [() => gemini.tools.googleSearch({ since: late, until: early }), /before/],
  [() => gemini.tools.googleSearch({ excludeDomains: ['a'] } as never), /Did you mean excludedDomains/],
  [() => gemini.tools.fileSearch({ stores: [] }), /at least one/],
  [() => gemini.tools.fileSearch({ stores: ['fileSearchStores/a'], top_k: 3 } as never), /Did you mean topK/],
])('an option that is unknown or cannot be right is refused: %s', (make, message) => {
  expect(make).toThrow(expect.objectContaining({ code: 'config', message: expect.stringMatching(message) }))
})
