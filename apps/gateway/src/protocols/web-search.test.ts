// Web search over a model of another maker: the client offers its own protocol's tool, the model searches with its maker's, and the
// official SDK of the client reads the search, its results and citations.
import Anthropic from '@anthropic-ai/sdk'
import { claude } from '@patchbay/claude'
import type { Provider, ServerTool } from '@patchbay/core'
import { gemini } from '@patchbay/gemini'
import { openai } from '@patchbay/openai'
import { fallback } from '@patchbay/policies'
import { faultServer, mockProvider } from '@patchbay/testing'
import OpenAI from 'openai'
import { describe, expect, it, onTestFinished } from 'vitest'
import { served } from '../../test/served.js'
import { searchTools } from '../body/web-search.js'
import type { RequestRecord } from '../server/finished-request.js'

type Json = Record<string, unknown>

const page = { url: 'https://example.com/lima', title: 'Lima today' }

/** The definition of a tool as its request has it. */
const wire = ({ server }: ServerTool) => ({ definition: server.definition, body: server.body })

it('the tools are those that the packages of the makers make', () => {
  const every = ['claude.webSearch', 'openai.webSearch', 'gemini.webSearch'] as const
  const of = (...[search]: Parameters<typeof searchTools>) =>
    searchTools(search, every, false)?.tools.map(wire)
  const location = { city: 'Lima', country: 'PE' }
  expect(of({}, [], false)).toEqual(
    [claude.tools.webSearch(), openai.tools.webSearch(), gemini.tools.googleSearch()].map(wire),
  )
  expect(
    of({ allowedDomains: ['a.example'], location: { type: 'approximate', ...location } }, [], false),
  ).toEqual(
    [
      claude.tools.webSearch({ allowedDomains: ['a.example'], location }),
      openai.tools.webSearch({ allowedDomains: ['a.example'], location }),
    ].map(wire),
  )
  expect(of({ blockedDomains: ['a.example'], maxUses: 2 }, [], false)).toEqual(
    [claude.tools.webSearch({ blockedDomains: ['a.example'], maxUses: 2 })].map(wire),
  )
})

const sse = (events: Json[]) => ({
  headers: { 'content-type': 'text/event-stream' },
  body: events.map((event) => `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`).join(''),
})
const json = (body: object) => ({
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify(body),
})

// What each service answers after one search.
const searched = {
  openai: {
    id: 'resp_1',
    object: 'response',
    model: 'gpt-5.6-sol',
    status: 'completed',
    output: [
      {
        type: 'web_search_call',
        id: 'ws_1',
        status: 'completed',
        action: { type: 'search', query: 'news of Lima', sources: [{ type: 'url', url: page.url }] },
      },
      {
        type: 'message',
        id: 'msg_1',
        role: 'assistant',
        status: 'completed',
        content: [
          {
            type: 'output_text',
            text: 'Fog.',
            annotations: [{ type: 'url_citation', ...page, start_index: 0, end_index: 4 }],
          },
        ],
      },
    ],
    usage: { input_tokens: 100, output_tokens: 20, total_tokens: 120 },
  },
  claude: {
    id: 'msg_1',
    type: 'message',
    role: 'assistant',
    model: 'claude-opus-5',
    content: [
      { type: 'server_tool_use', id: 'srvtoolu_1', name: 'web_search', input: { query: 'news of Lima' } },
      {
        type: 'web_search_tool_result',
        tool_use_id: 'srvtoolu_1',
        content: [{ type: 'web_search_result', ...page, encrypted_content: 'RW5j', page_age: null }],
      },
      {
        type: 'text',
        text: 'Fog.',
        citations: [
          {
            type: 'web_search_result_location',
            ...page,
            encrypted_index: 'SWR4',
            cited_text: 'Fog all day.',
          },
        ],
      },
    ],
    stop_reason: 'end_turn',
    usage: {
      ...{ input_tokens: 100, output_tokens: 20 },
      server_tool_use: { web_search_requests: 1, web_fetch_requests: 0 },
    },
  },
  gemini: {
    candidates: [
      {
        content: { role: 'model', parts: [{ text: 'Fog.' }] },
        finishReason: 'STOP',
        groundingMetadata: {
          webSearchQueries: ['news of Lima'],
          groundingChunks: [{ web: { uri: page.url, title: page.title } }],
          groundingSupports: [
            { segment: { startIndex: 0, endIndex: 4, text: 'Fog.' }, groundingChunkIndices: [0] },
          ],
        },
      },
    ],
    usageMetadata: { promptTokenCount: 100, candidatesTokenCount: 20 },
  },
}
type Maker = keyof typeof searched

/** The events of the services' streams, each block in one piece. */
const streams: Record<Maker, () => object> = {
  openai: () => {
    const { output, ...base } = searched.openai
    const [search, message] = output
    return sse([
      { type: 'response.created', response: { ...base, status: 'in_progress', output: [] } },
      { type: 'response.output_item.added', output_index: 0, item: { ...search, status: 'in_progress' } },
      { type: 'response.output_item.done', output_index: 0, item: search },
      { type: 'response.output_item.added', output_index: 1, item: { ...message, content: [] } },
      {
        type: 'response.output_text.delta',
        item_id: 'msg_1',
        output_index: 1,
        content_index: 0,
        delta: 'Fog.',
      },
      { type: 'response.output_item.done', output_index: 1, item: message },
      { type: 'response.completed', response: searched.openai },
    ])
  },
  claude: () => {
    const { content, usage, stop_reason, ...message } = searched.claude
    const start = {
      ...message,
      content: [],
      stop_reason: null,
      usage: { input_tokens: 100, output_tokens: 1 },
    }
    const deltas: Json[][] = [
      [{ type: 'input_json_delta', partial_json: '{"query":"news of Lima"}' }],
      [],
      [
        { type: 'text_delta', text: 'Fog.' },
        { type: 'citations_delta', citation: content[2]?.citations?.[0] },
      ],
    ]
    const opened: Json[] = [{ ...content[0], input: {} }, { ...content[1] }, { type: 'text', text: '' }]
    return sse([
      { type: 'message_start', message: start },
      ...opened.flatMap((content_block, index) => [
        { type: 'content_block_start', index, content_block },
        ...(deltas[index] ?? []).map((delta) => ({ type: 'content_block_delta', index, delta })),
        { type: 'content_block_stop', index },
      ]),
      { type: 'message_delta', delta: { stop_reason }, usage },
      { type: 'message_stop' },
    ])
  },
  gemini: () => ({
    headers: { 'content-type': 'text/event-stream' },
    body: `data: ${JSON.stringify(searched.gemini)}\n\n`,
  }),
}

/** A provider over a service that has searched, and the bodies that the service got. */
async function upstream(maker: Maker, model?: string) {
  const bodies: Json[] = []
  const service = await faultServer(({ path, json: given }) => {
    // Whether it has the model: it does not say.
    if (given === undefined || given === null) return { status: 404, body: '{}' }
    bodies.push(given as Json)
    const isStream = (given as Json).stream === true || path.includes('streamGenerateContent')
    return isStream ? streams[maker]() : json(searched[maker])
  })
  onTestFinished(() => service.close())
  const options = { apiKey: 'test', baseURL: service.url }
  const provider: Provider =
    maker === 'openai'
      ? openai(model ?? 'gpt-5.6-sol', { ...options, preset: 'openai', api: 'responses' })
      : maker === 'claude'
        ? claude(model ?? 'claude-opus-5', options)
        : gemini(model ?? 'gemini-3-pro', options)
  return { bodies, provider }
}

async function world(maker: Maker, model?: string) {
  const { bodies, provider } = await upstream(maker, model)
  const gateway = await served(provider)
  const more = { apiKey: 'none', maxRetries: 0 }
  return {
    bodies,
    url: gateway.url,
    anthropic: new Anthropic({ ...more, baseURL: gateway.url }),
    openai: new OpenAI({ ...more, baseURL: `${gateway.url}/v1` }),
  }
}

const offered: Record<Maker, unknown> = {
  openai: [{ type: 'web_search' }],
  claude: [{ type: 'web_search_20250305', name: 'web_search' }],
  gemini: [{ googleSearch: {} }],
}

describe.each(['openai', 'gemini'] as const)('a client of Anthropic over %s', (maker) => {
  const request = {
    model: 'any',
    max_tokens: 500,
    messages: [{ role: 'user' as const, content: 'What is new in Lima?' }],
    tools: [{ type: 'web_search_20250305' as const, name: 'web_search' as const }],
  }

  it.each([false, true])('reads the search, and sends it back (streamed: %s)', async (isStreamed) => {
    const { anthropic, bodies } = await world(maker)
    const answer = isStreamed
      ? await anthropic.messages.stream(request).finalMessage()
      : await anthropic.messages.create(request)
    expect(bodies[0]?.tools).toEqual(offered[maker])
    const blocks = answer.content.filter(({ type }) => type !== 'redacted_thinking')
    const call = blocks.find((block) => block.type === 'server_tool_use')
    const result = blocks.find((block) => block.type === 'web_search_tool_result')
    expect(call).toMatchObject({ name: 'web_search', input: { query: 'news of Lima' } })
    expect(call?.id).toMatch(/^srvtoolu_\w+$/)
    expect(result).toMatchObject({
      tool_use_id: call?.id,
      content: [{ type: 'web_search_result', url: page.url, encrypted_content: '' }],
    })
    expect(blocks.find(({ type }) => type === 'text')).toMatchObject({
      text: 'Fog.',
      citations: [{ type: 'web_search_result_location', ...page }],
    })
    expect(answer.usage.server_tool_use?.web_search_requests).toBe(1)
    const messages = [
      ...request.messages,
      { role: 'assistant' as const, content: answer.content as Anthropic.ContentBlockParam[] },
      { role: 'user' as const, content: 'And tomorrow?' },
    ]
    await anthropic.messages.create({ ...request, messages })
    const sent = JSON.stringify(bodies.at(-1))
    expect(sent).toContain('Fog.')
    // The service gets its own item again. A report of Gemini's is none.
    expect(sent.includes('"ws_1"')).toBe(maker === 'openai')
  })
})

describe.each(['claude', 'gemini'] as const)('a client of the Responses API over %s', (maker) => {
  const request = { model: 'any', input: 'What is new in Lima?', tools: [{ type: 'web_search' as const }] }

  it.each([false, true])('reads the search, and sends it back (streamed: %s)', async (isStreamed) => {
    const { openai: client, bodies } = await world(maker)
    const types: string[] = []
    const answer = isStreamed
      ? await client.responses
          .stream(request)
          .on('event', ({ type }) => types.push(type))
          .finalResponse()
      : await client.responses.create(request)
    expect(bodies[0]?.tools).toEqual(offered[maker])
    const search = answer.output.find(({ type }) => type === 'web_search_call')
    expect(search).toMatchObject({
      status: 'completed',
      action: { type: 'search', queries: ['news of Lima'], sources: [{ type: 'url', url: page.url }] },
    })
    expect(answer.output_text).toBe('Fog.')
    const message = answer.output.find(({ type }) => type === 'message')
    expect(message).toMatchObject({ content: [{ annotations: [{ type: 'url_citation', ...page }] }] })
    if (isStreamed)
      expect(types.filter((type) => type.includes('web_search_call'))).toEqual(
        ['in_progress', 'searching', 'completed'].map((step) => `response.web_search_call.${step}`),
      )
    const input = [
      { role: 'user' as const, content: request.input },
      ...(answer.output as OpenAI.Responses.ResponseInputItem[]),
      { role: 'user' as const, content: 'And tomorrow?' },
    ]
    await client.responses.create({ ...request, input, store: false })
    const sent = JSON.stringify(bodies.at(-1))
    expect(sent).toContain('Fog.')
    // The service gets its own blocks again, with what it has encrypted. A report of Gemini's is none.
    expect(sent.includes('RW5j')).toBe(maker === 'claude')
  })
})

describe('what the client asks of the search', () => {
  const base = { max_tokens: 500, messages: [{ role: 'user', content: 'x' }] }
  const search = { type: 'web_search_20250305', name: 'web_search' }
  const mine = { name: 'mine', input_schema: { type: 'object' } }
  const post = (url: string, body: object) =>
    fetch(`${url}/v1/messages`, { method: 'POST', body: JSON.stringify({ ...base, ...body }) })

  it('goes on as far as the tool has a field; else it is named as ignored', async () => {
    const { url, bodies } = await world('openai')
    const { status, headers } = await post(url, {
      tools: [{ ...search, max_uses: 2, allowed_domains: ['example.com'] }],
    })
    expect(status).toBe(200)
    expect(headers.get('x-patchbay-ignored')).toBe('tools[].max_uses')
    expect(bodies[0]?.tools).toEqual([{ type: 'web_search', filters: { allowed_domains: ['example.com'] } }])
  })

  it('a limit that the tool cannot keep: the search is left out beside functions, and refused alone', async () => {
    const { url, bodies } = await world('openai')
    const blocked = { ...search, blocked_domains: ['example.com'] }
    const beside = await post(url, { tools: [mine, blocked] })
    expect(beside.headers.get('x-patchbay-ignored')).toContain('tools[web_search]')
    expect(bodies[0]?.tools).toMatchObject([{ type: 'function' }])
    const alone = await post(url, { tools: [blocked] })
    expect(alone.status).toBe(400)
    expect(await alone.json()).toMatchObject({ type: 'error', error: { type: 'invalid_request_error' } })
  })

  it('a forced search is forced, or refused by a model that has none', async () => {
    const { url, bodies } = await world('openai')
    const forced = { tools: [mine, search], tool_choice: { type: 'tool', name: 'web_search' } }
    expect((await post(url, forced)).status).toBe(200)
    expect(bodies[0]?.tool_choice).toEqual({ type: 'web_search' })
    const without = await served(mockProvider())
    const refused = await post(without.url, forced)
    expect(refused.status).toBe(400)
    expect(await refused.json()).toMatchObject({ error: { message: expect.stringContaining('web_search') } })
  })

  it('a wrong value is refused by its own name', async () => {
    const { url } = await world('openai')
    const refused = await post(url, { tools: [{ ...search, allowed_domains: 'example.com' }] })
    expect(refused.status).toBe(400)
    expect(await refused.text()).toContain('tools[0].allowed_domains')
  })

  it.each([
    ['/v1/messages', 'tools[0].allowed_domains', { ...base, tools: [{ ...search, allowed_domains: [] }] }],
    [
      '/v1/responses',
      'tools[0].filters.allowed_domains',
      { model: 'any', input: 'x', tools: [{ type: 'web_search', filters: { allowed_domains: [] } }] },
    ],
  ])('an empty list of what is allowed is refused, not taken for no limit: %s', async (path, field, body) => {
    const { url, bodies } = await world('gemini')
    const refused = await fetch(`${url}${path}`, { method: 'POST', body: JSON.stringify(body) })
    expect(refused.status).toBe(400)
    expect(await refused.text()).toContain(field)
    expect(bodies).toEqual([])
  })

  it('an empty list of what is blocked blocks nothing', async () => {
    const { url, bodies } = await world('gemini')
    expect((await post(url, { tools: [{ ...search, blocked_domains: [] }] })).status).toBe(200)
    expect(bodies[0]?.tools).toEqual(offered.gemini)
  })

  it('a hint is left out where a fallback, or a model beside functions, does not take it', async () => {
    const { url, bodies } = await world('gemini', 'gemini-2.5-flash')
    const ignored = async (url: string, stream: boolean) => {
      const response = await post(url, { tools: [mine, search], stream })
      await response.text()
      expect(response.status).toBe(200)
      return response.headers.get('x-patchbay-ignored')
    }
    for (const stream of [false, true]) expect(await ignored(url, stream)).toBe('tools[web_search]')
    expect(bodies[0]?.tools).toMatchObject([{ functionDeclarations: [{ name: 'mine' }] }])
    const broken = await faultServer(() => ({ status: 500, body: '{}' }))
    onTestFinished(() => broken.close())
    const first = openai('gpt-5.6-sol', {
      apiKey: 'x',
      baseURL: broken.url,
      preset: 'openai',
      api: 'responses',
    })
    const local = mockProvider({ answers: ['ok', 'ok'] })
    const records: RequestRecord[] = []
    const gateway = await served(fallback([first, local]), { onRequest: (record) => records.push(record) })
    for (const stream of [false, true]) expect(await ignored(gateway.url, stream)).toBe('tools[web_search]')
    await expect
      .poll(() => records.map(({ ignored }) => ignored))
      .toEqual([['tools[web_search]'], ['tools[web_search]']])
    expect(local.requests[0]?.tools).toMatchObject([{ name: 'mine' }])
    expect(local.requests[0]).not.toHaveProperty('serverTools')
  })

  it('a strict gateway refuses what it would leave out', async () => {
    const { provider, bodies } = await upstream('gemini', 'gemini-2.5-flash')
    const { url } = await served(provider, { strict: true })
    const refused = await post(url, { tools: [mine, search] })
    expect(refused.status).toBe(400)
    expect(await refused.text()).toContain('web_search')
    expect(bodies).toEqual([])
  })

  it('results without encrypted content are not sent to Anthropic, whose service would refuse them', async () => {
    const { url, bodies } = await world('claude')
    const content = [
      { type: 'server_tool_use', id: 'srvtoolu_9', name: 'web_search', input: { query: 'x' } },
      {
        type: 'web_search_tool_result',
        tool_use_id: 'srvtoolu_9',
        content: [{ type: 'web_search_result', ...page, encrypted_content: '', page_age: null }],
      },
      { type: 'text', text: 'Fog.' },
    ]
    const messages = [...base.messages, { role: 'assistant', content }, { role: 'user', content: 'y' }]
    expect((await post(url, { messages, tools: [search] })).status).toBe(200)
    expect(JSON.stringify(bodies[0])).not.toContain('encrypted_content')
    expect(bodies[0]?.tools).toEqual(offered.claude)
  })
})

describe('pages that are known after the text', () => {
  /** A gateway over Gemini, which names what it found with its last piece: a page, and addresses that are none of the web. */
  async function late() {
    const addresses = [
      'javascript:alert(1)',
      'data:text/html,x',
      ' javascript:alert(2)',
      'file:///etc/passwd',
    ]
    const all = [...addresses.map((uri) => ({ uri, title: 'x' })), { uri: page.url, title: page.title }]
    const pieces = [
      { candidates: [{ content: { parts: [{ text: 'Fog.' }] } }] },
      {
        candidates: [
          {
            content: { parts: [{ text: '' }] },
            finishReason: 'STOP',
            groundingMetadata: {
              webSearchQueries: ['news of Lima'],
              groundingChunks: all.map((web) => ({ web })),
              groundingSupports: [
                { segment: { endIndex: 4, text: 'Fog.' }, groundingChunkIndices: all.map((_, at) => at) },
              ],
            },
          },
        ],
      },
    ]
    const service = await faultServer(() => ({
      headers: { 'content-type': 'text/event-stream' },
      body: pieces.map((piece) => `data: ${JSON.stringify(piece)}\n\n`).join(''),
    }))
    onTestFinished(() => service.close())
    return served(gemini('gemini-3-pro', { apiKey: 'test', baseURL: service.url }))
  }

  it('are cited in the text before it ends, and searches come after it', async () => {
    const { url } = await late()
    const anthropic = new Anthropic({ apiKey: 'none', maxRetries: 0, baseURL: url })
    const stream = anthropic.messages.stream({
      model: 'any',
      max_tokens: 500,
      messages: [{ role: 'user', content: 'What is new in Lima?' }],
      tools: [{ type: 'web_search_20250305', name: 'web_search' }],
    })
    const cited: string[] = []
    // The SDK tells it only of the block that is the last so far.
    stream.on('citation', (citation) => 'url' in citation && cited.push(String(citation.url)))
    const open: number[] = []
    let begun = 0
    stream.on('streamEvent', (event) => {
      if (event.type === 'content_block_start') {
        expect(event.index).toBe(begun++)
        open.push(event.index)
      }
      if (event.type === 'content_block_delta') expect(open).toEqual([event.index])
      if (event.type === 'content_block_stop') expect(open.splice(0)).toEqual([event.index])
    })
    const { content } = await stream.finalMessage()
    expect(cited).toEqual([page.url])
    expect(content.map(({ type }) => type).filter((type) => type !== 'redacted_thinking')).toEqual([
      ...['text', 'server_tool_use', 'web_search_tool_result'],
    ])
    expect(content[0]).toMatchObject({ text: 'Fog.', citations: [{ url: page.url }] })
  })

  const messages = [{ role: 'user', content: 'What is new in Lima?' }]
  const search = { type: 'web_search_20250305', name: 'web_search' }
  const requests: [path: string, body: Json][] = [
    ['/v1/messages', { max_tokens: 500, messages, tools: [search] }],
    ['/v1/responses', { input: 'x', tools: [{ type: 'web_search' }] }],
    ['/v1/chat/completions', { messages }],
  ]
  it.each(
    requests.flatMap(([path, body]) => [false, true].map((stream) => ({ path, body, stream }))),
  )('are passed on if they are of the web: $path (streamed: $stream)', async ({ path, body, stream }) => {
    const { url } = await late()
    const text = await fetch(`${url}${path}`, {
      method: 'POST',
      body: JSON.stringify({ model: 'any', stream, ...body }),
    }).then((response) => response.text())
    expect(text).toContain(`"url":"${page.url}"`)
    expect(text).not.toMatch(/javascript:|data:text|file:/)
  })
})
