// OpenAI's own tools: offered, told in events and parts, counted, and sent back.
import { existsSync, readFileSync } from 'node:fs'
import { inspect } from 'node:util'
import type { ChatEvent, Part } from '@patchbay/core'
import { faultServer } from '@patchbay/testing'
import { describe, expect, it, onTestFinished } from 'vitest'
import { json, sse } from '../test/server.js'
import { openai } from './index.js'

type Json = Record<string, unknown>

async function answeredBy(body: Parameters<typeof faultServer>[0], model = 'gpt-5.6-sol') {
  const server = await faultServer(body)
  onTestFinished(() => server.close())
  const options = {
    apiKey: 'k',
    baseURL: server.url,
    api: 'responses',
    preset: 'openai',
    retry: false,
  } as const
  return { server, llm: openai(model, options) }
}

const search = {
  type: 'web_search_call',
  id: 'ws_1',
  status: 'completed',
  action: {
    type: 'search',
    query: 'news of Lima',
    sources: [{ type: 'url', url: 'https://example.com/lima' }],
  },
}
const opened = {
  type: 'web_search_call',
  id: 'ws_2',
  status: 'completed',
  action: { type: 'open_page', url: 'https://example.com/lima' },
}
const files = {
  type: 'file_search_call',
  id: 'fs_1',
  status: 'completed',
  queries: ['fog'],
  results: [{ file_id: 'file-1', filename: 'lima.pdf', score: 0.9, text: 'Fog all day.' }],
}
const code = {
  type: 'code_interpreter_call',
  id: 'ci_1',
  status: 'completed',
  code: 'print(6*7)',
  container_id: 'cntr_1',
  outputs: [{ type: 'logs', logs: '42' }],
}
const mcp = {
  type: 'mcp_call',
  id: 'mcp_1',
  status: 'failed',
  server_label: 'wiki',
  name: 'ask',
  arguments: '{"q":"fog"}',
  error: 'down',
  output: null,
}
const drawn = {
  type: 'image_generation_call',
  id: 'ig_1',
  status: 'completed',
  result: 'iVBORw0KGgo=',
  output_format: 'png',
}
const message = {
  type: 'message',
  id: 'msg_1',
  role: 'assistant',
  status: 'completed',
  content: [
    {
      type: 'output_text',
      text: 'Fog.',
      annotations: [{ type: 'file_citation', file_id: 'file-1', filename: 'lima.pdf', index: 4 }],
    },
  ],
}
const output: Json[] = [search, opened, files, code, mcp, drawn, message]
const response = {
  id: 'resp_1',
  model: 'gpt-5.6-sol',
  status: 'completed',
  output,
  usage: { input_tokens: 100, output_tokens: 20 },
}
const whole = json(response)
const streamed = sse([
  { type: 'response.created', response: { ...response, status: 'in_progress', output: [] } },
  ...output.flatMap((item, output_index) => [
    { type: 'response.output_item.added', output_index, item: { ...item, status: 'in_progress' } },
    ...(item === search
      ? [{ type: 'response.web_search_call.searching', output_index, item_id: 'ws_1' }]
      : []),
    ...(item === message
      ? [{ type: 'response.output_text.delta', output_index, item_id: 'msg_1', delta: 'Fog.' }]
      : []),
    { type: 'response.output_item.done', output_index, item },
  ]),
  { type: 'response.completed', response },
])
const tools = [
  openai.tools.webSearch({ allowedDomains: ['example.com'], contextSize: 'low' }),
  openai.tools.fileSearch({ vectorStoreIds: ['vs_1'], maxResults: 5 }),
  openai.tools.codeInterpreter(),
  openai.tools.imageGeneration({ size: '1024x1536' }),
  openai.tools.mcp({ name: 'wiki', url: 'https://wiki.example/mcp', allowedTools: ['ask'] }),
]
const toolsOf = (parts: readonly Part[]) =>
  parts.flatMap((part) => (part.type === 'provider-block' && part.tool ? [part.tool] : []))

describe.each([
  ['whole', whole],
  ['streamed', streamed],
])('an answer with server tools, %s', (_, body) => {
  it('tells each call with its result, counts searches, and goes back unchanged', async () => {
    const { server, llm } = await answeredBy(body)
    const stream = llm.stream({ messages: 'News of Lima?', tools })
    const events: ChatEvent[] = []
    for await (const event of stream) events.push(event)
    const { message: answer, usage, text } = await stream.response()

    expect(server.requests[0]?.json).toMatchObject({
      tools: [
        { type: 'web_search', filters: { allowed_domains: ['example.com'] }, search_context_size: 'low' },
        { type: 'file_search', vector_store_ids: ['vs_1'], max_num_results: 5 },
        { type: 'code_interpreter', container: { type: 'auto' } },
        { type: 'image_generation', size: '1024x1536' },
        {
          type: 'mcp',
          server_label: 'wiki',
          server_url: 'https://wiki.example/mcp',
          allowed_tools: ['ask'],
          require_approval: 'never',
        },
      ],
      include: expect.arrayContaining([
        'web_search_call.action.sources',
        'file_search_call.results',
        'code_interpreter_call.outputs',
      ]),
    })
    expect(toolsOf(answer.content)).toEqual([
      {
        id: 'ws_1',
        name: 'web_search',
        input: { type: 'search', query: 'news of Lima' },
        sources: [{ url: 'https://example.com/lima' }],
      },
      {
        id: 'ws_2',
        name: 'web_search',
        input: { type: 'open_page', url: 'https://example.com/lima' },
        sources: [{ url: 'https://example.com/lima' }],
      },
      {
        id: 'fs_1',
        name: 'file_search',
        input: { queries: ['fog'] },
        sources: [{ title: 'lima.pdf', quote: 'Fog all day.' }],
      },
      {
        id: 'ci_1',
        name: 'code_interpreter',
        input: { code: 'print(6*7)' },
        output: [{ type: 'logs', logs: '42' }],
      },
      { id: 'mcp_1', name: 'ask', input: { q: 'fog' }, output: 'down', isError: true },
    ])
    expect(toolsOf(events.flatMap((event) => (event.type === 'part' ? [event.part] : [])))).toHaveLength(5)
    expect(answer.content.find(({ type }) => type === 'image')).toMatchObject({
      data: 'iVBORw0KGgo=',
      mediaType: 'image/png',
    })
    expect(answer.content.at(-1)).toMatchObject({ citations: [{ title: 'lima.pdf' }] })
    expect(text).toBe('Fog.')
    expect(usage).toEqual({ inputTokens: 100, outputTokens: 20, webSearches: 1 })

    const { warnings } = await llm.chat({ messages: ['News of Lima?', answer, 'And of Cusco?'], tools })
    expect(warnings).toEqual([])
    const sent = server.requests.at(-1)?.json as { input: Json[] }
    const { status: _, ...said } = message
    expect(sent.input.slice(1, -1)).toEqual([search, opened, files, code, mcp, drawn, said])
  })
})

it('a server tool can be forced', async () => {
  const { server, llm } = await answeredBy(whole)
  await llm.chat({ messages: 'Hi.', tools, toolChoice: { name: 'web_search' } })
  await llm.chat({ messages: 'Hi.', tools, toolChoice: { name: 'mcp_wiki' } })
  expect(server.requests.map((request) => (request.json as Json).tool_choice)).toEqual([
    { type: 'web_search' },
    { type: 'mcp', server_label: 'wiki' },
  ])
})

it('Chat Completions, and servers that are not OpenAI, refuse them before anything is sent', async () => {
  const { server } = await answeredBy(whole)
  const options = { apiKey: 'k', baseURL: server.url, retry: false } as const
  for (const llm of [
    openai('gpt-5.6-sol', { ...options, api: 'chat', preset: 'openai' }),
    openai('qwen3', { ...options, api: 'responses', preset: 'vllm' }),
  ])
    await expect(llm.chat({ messages: 'Hi.', tools })).rejects.toMatchObject({
      code: 'unsupported',
      message: expect.stringContaining('openai.webSearch'),
    })
  expect(server.requests).toHaveLength(0)
})

const wikiServer = { name: 'wiki', url: 'https://wiki.example/mcp' }
it.each([
  [
    () => openai.tools.webSearch({ blockedDomains: ['a.example'] } as never),
    /blockedDomains is not an option/,
  ],
  [() => openai.tools.webSearch({ allowedDomains: [] }), /at least one/],
  [() => openai.tools.mcp({ ...wikiServer, allowed_tools: ['ask'] } as never), /Did you mean allowedTools/],
  [() => openai.tools.mcp({ ...wikiServer, requireApproval: 'always' } as never), /requireApproval is not/],
  [() => openai.tools.mcp({ ...wikiServer, connector: 'connector_x' } as never), /not both/],
  [() => openai.tools.mcp({ name: 'wiki' } as never), /needs url/],
  [() => openai.tools.fileSearch({} as never), /needs vectorStoreIds/],
  [() => openai.tools.fileSearch({ vectorStoreIds: ['vs_1'], maxResults: 0 }), /maxResults/],
  [() => openai.tools.codeInterpreter({ container: 'cntr_1', fileIds: ['file-1'] }), /not both/],
  [() => openai.tools.imageGeneration({ outputFormat: 'png' } as never), /outputFormat is not an option/],
])('an option that is unknown or cannot be right is refused: %s', (make, message) => {
  expect(make).toThrow(expect.objectContaining({ code: 'config', message: expect.stringMatching(message) }))
})

it('a log of a tool does not show its token', () => {
  const secret = 'wiki-Token_of-mine'
  const wiki = openai.tools.mcp({ name: 'wiki', url: 'https://wiki.example/mcp', authorizationToken: secret })
  const shown = inspect({ tools: [wiki], spread: { ...wiki } }, { depth: 20 })
  expect(shown).toContain('[secret]')
  expect(shown).toContain('https://wiki.example/mcp')
  expect(shown).not.toContain(secret)
})

it('no error repeats the token for an MCP server', async () => {
  const secret = 'wiki-Token_of-mine'
  const { server, llm } = await answeredBy(
    json({ error: { message: `The token ${secret} is not valid` } }, 400),
  )
  const wiki = openai.tools.mcp({ name: 'wiki', url: 'https://wiki.example/mcp', authorizationToken: secret })
  await expect(llm.chat({ messages: 'Hi.', tools: [wiki] })).rejects.toMatchObject({
    code: 'invalid-request',
    message: expect.not.stringContaining(secret),
  })
  expect(server.requests[0]?.body).toContain(secret)
})

// Bodies of the real service.
const folder = process.env.PATCHBAY_RECORDINGS ?? ''
const recordings = [
  ['openai-web-search-tool.1', ['web_search', 'web_search', 'web_search']],
  ['openai-file-search-tool.1', ['file_search']],
  ['openai-code-interpreter-tool.1', ['code_interpreter', 'code_interpreter', 'code_interpreter']],
  ['openai-mcp-tool.1', ['web_search_exa']],
] as const
if (!existsSync(folder))
  it.skip('recordings: set PATCHBAY_RECORDINGS to the folder that holds them', () => {})
describe.skipIf(!existsSync(folder))('a recorded answer', () => {
  it.each(
    recordings.flatMap(([name, names]) => [
      [`${name}--json`, names] as const,
      [`${name}--stream`, names] as const,
    ]),
  )('%s', async (name, names) => {
    const at = `${folder}/openai--${name}`
    const { status, headers, bodyFile } = JSON.parse(readFileSync(`${at}/meta.json`, 'utf8')).response
    const { llm } = await answeredBy({ status, headers, body: readFileSync(`${at}/${bodyFile}`) })
    const { message: answer, usage } = await llm.chat('Hi.')
    const used = toolsOf(answer.content)
    expect(used.slice(0, names.length).map((tool) => tool.name)).toEqual(names)
    expect(used.every(({ id, input }) => id !== '' && input !== undefined)).toBe(true)
    if (name.includes('web-search')) {
      const searches = used.filter(({ input }) => (input as Json).type === 'search')
      expect(usage.webSearches).toBe(searches.length)
      for (const { sources } of searches) expect(sources?.[0]?.url).toMatch(/^https/)
    }
  })
})
