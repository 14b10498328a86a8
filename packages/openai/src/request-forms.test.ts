// Forms of ids, tools, inputs, texts and messages that services accept.
import type { ChatRequest, Message, Part } from '@patchbay/core'
import { describe, expect, it } from 'vitest'
import { json, sse } from '../test/server.js'
import { bodyOf, chunk, completed, created, end, failureOf, serve } from '../test/wire.js'
import { type OpenAIOptions, openai } from './index.js'

type Json = Record<string, unknown>

describe('ids of tool calls', () => {
  const conversation = (...ids: string[]): Message[] => [
    { role: 'user', content: 'x' },
    {
      role: 'assistant',
      content: ids.map((id): Part => ({ type: 'tool-call', id, name: 'clock', input: {} })),
    },
    { role: 'tool', content: ids.map((id): Part => ({ type: 'tool-result', id, output: 'y' })) },
  ]
  const [first, second] = [`${'x'.repeat(80)}_1`, `${'x'.repeat(80)}_2`]

  it.each([
    ['chat', 40],
    ['responses', 64],
  ] as const)('are shortened for %s: the same in call and result, and different ids stay different', async (api, most) => {
    const idsOf = async (...given: string[]) => {
      const body = await bodyOf({ messages: conversation(...given) }, { api })
      if (api === 'responses') {
        const items = body.input as { type?: string; call_id?: string }[]
        const of = (type: string) => items.filter((item) => item.type === type).map((item) => item.call_id)
        return [of('function_call'), of('function_call_output')]
      }
      const messages = body.messages as { tool_calls?: { id: string }[]; tool_call_id?: string }[]
      return [
        messages.flatMap(({ tool_calls = [] }) => tool_calls.map(({ id }) => id)),
        messages.flatMap(({ tool_call_id: id }) => id ?? []),
      ]
    }
    const [calls = [], results] = await idsOf(first, second, 'functions.clock:0')
    expect(calls).toEqual(results)
    expect(new Set(calls).size).toBe(3)
    expect(calls[2]).toBe('functions.clock:0')
    for (const id of calls) expect(id?.length).toBeLessThanOrEqual(most)
    // The next turn sends the same.
    expect((await idsOf(first, second, 'functions.clock:0'))[0]).toEqual(calls)
  })

  it.each([
    'chat',
    'responses',
  ] as const)('are shortened to whole characters, for %s and in megabytes too', async (api) => {
    const turn = conversation('🦀'.repeat(80), `x${'🦀'.repeat(80)}`)
    for (const text of ['x', 'x'.repeat(1_100_000)]) {
      const body = JSON.stringify(await bodyOf({ messages: [text, ...turn] }, { api }))
      expect(body).toContain('🦀\ufffd_')
      expect(body).not.toContain('\\ud')
    }
  })

  it('are unique among the items of Responses, and each result keeps its call', async () => {
    const turn = conversation('call_0')
    const { input } = await bodyOf({ messages: [...turn, ...turn, 'z'] }, { api: 'responses' })
    const ids = (input as { call_id?: string }[]).flatMap(({ call_id }) => call_id ?? [])
    expect(ids).toEqual(['call_0', 'call_0', 'call_0_2', 'call_0_2'])
  })

  it('of Moonshot stay as they are, since they contain the name of the tool', async () => {
    const long = `functions.${'x'.repeat(64)}:0`
    const body = await bodyOf({ messages: conversation(long) }, { preset: 'moonshot' })
    expect(JSON.stringify(body.messages)).toContain(long)
  })
})

describe('tools and inputs', () => {
  const parametersOf = async (input: Json, api: 'chat' | 'responses') => {
    const { tools } = await bodyOf({ messages: 'x', tools: [{ name: 'help', input }] }, { api })
    const [tool] = tools as { parameters?: unknown; function?: { parameters?: unknown } }[]
    return tool?.function?.parameters ?? tool?.parameters
  }

  it.each([
    'chat',
    'responses',
  ] as const)('without parameters have an empty list of them: %s', async (api) => {
    const empty = { type: 'object', properties: {} }
    expect(await parametersOf({ type: 'object' }, api)).toEqual(empty)
    expect(await parametersOf({}, api)).toEqual(empty)
    const described = { type: 'object', description: 'Anything.', additionalProperties: true }
    expect(await parametersOf(described, api)).toEqual({ ...described, properties: {} })
    const whole = { type: 'object', properties: { a: { type: 'string' } } }
    expect(await parametersOf(whole, api)).toEqual(whole)
    expect(
      await parametersOf(
        {
          type: 'object',
          properties: { a: { type: ['string', 'array'] }, b: { anyOf: [{ type: 'object' }] } },
        },
        api,
      ),
    ).toEqual({
      type: 'object',
      properties: {
        a: { type: ['string', 'array'], items: {} },
        b: { anyOf: [{ type: 'object', properties: {} }] },
      },
    })
    expect(await parametersOf({ $schema: 'http://json-schema.org/draft-07/schema#', ...whole }, api)).toEqual(
      whole,
    )
  })

  it.each(['chat', 'responses'] as const)('that are not objects are sent as one: %s', async (api) => {
    for (const [input, sent] of [
      [[], { $unparsed: '[]' }],
      ['London', { $unparsed: '"London"' }],
      [5, { $unparsed: '5' }],
      [null, {}],
      [{ a: 1 }, { a: 1 }],
    ]) {
      const body = await bodyOf(
        {
          messages: [
            'x',
            { role: 'assistant', content: [{ type: 'tool-call', id: 'c', name: 'clock', input }] },
            { role: 'tool', content: [{ type: 'tool-result', id: 'c', output: 'y' }] },
          ],
        },
        { api },
      )
      const { messages, input: items } = body as { messages?: Json[]; input?: Json[] }
      const [call] = (messages?.[1]?.tool_calls ?? []) as { function: { arguments: string } }[]
      expect(JSON.parse(call?.function.arguments ?? String(items?.[1]?.arguments))).toEqual(sent)
    }
  })
})

describe('lone surrogates', () => {
  it.each(['chat', 'responses'] as const)('are replaced wherever they stand: %s', async (api) => {
    const server = await serve(
      api === 'chat'
        ? sse([chunk({ content: '{}' }), end(), '[DONE]'])
        : sse([created, completed({ output: [] })]),
    )
    const half = 'x\ud83d'
    await openai('m', { apiKey: 'k', baseURL: server.url, api })
      .chat({
        system: half,
        messages: [
          half,
          {
            role: 'assistant',
            content: [
              {
                type: 'text',
                text: half,
                opaque: { provider: 'openai', data: { type: 'message', id: half } },
              },
              { type: 'tool-call', id: half, name: 'clock', input: { [half]: half } },
            ],
          },
          { role: 'tool', content: [{ type: 'tool-result', id: half, output: half }] },
        ],
        tools: [{ name: 'clock', description: half, input: { type: 'object', title: half } }],
        providerOptions: { openai: { user: half, safe: '\\ud83d', whole: '🦀' } },
      })
      .catch(() => {})
    const { body, json: sent } = server.requests[0] as { body: string; json: Json }
    expect(body).not.toMatch(/(?<!\\)\\ud83d/)
    expect(sent).toMatchObject({ user: 'x\ufffd', safe: '\\ud83d', whole: '🦀' })
  })
})

it.each([
  'chat',
  'responses',
] as const)('%s: megabytes of the caller’s own go out again, after a failure too', async (api) => {
  const own = Object.freeze({ text: 'x'.repeat(1_100_000) })
  const events =
    api === 'chat' ? sse([chunk({ content: 'y' }), end(), '[DONE]']) : sse([created, completed()])
  let requests = 0
  const server = await serve(() => (requests++ === 0 ? json({ error: { message: 'busy' } }, 500) : events))
  const provider = openai('gpt-x', { apiKey: 'k', baseURL: server.url, api, retry: { baseDelay: 1 } })
  const request: ChatRequest = { messages: 'x', providerOptions: { openai: { own } } }
  await provider.chat(request).catch(() => {})
  await provider.chat(request).catch(() => {})
  expect(server.requests).toHaveLength(3)
  for (const sent of server.requests) expect((sent.json as Json).own).toEqual(own)
})

describe('messages', () => {
  const sentTo = async (preset: OpenAIOptions['preset'], messages: Message[], system?: string) => {
    const request = { messages, ...(system && { system }) }
    const body = await bodyOf(request, preset ? { preset, model: 'qwen3' } : {})
    return body.messages as Json[]
  }
  const user = (content: Message['content']): Message => ({ role: 'user', content })
  const rule = (content: string): Message => ({ role: 'system', content })

  it.each([
    'vllm',
    'llama.cpp',
    'lmstudio',
    'ollama',
  ] as const)('%s gets one system message, at the beginning', async (preset) => {
    expect(await sentTo(preset, [rule('Rule B'), user('x')], 'Rule A')).toEqual([
      { role: 'system', content: 'Rule A\n\nRule B' },
      { role: 'user', content: 'x' },
    ])
    const late = [user('x'), { role: 'assistant', content: 'y' } as const, rule('Rule B'), user('z')]
    expect(await sentTo(preset, late, 'Rule A')).toEqual([
      { role: 'system', content: 'Rule A' },
      { role: 'user', content: 'x' },
      { role: 'assistant', content: 'y' },
      { role: 'user', content: 'Rule B\n\nz' },
    ])
    const image: Part = { type: 'image', mediaType: 'image/png', data: 'AAAA' }
    expect(await sentTo(preset, [user('x'), user([image])])).toMatchObject([
      { role: 'user', content: [{ type: 'text', text: 'x' }, { type: 'image_url' }] },
    ])
  })

  it('a system message that becomes a user message is reported, once', async () => {
    const server = await serve(sse([chunk({ content: 'y' }), end(), '[DONE]']))
    const provider = openai('qwen3', { apiKey: 'k', baseURL: server.url, preset: 'vllm' })
    const warningsFor = async (messages: Message[]) =>
      (await provider.chat({ system: 'Rule A', messages })).warnings
    expect(await warningsFor([rule('Rule B'), user('x')])).toEqual([])
    expect(await warningsFor([user('x'), rule('Rule B'), user('y'), rule('Rule C')])).toMatchObject([
      { code: 'repaired', feature: 'messages', message: expect.stringContaining('as user messages') },
    ])
  })

  it('assistant messages in a row become one, before a tool result as well', async () => {
    const call: Part = { type: 'tool-call', id: 'c', name: 'clock', input: {} }
    const says = (content: Message['content']): Message => ({ role: 'assistant', content })
    const turn: Message[] = [
      user('x'),
      says('a'),
      says('b'),
      says([call]),
      { role: 'tool', content: [{ type: 'tool-result', id: 'c', output: 'y' }] },
      says('c'),
      says('d'),
    ]
    expect(await sentTo('vllm', turn)).toMatchObject([
      { role: 'user', content: 'x' },
      { role: 'assistant', content: 'a\n\nb', tool_calls: [{ id: 'c' }] },
      { role: 'tool', content: 'y' },
      { role: 'assistant', content: 'c\n\nd' },
    ])
    expect(await sentTo('openai', turn)).toHaveLength(7)
  })

  it('others get them as they are', async () => {
    expect(await sentTo('openai', [rule('Rule B'), user('x')], 'Rule A')).toHaveLength(3)
  })

  it('Mistral gets an assistant message between a tool result and the user, and a mark on the last turn', async () => {
    const turn: Message[] = [
      user('x'),
      { role: 'assistant', content: [{ type: 'tool-call', id: 'c', name: 'clock', input: {} }] },
      { role: 'tool', content: [{ type: 'tool-result', id: 'c', output: 'y' }] },
    ]
    const sent = await sentTo('mistral', [...turn, user('z'), { role: 'assistant', content: 'So' }])
    expect(sent.map(({ role }) => role)).toEqual([
      'user',
      'assistant',
      'tool',
      'assistant',
      'user',
      'assistant',
    ])
    expect(sent.at(-1)).toEqual({ role: 'assistant', content: 'So', prefix: true })
    expect((await sentTo('mistral', turn)).map(({ role }) => role)).toEqual(['user', 'assistant', 'tool'])
  })

  it('a refusal is text for servers without a field for it', async () => {
    const refusal: Message = { role: 'assistant', content: [{ type: 'refusal', text: 'No.' }] }
    expect((await sentTo('openai', [user('x'), refusal, user('y')]))[1]).toMatchObject({ refusal: 'No.' })
    expect((await sentTo('mistral', [user('x'), refusal, user('y')]))[1]).toEqual({
      role: 'assistant',
      content: 'No.',
    })
  })

  it('ask for JSON in words where the format alone is refused, or cannot hold the schema', async () => {
    const schema = { type: 'object', properties: { a: { type: 'string' } } }
    const sent = async (
      preset: 'openai' | 'deepseek' | 'vllm',
      output: ChatRequest['output'],
      messages = 'x',
    ) =>
      JSON.stringify(
        (await bodyOf({ messages, ...(output && { output }) }, { preset, api: 'chat' })).messages,
      )
    expect(await sent('openai', 'json')).toContain('JSON')
    expect(await sent('deepseek', 'json')).toContain('JSON')
    expect(await sent('deepseek', { schema })).toContain(JSON.stringify(schema).replaceAll('"', '\\"'))
    expect(await sent('vllm', 'json')).not.toContain('JSON')
    expect(await sent('openai', { schema })).not.toContain('JSON')
    expect(await sent('openai', 'json', 'Some json')).toBe('[{"role":"user","content":"Some json"}]')
  })

  it('audio of a format that the API does not take is refused, or left out with a warning', async () => {
    const server = await serve(sse([chunk({ content: 'x' }), end(), '[DONE]']))
    const llm = openai('m', { apiKey: 'k', baseURL: server.url, retry: false })
    const audio: Part = { type: 'audio', data: 'AAAA', mediaType: 'audio/ogg' }
    expect(await failureOf(llm.chat([user([{ type: 'text', text: 'x' }, audio])]))).toMatchObject({
      code: 'unsupported',
      message: expect.stringContaining('audio/ogg'),
    })
    expect(server.requests).toHaveLength(0)
    const messages = [user([{ type: 'text', text: 'x' }, audio])]
    const { warnings } = await llm.chat({ messages, onUnsupported: 'warn' })
    expect(warnings).toMatchObject([{ code: 'unsupported', feature: 'audio' }])
    expect(server.requests[0]?.json).toMatchObject({ messages: [{ role: 'user', content: 'x' }] })
    const alone: ChatRequest = { messages: [user([audio])], onUnsupported: 'warn' }
    expect(await failureOf(llm.chat(alone))).toMatchObject({ code: 'unsupported' })
  })

  it('a file for llama.cpp is refused before anything is sent', async () => {
    const server = await serve(json({}))
    const llm = openai('m', { apiKey: 'k', baseURL: server.url, preset: 'llama.cpp' })
    const file: Part = { type: 'file', data: 'JVBERi0=', mediaType: 'application/pdf' }
    expect(await failureOf(llm.chat([user([file])]))).toMatchObject({ code: 'unsupported' })
    expect(server.requests).toHaveLength(0)
  })
})

it.each([
  ['/openai/deployments/gpt-4o?api-version=2024-10-21', '/openai/deployments/gpt-4o/chat/completions'],
  ['/openai/deployments/gpt-4o/?api-version=2024-10-21', '/openai/deployments/gpt-4o/chat/completions'],
  ['/openai/v1?api-version=preview', '/openai/v1/chat/completions'],
])('an address with a query has it after the path: %s', async (address, path) => {
  const asked: string[] = []
  const llm = openai('gpt-4o', {
    apiKey: 'k',
    preset: 'azure',
    retry: false,
    baseURL: `https://me.openai.azure.com${address}`,
    fetch: async (url) => {
      asked.push(String(url))
      return Response.json({ choices: [{ message: { content: 'x' }, finish_reason: 'stop' }] })
    },
  })
  await llm.chat({ messages: 'x', maxOutputTokens: 20 })
  expect(asked).toEqual([`https://me.openai.azure.com${path}?${address.split('?')[1]}`])
})

describe('media', () => {
  const data = 'AAAA'
  const partOf = async (part: Part, options: Partial<OpenAIOptions>) => {
    const body = await bodyOf({ messages: [{ role: 'user', content: [part] }] }, options)
    return (body.messages as { content: unknown }[])[0]?.content
  }

  it.each<[Part, OpenAIOptions['preset'], Json]>([
    [
      { type: 'file', data, mediaType: 'application/pdf', name: 'a.pdf' },
      'mistral',
      { type: 'document_url', document_url: 'data:application/pdf;base64,AAAA', document_name: 'a.pdf' },
    ],
    [
      { type: 'file', url: 'https://example.com/a.pdf' },
      'mistral',
      { type: 'document_url', document_url: 'https://example.com/a.pdf' },
    ],
    [
      { type: 'file', url: 'https://example.com/a.pdf', name: 'a.pdf' },
      'openrouter',
      { type: 'file', file: { file_data: 'https://example.com/a.pdf', filename: 'a.pdf' } },
    ],
    [{ type: 'audio', data, mediaType: 'audio/mpeg' }, 'mistral', { type: 'input_audio', input_audio: data }],
    [
      { type: 'audio', data, mediaType: 'audio/flac' },
      'vllm',
      { type: 'input_audio', input_audio: { data, format: 'flac' } },
    ],
    [
      { type: 'audio', data, mediaType: 'audio/x-m4a' },
      'openrouter',
      { type: 'input_audio', input_audio: { data, format: 'm4a' } },
    ],
    [
      { type: 'audio', data, mediaType: 'audio/ogg;codecs=opus' },
      'ollama',
      { type: 'input_audio', input_audio: { data, format: 'ogg' } },
    ],
  ])('have the form of the service: %j at %s', async (part, preset, wire) => {
    expect(await partOf(part, { preset, media: false })).toEqual([wire])
  })

  it.each([
    'openai',
    'vllm',
    'deepseek',
    'mistral',
    'llama.cpp',
    'openrouter',
  ] as const)('that are text files are text in the request: %s', async (preset) => {
    const csv = {
      type: 'file',
      data: Buffer.from('a,ü\n1,2').toString('base64'),
      mediaType: 'text/csv',
    } as const
    const options = { preset, api: 'chat' } as const
    expect(await partOf({ ...csv, name: 'a.csv' }, options)).toBe('a.csv:\na,ü\n1,2')
    expect(await partOf(csv, options)).toBe('a,ü\n1,2')
  })

  it('that are text files and given as an address are fetched by us', async () => {
    const server = await serve(({ path }) =>
      path === '/a.csv'
        ? { headers: { 'content-type': 'text/csv' }, body: 'a,b' }
        : sse([chunk({ content: 'x' }), end(), '[DONE]']),
    )
    const media = { allowHosts: [new URL(server.url).host] }
    const llm = openai('m', { apiKey: 'k', baseURL: server.url, preset: 'openrouter', media })
    await llm.chat([
      { role: 'user', content: [{ type: 'file', url: `${server.url}/a.csv`, mediaType: 'text/csv' }] },
    ])
    expect(server.requests.at(-1)?.json).toMatchObject({ messages: [{ content: 'a,b' }] })
  })

  it.each<[Part, OpenAIOptions['preset']]>([
    [{ type: 'file', data, mediaType: 'application/zip', name: 'a.zip' }, 'azure'],
    [{ type: 'file', data, mediaType: 'application/pdf' }, 'vllm'],
    [{ type: 'file', data, mediaType: 'application/pdf' }, 'deepseek'],
    [{ type: 'file', data, mediaType: 'application/pdf' }, 'lmstudio'],
    [{ type: 'audio', data, mediaType: 'audio/wav' }, 'lmstudio'],
    [{ type: 'image', url: 'https://example.com/a.png' }, 'lmstudio'],
    [{ type: 'audio', data, mediaType: 'audio/flac' }, 'llama.cpp'],
  ])('that the service does not take are refused before anything is sent: %j at %s', async (part, preset) => {
    const server = await serve(sse([end()]))
    const provider = openai('gpt-x', { apiKey: 'k', baseURL: server.url, preset, media: false })
    const error = await failureOf(provider.chat({ messages: [{ role: 'user', content: [part] }] }))
    expect(error.code).toBe('unsupported')
    expect(server.requests).toEqual([])
  })
})

describe('options that the service takes', () => {
  it.each<[Partial<ChatRequest>, string, Partial<OpenAIOptions>]>([
    [{ temperature: 1, topP: 1 }, 'gpt-5', { preset: 'openai', api: 'chat' }],
    [{ temperature: 1, topP: 1, reasoning: 'high' }, 'gpt-5.6', { preset: 'openai', api: 'responses' }],
    [{ frequencyPenalty: 0, presencePenalty: 0 }, 'grok-4', { preset: 'xai' }],
  ])('because they are its defaults are left out in silence: %j of %s', async (options, model, more) => {
    const server = await serve(
      more.api === 'responses'
        ? sse([created, completed()])
        : sse([chunk({ content: 'Hi.' }), end(), '[DONE]']),
    )
    const provider = openai(model, { apiKey: 'k', baseURL: server.url, ...more })
    const { warnings } = await provider.chat({ messages: 'x', ...options })
    expect(warnings).toEqual([])
    for (const name of ['temperature', 'top_p', 'frequency_penalty', 'presence_penalty'])
      expect(server.requests[0]?.json).not.toHaveProperty(name)
  })

  it('include a budget of reasoning at llama-server, and any schema as strict at servers with grammars', async () => {
    expect(
      await bodyOf({ messages: 'x', reasoning: { budgetTokens: 200 } }, { preset: 'llama.cpp' }),
    ).toMatchObject({ thinking_budget_tokens: 200 })
    const schema = { type: 'array', items: { oneOf: [{ type: 'string' }] } } as const
    for (const preset of ['vllm', 'llama.cpp', 'lmstudio'] as const)
      expect(await bodyOf({ messages: 'x', output: { schema, strict: true } }, { preset })).toMatchObject({
        response_format: { json_schema: { schema, strict: true } },
      })
  })
})
