// Anthropic's own tools: offered, told in events and parts, counted, and sent back.
import { existsSync, readFileSync } from 'node:fs'
import { inspect } from 'node:util'
import type { ChatEvent, Part, ServerToolUse } from '@patchbay/core'
import { faultServer } from '@patchbay/testing'
import { strictService } from '@patchbay/testing/services'
import { describe, expect, it, onTestFinished } from 'vitest'
import { json, sse } from '../test/server.js'
import { claude } from './index.js'

const search = claude.tools.webSearch({ maxUses: 3, allowedDomains: ['example.com'] })

const call = {
  type: 'server_tool_use',
  id: 'srvtoolu_1',
  name: 'web_search',
  input: { query: 'news of Lima' },
}
const result = {
  type: 'web_search_tool_result',
  tool_use_id: 'srvtoolu_1',
  content: [
    {
      type: 'web_search_result',
      url: 'https://example.com/lima',
      title: 'Lima today',
      encrypted_content: 'RW5j',
      page_age: null,
    },
  ],
}
const citation = {
  type: 'web_search_result_location',
  url: 'https://example.com/lima',
  title: 'Lima today',
  encrypted_index: 'SWR4',
  cited_text: 'Fog all day.',
}
const usage = {
  input_tokens: 100,
  output_tokens: 20,
  server_tool_use: { web_search_requests: 1, web_fetch_requests: 0 },
}
const message = { id: 'msg_1', type: 'message', role: 'assistant', model: 'claude-opus-5' }
const whole = json({
  ...message,
  content: [call, result, { type: 'text', text: 'Fog.', citations: [citation] }],
  stop_reason: 'end_turn',
  usage,
})
const streamed = sse([
  {
    type: 'message_start',
    message: { ...message, content: [], stop_reason: null, usage: { input_tokens: 100, output_tokens: 1 } },
  },
  { type: 'content_block_start', index: 0, content_block: { ...call, input: {} } },
  {
    type: 'content_block_delta',
    index: 0,
    delta: { type: 'input_json_delta', partial_json: '{"query":"news' },
  },
  { type: 'content_block_delta', index: 0, delta: { type: 'input_json_delta', partial_json: ' of Lima"}' } },
  { type: 'content_block_stop', index: 0 },
  { type: 'content_block_start', index: 1, content_block: result },
  { type: 'content_block_stop', index: 1 },
  { type: 'content_block_start', index: 2, content_block: { type: 'text', text: '', citations: [] } },
  { type: 'content_block_delta', index: 2, delta: { type: 'citations_delta', citation } },
  { type: 'content_block_delta', index: 2, delta: { type: 'text_delta', text: 'Fog.' } },
  { type: 'content_block_stop', index: 2 },
  { type: 'message_delta', delta: { stop_reason: 'end_turn' }, usage },
  { type: 'message_stop' },
])

async function answeredBy(body: Parameters<typeof faultServer>[0], model = 'claude-opus-5') {
  const server = await faultServer(body)
  onTestFinished(() => server.close())
  return { server, llm: claude(model, { apiKey: 'k', baseURL: server.url, retry: false }) }
}

const toolsOf = (parts: readonly Part[]) =>
  parts.flatMap((part) => (part.type === 'provider-block' && part.tool ? [part.tool] : []))

const told: ServerToolUse[] = [
  { id: 'srvtoolu_1', name: 'web_search', input: { query: 'news of Lima' } },
  {
    id: 'srvtoolu_1',
    name: 'web_search',
    sources: [{ url: 'https://example.com/lima', title: 'Lima today' }],
  },
]

describe.each([
  ['whole', whole],
  ['streamed', streamed],
])('a web search, %s', (_, body) => {
  it('is offered, told as a call and a result, cited, counted, and sent back unchanged', async () => {
    const { server, llm } = await answeredBy(body)
    const stream = llm.stream({ messages: 'News of Lima?', tools: [search] })
    const events: ChatEvent[] = []
    for await (const event of stream) events.push(event)
    const response = await stream.response()

    expect(server.requests[0]?.json).toMatchObject({
      tools: [
        { type: 'web_search_20250305', name: 'web_search', max_uses: 3, allowed_domains: ['example.com'] },
      ],
    })
    expect(toolsOf(events.flatMap((event) => (event.type === 'part' ? [event.part] : [])))).toEqual(told)
    expect(toolsOf(response.message.content)).toEqual(told)
    expect(response.message.content.at(-1)).toMatchObject({
      type: 'text',
      citations: [{ url: 'https://example.com/lima', title: 'Lima today', quote: 'Fog all day.' }],
    })
    expect(response).toMatchObject({ text: 'Fog.', finishReason: 'stop', toolCalls: [] })
    expect(response.usage).toEqual({ inputTokens: 100, outputTokens: 20, webSearches: 1 })

    await llm.chat({ messages: ['News of Lima?', response.message, 'And of Cusco?'], tools: [search] })
    const sent = server.requests.at(-1)?.json as { messages: { content: object[] }[] }
    expect(sent.messages[1]?.content).toEqual([
      call,
      result,
      { type: 'text', text: 'Fog.', citations: [citation] },
    ])
  })
})

it('tools that are in beta send their headers, beside those of the caller', async () => {
  const { server, llm } = await answeredBy(whole)
  await llm.chat(
    {
      messages: 'Hi.',
      tools: [
        claude.tools.webFetch({ citations: true, maxContentTokens: 1000 }),
        claude.tools.codeExecution(),
        claude.tools.mcp({ name: 'wiki', url: 'https://wiki.example/mcp', allowedTools: ['ask'] }),
        claude.tools.computer({ width: 1024, height: 768 }),
      ],
    },
    { headers: { 'anthropic-beta': 'my-beta' } },
  )
  const [request] = server.requests
  expect(String(request?.headers['anthropic-beta']).split(',').sort()).toEqual([
    'code-execution-2025-08-25',
    'computer-use-2025-11-24',
    'mcp-client-2025-11-20',
    'my-beta',
    'web-fetch-2025-09-10',
  ])
  expect(request?.json).toMatchObject({
    tools: [
      {
        type: 'web_fetch_20250910',
        name: 'web_fetch',
        max_content_tokens: 1000,
        citations: { enabled: true },
      },
      { type: 'code_execution_20250825', name: 'code_execution' },
      {
        type: 'mcp_toolset',
        mcp_server_name: 'wiki',
        default_config: { enabled: false },
        configs: { ask: { enabled: true } },
      },
      { type: 'computer_20251124', name: 'computer', display_width_px: 1024, display_height_px: 768 },
    ],
    mcp_servers: [{ type: 'url', name: 'wiki', url: 'https://wiki.example/mcp' }],
  })
})

it('a tool that fails says so in its result', async () => {
  const failed = {
    ...result,
    content: { type: 'web_search_tool_result_error', error_code: 'max_uses_exceeded' },
  }
  const { llm } = await answeredBy(
    json({
      ...message,
      content: [call, failed, { type: 'text', text: 'No.' }],
      stop_reason: 'end_turn',
      usage,
    }),
  )
  const { message: answer } = await llm.chat({ messages: 'Hi.', tools: [search] })
  expect(toolsOf(answer.content)[1]).toEqual({
    id: 'srvtoolu_1',
    name: 'web_search',
    output: 'max_uses_exceeded',
    isError: true,
  })
})

it('a server tool can be forced by its name', async () => {
  const { server, llm } = await answeredBy(whole)
  await llm.chat({ messages: 'Hi.', tools: [search], toolChoice: { name: 'web_search' } })
  expect(server.requests[0]?.json).toMatchObject({ tool_choice: { type: 'tool', name: 'web_search' } })
})

it('the computer is offered to the models that take this version of it', async () => {
  const can = async (model: string) => {
    const { serverTools = [] } = await claude(model, { apiKey: 'k' }).capabilities()
    return serverTools.includes('claude.computer')
  }
  for (const model of ['claude-opus-5', 'claude-sonnet-4-6', 'claude-opus-4-5-20251101'])
    expect(await can(model)).toBe(true)
  for (const model of ['claude-opus-5-5', 'claude-haiku-5-5', 'claude-sonnet-4-5', 'claude-haiku-4-5'])
    expect(await can(model)).toBe(false)
})

it('a model or a cloud without the tool refuses it before anything is sent', async () => {
  const { server, llm } = await answeredBy(whole, 'claude-3-haiku-20240307')
  await expect(llm.chat({ messages: 'Hi.', tools: [search] })).rejects.toMatchObject({
    code: 'unsupported',
    message: expect.stringContaining('claude.webSearch'),
  })
  expect(server.requests).toHaveLength(0)
  const { warnings } = await llm.chat({
    messages: 'Hi.',
    tools: [search],
    toolChoice: { name: 'web_search' },
    onUnsupported: 'warn',
  })
  expect(warnings).toContainEqual(
    expect.objectContaining({ code: 'unsupported', feature: 'claude.webSearch' }),
  )
  expect(server.requests[0]?.json).not.toHaveProperty('tools')
  expect(server.requests[0]?.json).not.toHaveProperty('tool_choice')
})

const mcp = claude.tools.mcp({ name: 'wiki', url: 'https://wiki.example/mcp' })
const unhosted = [claude.tools.webFetch(), claude.tools.codeExecution(), mcp]
describe.each([
  ['bedrock', 'global.anthropic.claude-opus-4-6-v1', [claude.tools.webSearch(), ...unhosted]],
  ['vertex', 'claude-opus-4-6', unhosted],
] as const)('on %s', (host, id, refused) => {
  async function cloud() {
    const strict = await strictService(host)
    onTestFinished(() => strict.close())
    const address = host === 'vertex' ? { project: 'p', baseURL: strict.baseURL } : { baseURL: strict.url }
    const headers = { authorization: 'Bearer strict' }
    return { strict, llm: claude(id, { host, ...address, headers, retry: false }) }
  }

  it('a tool that the cloud does not run is refused before anything is sent', async () => {
    const { strict, llm } = await cloud()
    for (const one of refused) {
      const name = `claude.${one.server.kind}`
      await expect(llm.chat({ messages: 'Hi.', tools: [one] })).rejects.toMatchObject({
        code: 'unsupported',
        message: expect.stringContaining(name),
      })
      const request = { messages: 'Hi.', tools: [one], onUnsupported: 'warn' } as const
      const { warnings } = await llm.chat(request)
      expect(warnings).toContainEqual(expect.objectContaining({ code: 'unsupported', feature: name }))
    }
    expect(strict.requests).toHaveLength(refused.length)
    expect(strict.refused).toEqual([])
  })

  it('what the cloud takes goes through', async () => {
    const { strict, llm } = await cloud()
    const computer = claude.tools.computer({ width: 1024, height: 768 })
    const tools = host === 'vertex' ? [computer, search] : [computer]
    await llm.chat({ messages: 'Hi.', tools })
    expect(strict.requests[0]?.json).toMatchObject({ tools: tools.map(({ server }) => server.definition) })
    expect(strict.refused).toEqual([])
  })
})

it('Vertex AI has web search without filtering', async () => {
  const strict = await strictService('vertex')
  onTestFinished(() => strict.close())
  const headers = { authorization: 'Bearer strict' }
  const llm = claude('claude-opus-4-6', { host: 'vertex', project: 'p', baseURL: strict.baseURL, headers })
  const request = { messages: 'Hi.', tools: [claude.tools.webSearch({ filtering: true })] }
  await expect(llm.chat(request)).rejects.toMatchObject({
    code: 'unsupported',
    message: expect.stringContaining('Leave out filtering'),
  })
  const { warnings } = await llm.chat({ ...request, onUnsupported: 'warn' })
  expect(warnings).toMatchObject([{ code: 'unsupported', feature: 'claude.webSearch' }])
  expect(strict.refused).toEqual([])
})

it('an MCP server of any name is a tool of a valid name', () => {
  const { name, server } = claude.tools.mcp({
    name: `my wiki ${'x'.repeat(80)}`,
    url: 'https://wiki.example/mcp',
  })
  expect(name).toBe(`mcp_my_wiki_${'x'.repeat(52)}`)
  expect(server.definition).toMatchObject({ mcp_server_name: expect.stringMatching(/^my wiki x{80}$/) })
})

it.each([
  [() => claude.tools.webFetch({ allowed_domains: ['a.example'] } as never), /Did you mean allowedDomains/],
  [() => claude.tools.webSearch({ maxUses: -1 }), /maxUses of claude.tools.webSearch\(\) must be a whole/],
  [() => claude.tools.webSearch({ allowedDomains: [] }), /at least one/],
  [() => claude.tools.webSearch({ allowedDomains: ['a'], blockedDomains: ['b'] } as never), /not both/],
  [() => claude.tools.webSearch({ location: { town: 'Lima' } } as never), /city, region, country/],
  [
    () => claude.tools.mcp({ name: 'a', url: 'https://a.example', allowed_tools: [] } as never),
    /allowedTools/,
  ],
  [() => claude.tools.mcp({ name: 'a' } as never), /needs url/],
  [() => claude.tools.computer({ width: 1.5, height: 1 }), /width/],
  [() => claude.tools.webSearch(null as never), /takes an object of options/],
])('an option that is unknown or cannot be right is refused: %s', (make, message) => {
  expect(make).toThrow(expect.objectContaining({ code: 'config', message: expect.stringMatching(message) }))
})

it('a log of a tool does not show its token', () => {
  const secret = 'wiki-Token_of-mine'
  const wiki = claude.tools.mcp({ name: 'wiki', url: 'https://wiki.example/mcp', authorizationToken: secret })
  const shown = inspect({ tools: [wiki], spread: { ...wiki } }, { depth: 20 })
  expect(shown).toContain('[secret]')
  expect(shown).toContain('https://wiki.example/mcp')
  expect(shown).not.toContain(secret)
})

it('no error repeats the token for an MCP server', async () => {
  const secret = 'wiki-Token_of-mine'
  const { server, llm } = await answeredBy(
    json(
      {
        type: 'error',
        error: { type: 'invalid_request_error', message: `The token ${secret} is not valid` },
      },
      400,
    ),
  )
  const wiki = claude.tools.mcp({ name: 'wiki', url: 'https://wiki.example/mcp', authorizationToken: secret })
  await expect(llm.chat({ messages: 'Hi.', tools: [wiki] })).rejects.toMatchObject({
    code: 'invalid-request',
    message: expect.not.stringContaining(secret),
  })
  expect(server.requests[0]?.body).toContain(secret)
})

// Bodies of the real service.
const folder = process.env.PATCHBAY_RECORDINGS ?? ''
const recordings = [
  ['anthropic-web-search-tool.1--json', ['web_search', 'web_search'], { webSearches: 2 }],
  ['anthropic-web-search-tool.1--stream', ['web_search', 'web_search'], { webSearches: 1 }],
  ['test_anthropic_mcp_servers-0--json', ['ask_question', 'mcp'], {}],
  ['test_anthropic_code_execution_tool-0--json', ['bash_code_execution', 'bash_code_execution'], {}],
] as const
if (!existsSync(folder))
  it.skip('recordings: set PATCHBAY_RECORDINGS to the folder that holds them', () => {})
describe.skipIf(!existsSync(folder))('a recorded answer', () => {
  it.each(recordings)('%s', async (name, names, counted) => {
    const at = `${folder}/anthropic--${name}`
    const { status, headers, bodyFile } = JSON.parse(readFileSync(`${at}/meta.json`, 'utf8')).response
    const { llm } = await answeredBy({ status, headers, body: readFileSync(`${at}/${bodyFile}`) })
    const { message: answer, usage } = await llm.chat('Hi.')
    const tools = toolsOf(answer.content)
    expect(tools.slice(0, names.length).map((tool) => tool.name)).toEqual(names)
    // Each result has its call.
    const calls = tools.filter((tool) => tool.input !== undefined).map(({ id }) => id)
    const results = tools.filter((tool) => tool.input === undefined).map(({ id }) => id)
    expect([...results].sort()).toEqual([...calls].sort())
    expect(usage).toMatchObject(counted)
    if (name.includes('web-search'))
      for (const source of tools.flatMap(({ sources = [] }) => sources))
        expect(source).toMatchObject({ url: expect.stringMatching(/^https/), title: expect.any(String) })
  })
})
