// Tools as clients offer them, in every protocol: functions, free-form tools, namespaces, allowed tools, and tools that only a
// service can run. What clients send back of their calls is understood, and calls come in the form of their tool.
import Anthropic from '@anthropic-ai/sdk'
import { defineProvider } from '@patchbay/core'
import { mockProvider } from '@patchbay/testing'
import { describe, expect, it } from 'vitest'
import { plain } from '../../test/plain.js'
import { served } from '../../test/served.js'

type Json = Record<string, unknown>
async function world(
  ...answers: Parameters<typeof mockProvider>[0] extends infer O
    ? NonNullable<O extends { answers?: infer A } ? A : never>
    : never
) {
  const inner = mockProvider({ answers })
  const gateway = await served(inner)
  const post = async (path: string, body: object) => {
    const response = await fetch(gateway.url + path, { method: 'POST', body: JSON.stringify(body) })
    const text = await response.text()
    return { status: response.status, text, ignored: response.headers.get('x-patchbay-ignored') }
  }
  return { inner, post }
}
const parameters = { type: 'object', properties: { a: { type: 'string' } } }
const chatTool = (name: string) => ({ type: 'function', function: { name, parameters } })
const offers: Record<string, [body: Json, mine: object, hosted: object, force: unknown]> = {
  '/v1/chat/completions': [
    { messages: [{ role: 'user', content: 'x' }] },
    chatTool('mine'),
    { type: 'web_search' },
    { type: 'web_search' },
  ],
  '/v1/responses': [
    { input: 'x' },
    { type: 'function', name: 'mine', parameters },
    { type: 'web_search', external_web_access: true },
    { type: 'web_search' },
  ],
  '/v1/messages': [
    { max_tokens: 9, messages: [{ role: 'user', content: 'x' }] },
    { name: 'mine', input_schema: parameters },
    { type: 'web_search_20250305', name: 'web_search', max_uses: 3 },
    { type: 'tool', name: 'web_search' },
  ],
}

describe.each(Object.entries(offers))('%s: a tool that only a service can run', (path, [
  body,
  mine,
  hosted,
  force,
]) => {
  it('is left out and named while others are offered', async () => {
    const { inner, post } = await world('ok')
    const { status, ignored } = await post(path, { ...body, tools: [mine, hosted] })
    expect(status).toBe(200)
    expect(ignored).toContain('tools[web_search]')
    expect(inner.requests[0]?.tools.map(({ name }) => name)).toEqual(['mine'])
  })

  it.each([
    ['forced', { tools: [mine, hosted], tool_choice: force }],
    ['the only one', { tools: [hosted] }],
  ])('is refused where it is %s', async (_, more) => {
    const { inner, post } = await world('ok')
    const { status, text } = await post(path, { ...body, ...more })
    expect(status).toBe(400)
    expect(text).toContain('runs at its own service only')
    expect(inner.requests).toHaveLength(0)
  })
})

it.each([
  [
    '/v1/responses',
    { input: 'x', tools: ['a', 'b'].map((name) => ({ type: 'function', name, parameters })) },
    { type: 'allowed_tools', mode: 'required', tools: [{ type: 'function', name: 'b' }] },
  ],
  [
    '/v1/chat/completions',
    { messages: [{ role: 'user', content: 'x' }], tools: [chatTool('a'), chatTool('b')] },
    {
      type: 'allowed_tools',
      allowed_tools: { mode: 'required', tools: [{ type: 'function', function: { name: 'b' } }] },
    },
  ],
])('%s: only allowed tools are offered', async (path, body, tool_choice) => {
  const { inner, post } = await world('ok')
  expect((await post(path, { ...body, tool_choice })).status).toBe(200)
  expect(inner.requests[0]).toMatchObject({ tools: [{ name: 'b' }], toolChoice: 'required' })
})

describe('a free-form tool', () => {
  const call = { toolCalls: [{ id: 'c', name: 'patch', input: { input: '*** Begin' } }] }

  it('of Responses is called with its text, whole and streamed, and understood again', async () => {
    const tools = [
      { type: 'custom', name: 'patch', format: { type: 'grammar', syntax: 'lark', definition: 'start: X' } },
    ]
    const { inner, post } = await world(call, call, 'ok')
    const whole = JSON.parse((await post('/v1/responses', { input: 'x', tools })).text) as { output: Json[] }
    expect(whole.output[0]).toMatchObject({
      type: 'custom_tool_call',
      call_id: 'c',
      name: 'patch',
      input: '*** Begin',
    })
    expect(inner.requests[0]?.tools[0]?.description).toContain('start: X')
    const stream = (await post('/v1/responses', { input: 'x', tools, stream: true })).text
    expect(stream).toContain('"type":"response.custom_tool_call_input.delta"')
    expect(stream).not.toContain('function_call_arguments')
    const input = [
      { role: 'user', content: 'x' },
      ...whole.output,
      { type: 'custom_tool_call_output', call_id: 'c', output: 'done' },
    ]
    expect((await post('/v1/responses', { input, tools })).status).toBe(200)
    expect(inner.requests[2]?.messages.slice(1)).toMatchObject([
      { content: [{ type: 'tool-call', name: 'patch', input: { input: '*** Begin' } }] },
      { content: [{ type: 'tool-result', id: 'c', output: 'done' }] },
    ])
  })

  it('of Chat Completions is called with its text, whole and streamed, and understood again', async () => {
    const tools = [{ type: 'custom', custom: { name: 'patch', description: 'x' } }]
    const { inner, post } = await world(call, call, 'ok')
    const ask = { role: 'user', content: 'x' }
    const whole = JSON.parse((await post('/v1/chat/completions', { messages: [ask], tools })).text)
    const { message } = whole.choices[0]
    expect(message.tool_calls).toEqual([
      { id: 'c', type: 'custom', custom: { name: 'patch', input: '*** Begin' } },
    ])
    const stream = (await post('/v1/chat/completions', { messages: [ask], tools, stream: true })).text
    expect(stream).toContain('"custom":{"input":"*** Begin"}')
    const messages = [ask, message, { role: 'tool', tool_call_id: 'c', content: 'done' }]
    expect((await post('/v1/chat/completions', { messages, tools })).status).toBe(200)
    expect(inner.requests[2]?.messages[1]).toMatchObject({
      content: [{ type: 'tool-call', input: { input: '*** Begin' } }],
    })
  })
})

it('tools of a namespace have one name for the model, and their own for the client', async () => {
  const inside = { type: 'function', name: 'close', parameters }
  const tools = [{ type: 'namespace', name: 'agents', description: 'x', tools: [inside] }, { ...inside }]
  const { inner, post } = await world({ toolCalls: [{ id: 'c', name: 'agents__close', input: {} }] }, 'ok')
  const { output } = JSON.parse((await post('/v1/responses', { input: 'x', tools })).text) as {
    output: Json[]
  }
  expect(inner.requests[0]?.tools.map(({ name }) => name)).toEqual(['agents__close', 'close'])
  expect(output[0]).toMatchObject({ type: 'function_call', namespace: 'agents', name: 'close' })
  const input = [
    { role: 'user', content: 'x' },
    ...output,
    { type: 'function_call_output', call_id: 'c', output: 'y' },
  ]
  await post('/v1/responses', { input, tools })
  expect(inner.requests[1]?.messages[1]).toMatchObject({
    content: [{ type: 'tool-call', name: 'agents__close' }],
  })
})

it('arguments that are not JSON are taken back as the model wrote them', async () => {
  const { inner, post } = await world('ok')
  const calls = [{ id: 'c', type: 'function', function: { name: 't', arguments: '{"a": ' } }]
  const messages = [
    { role: 'user', content: 'x' },
    { role: 'assistant', tool_calls: calls },
    { role: 'tool', tool_call_id: 'c', content: 'no' },
  ]
  expect((await post('/v1/chat/completions', { messages })).status).toBe(200)
  expect(inner.requests[0]?.messages[1]).toMatchObject({ content: [{ input: { $unparsed: '{"a": ' } }] })
})

it('a schema beside json_object is a schema', async () => {
  const { inner, post } = await world('{"a":"x"}')
  const body = {
    messages: [{ role: 'user', content: 'x' }],
    response_format: { type: 'json_object', schema: parameters },
  }
  expect((await post('/v1/chat/completions', body)).status).toBe(200)
  expect(inner.requests[0]?.output).toMatchObject({ schema: parameters })
})

describe('what Claude’s clients send', () => {
  const ask = { role: 'user', content: 'x' }
  it('a system message in the middle goes on as one', async () => {
    const { inner, post } = await world('ok')
    const messages = [
      ask,
      {
        role: 'system',
        content: [{ type: 'text', text: 'Be brief.', cache_control: { type: 'ephemeral' } }],
      },
    ]
    expect((await post('/v1/messages', { max_tokens: 9, messages })).status).toBe(200)
    expect(JSON.stringify(inner.requests[0]?.messages)).toContain('Be brief.')
  })

  it('a new thread is answered, and one to be continued is the error after which its clients send all of it', async () => {
    const { inner, post } = await world('ok')
    const create = await post('/v1/messages', { max_tokens: 9, messages: [ask], thread: { type: 'create' } })
    expect(create.status).toBe(200)
    const thread = { type: 'continue', previous_message_id: 'msg_1' }
    const next = await post('/v1/messages', { max_tokens: 9, messages: [ask], thread })
    expect(next.status).toBe(404)
    expect(JSON.parse(next.text)).toMatchObject({
      type: 'error',
      error: { type: 'not_found_error', details: { error_code: 'thread_not_found' } },
    })
    expect(inner.requests).toHaveLength(1)
  })

  it('blocks of tools that a service ran are left out and named', async () => {
    const { inner, post } = await world('ok')
    const content = [
      { type: 'server_tool_use', id: 's', name: 'web_search', input: {} },
      { type: 'web_search_tool_result', tool_use_id: 's', content: [] },
      { type: 'redacted_thinking', data: 'of another service' },
      { type: 'text', text: 'It is Paris.' },
    ]
    const messages = [ask, { role: 'assistant', content }, ask]
    const { status, ignored } = await post('/v1/messages', { max_tokens: 9, messages })
    expect(status).toBe(200)
    expect(ignored).toContain('messages[].content[server_tool]')
    expect(inner.requests[0]?.messages[1]).toMatchObject({
      content: [{ type: 'text', text: 'It is Paris.' }],
    })
  })

  it('tools that are added in the middle are offered', async () => {
    const { inner, post } = await world('ok')
    const tool = { name: 'late', input_schema: parameters }
    const messages = [ask, { role: 'system', content: [{ type: 'tool_addition', tool }] }]
    expect((await post('/v1/messages', { max_tokens: 9, messages })).status).toBe(200)
    expect(inner.requests[0]?.tools.map(({ name }) => name)).toEqual(['late'])
  })
})

it.each([
  ['leaves room for the text with the beta of interleaved thinking', 'interleaved-thinking-2025-05-14', 8000],
  ['goes on as it is without', 'other-beta', 10_000],
])('a budget as large as the answer %s', async (_, beta, budgetTokens) => {
  const inner = mockProvider({ answers: ['ok'] })
  const { url } = await served(inner)
  const response = await fetch(`${url}/v1/messages`, {
    method: 'POST',
    headers: { 'anthropic-beta': beta },
    body: JSON.stringify({
      max_tokens: 10_000,
      messages: [{ role: 'user', content: 'x' }],
      thinking: { type: 'enabled', budget_tokens: 10_000 },
    }),
  })
  expect(response.status).toBe(200)
  expect(inner.requests[0]?.reasoning).toEqual({ budgetTokens })
})

describe.each<[string, object, string]>([
  [
    '/v1/messages',
    { max_tokens: 9, messages: [{ role: 'user', content: 'x' }], thinking: { type: 'adaptive' } },
    'thinking',
  ],
  ['/v1/responses', { input: 'x', reasoning: { effort: 'high' } }, 'reasoning'],
  [
    '/v1/chat/completions',
    { messages: [{ role: 'user', content: 'x' }], reasoning_effort: 'high' },
    'reasoning_effort',
  ],
])('%s: thinking', (path, body, field) => {
  it('asked of a model that has none is ignored and named', async () => {
    const inner = mockProvider({ answers: ['ok'], capabilities: { reasoning: false } })
    const { url } = await served(inner)
    const response = await fetch(url + path, { method: 'POST', body: JSON.stringify(body) })
    expect(response.status).toBe(200)
    expect(response.headers.get('x-patchbay-ignored')).toContain(field)
    expect(inner.requests[0]?.reasoning).toBeUndefined()
  })
})

it('a budget becomes an effort for a model that has efforts only', async () => {
  const inner = mockProvider({ answers: ['ok'], capabilities: { options: { reasoningBudget: false } } })
  const { url } = await served(inner)
  const thinking = { type: 'enabled', budget_tokens: 8000 }
  const body = { max_tokens: 10_000, messages: [{ role: 'user', content: 'x' }], thinking }
  expect((await fetch(`${url}/v1/messages`, { method: 'POST', body: JSON.stringify(body) })).status).toBe(200)
  expect(inner.requests[0]?.reasoning).toBe('medium')
})

describe('the block of opaque state after an answer', () => {
  const opaque = { provider: 'stateful', data: 'secret' }
  const stateful = (calls: boolean) =>
    defineProvider({
      provider: 'stateful',
      model: 'stateful-1',
      capabilities: () => plain.capabilities(),
      async *chat() {
        yield { type: 'text', text: 'Paris.' }
        yield { type: 'part-end', opaque }
        if (calls) yield { type: 'tool-call', id: 'c', name: 't', input: {} }
        yield { type: 'finish', response: { finishReason: calls ? 'tool-calls' : 'stop' } }
      },
    })

  const printing = 'claude-cli/2.1.332 (external, sdk-cli)'
  const interactive = 'claude-cli/2.1.332 (external, cli)'
  const other = 'claude-cli/2.1.332 (external, sdk-ts)'

  it.each<[string, agent: string, calls: boolean, streamed: string[]]>([
    [
      'follows the answer to the official client',
      'Anthropic/JS 1.14.0',
      false,
      ['text', 'redacted_thinking'],
    ],
    ['follows a call to Claude Code', interactive, true, ['text', 'tool_use', 'redacted_thinking']],
    ['follows a text to Claude Code with its screen', interactive, false, ['text', 'redacted_thinking']],
    [
      'does not follow a text to another Claude Code, which takes the last block for the answer',
      other,
      false,
      ['text'],
    ],
    [
      'stands before the text where Claude Code prints it at the end',
      printing,
      false,
      ['redacted_thinking', 'text'],
    ],
    ['follows a call there too', printing, true, ['text', 'tool_use', 'redacted_thinking']],
  ])('%s', async (_, agent, calls, streamed) => {
    const { url } = await served(stateful(calls))
    const headers = { 'user-agent': agent }
    const client = new Anthropic({ baseURL: url, apiKey: 'none', maxRetries: 0, defaultHeaders: headers })
    const tools = [{ name: 't', input_schema: { type: 'object' as const } }]
    const body = { model: 'm', max_tokens: 9, messages: [{ role: 'user' as const, content: 'x' }], tools }
    const types = ({ content }: Anthropic.Message) => content.map(({ type }) => type)
    const final = await client.messages.stream(body).finalMessage()
    expect(types(final)).toEqual(streamed)
    expect(final.content.find(({ type }) => type === 'text')).toMatchObject({ text: 'Paris.' })
    const whole = await client.messages.create(body)
    expect(types(whole)).toEqual(['redacted_thinking', 'text', ...(calls ? ['tool_use'] : [])])
  })
})
