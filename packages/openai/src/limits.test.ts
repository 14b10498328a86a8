// Requests that services accept: each rule is honoured, or a typed error before anything is sent; a warning where the caller
// prefers that.
import type { ChatRequest, Message, Part } from '@patchbay/core'
import { describe, expect, it } from 'vitest'
import { json, sse } from '../test/server.js'
import { bodyOf, chunk, completed, created, end, failureOf, serve } from '../test/wire.js'
import { type OpenAIOptions, openai } from './index.js'

type Json = Record<string, unknown>
type Case = [options: Partial<OpenAIOptions>, request: Omit<ChatRequest, 'messages'>, sent: Json]

const tools = [{ name: 'clock', input: { type: 'object' } }]
const own = { preset: 'openai', api: 'responses' } as const
const chat = { preset: 'openai', api: 'chat' } as const

describe('an option that the model takes is sent', () => {
  it.each<Case>([
    [{ ...own, model: 'gpt-4o' }, { temperature: 0 }, { temperature: 0 }],
    [{ ...own, model: 'gpt-5.4' }, { temperature: 0, reasoning: 'off' }, { reasoning: { effort: 'none' } }],
    // The default of these is made explicit.
    [{ ...own, model: 'gpt-5.1' }, { temperature: 0 }, { temperature: 0, reasoning: { effort: 'none' } }],
    [
      { ...own, model: 'gpt-5.6-sol' },
      { reasoning: 'max' },
      { reasoning: { effort: 'max', summary: 'auto' } },
    ],
    [{ ...chat, model: 'gpt-5.6-sol' }, { reasoning: 'max' }, { reasoning_effort: 'xhigh' }],
    [{ ...own, model: 'o3' }, { reasoning: 'max' }, { reasoning: { effort: 'high', summary: 'auto' } }],
    [{ ...own, model: 'gpt-5' }, { reasoning: 'minimal' }, { reasoning: { effort: 'minimal' } }],
    [{ ...own, model: 'gpt-4o' }, { reasoning: 'off' }, { reasoning: undefined }],
    [{ ...chat, model: 'gpt-5.6-sol' }, { tools, reasoning: 'off' }, { reasoning_effort: 'none' }],
    [{ ...chat, model: 'gpt-5.4' }, { tools }, { reasoning_effort: undefined, tools: [{}] }],
    [{ preset: 'azure', model: 'my-deployment' }, { temperature: 0 }, { temperature: 0 }],
    [
      { preset: 'deepseek', model: 'deepseek-v4-pro' },
      { tools, toolChoice: 'required', reasoning: 'off' },
      { tool_choice: 'required', thinking: { type: 'disabled' } },
    ],
    [
      { preset: 'deepseek', model: 'deepseek-v4-pro' },
      { tools, toolChoice: 'auto' },
      { tool_choice: undefined, tools: [{}] },
    ],
    [
      { preset: 'deepseek', model: 'deepseek-v4-pro' },
      { tools, toolChoice: 'none' },
      { tool_choice: undefined, tools: undefined },
    ],
    [
      { preset: 'mistral' },
      { seed: 7, maxOutputTokens: 9 },
      { random_seed: 7, seed: undefined, max_tokens: 9 },
    ],
    [{ preset: 'mistral' }, { reasoning: 'low' }, { reasoning_effort: 'high' }],
    [{ preset: 'groq', model: 'qwen/qwen3-32b' }, { reasoning: 'low' }, { reasoning_effort: 'default' }],
    [{ preset: 'groq', model: 'qwen/qwen3-32b' }, { reasoning: 'off' }, { reasoning_effort: 'none' }],
    [{ preset: 'groq', model: 'openai/gpt-oss-120b' }, { reasoning: 'max' }, { reasoning_effort: 'high' }],
    [{ preset: 'xai', model: 'grok-4.6' }, { reasoning: 'max' }, { reasoning_effort: 'xhigh' }],
    [{ preset: 'xai', model: 'grok-3' }, { stop: ['a'], presencePenalty: 1 }, { stop: ['a'] }],
    [
      { preset: 'moonshot', model: 'kimi-k2.6' },
      { reasoning: 'off' },
      { thinking: { type: 'disabled' }, reasoning_effort: undefined },
    ],
    [{ preset: 'moonshot', model: 'kimi-k3' }, { reasoning: 'max' }, { reasoning_effort: 'max' }],
    [
      { preset: 'openrouter' },
      { reasoning: { budgetTokens: 2000 } },
      { reasoning: { max_tokens: 2000 }, reasoning_effort: undefined },
    ],
    [
      { preset: 'alibaba' },
      { reasoning: { budgetTokens: 500 }, maxOutputTokens: 9 },
      { enable_thinking: true, thinking_budget: 500, stream: true },
    ],
    [{ preset: 'alibaba' }, { reasoning: 'off' }, { enable_thinking: false }],
    [{ preset: 'google', model: 'gemini-2.5-flash' }, { reasoning: 'minimal' }, { reasoning_effort: 'low' }],
    [
      { preset: 'google', model: 'gemini-2.5-flash' },
      { reasoning: { budgetTokens: 500 } },
      { extra_body: { google: { thinking_config: { thinking_budget: 500 } } } },
    ],
    [
      { preset: 'lmstudio' },
      { tools: [...tools, { name: 'other', input: {} }], toolChoice: { name: 'clock' } },
      { tool_choice: 'required', tools: [{ function: { name: 'clock' } }] },
    ],
    [{ preset: 'vllm', model: 'qwen3' }, { temperature: 2, stop: [...'abcdef'] }, { temperature: 2 }],
  ])('%j, %j', async (options, request, sent) => {
    const { model = 'm', ...rest } = options
    const body = await bodyOf({ messages: 'x', ...request }, { model, ...rest })
    expect(body).toMatchObject(Object.fromEntries(Object.entries(sent).filter(([, value]) => value)))
    for (const [name, value] of Object.entries(sent))
      if (value === undefined) expect(body).not.toHaveProperty(name)
  })
})

describe('an option that the model refuses is an error before anything is sent, or left out with a warning', () => {
  it.each<[...Case, feature: string]>([
    [{ ...own, model: 'gpt-5.6-sol' }, { temperature: 0 }, { temperature: undefined }, 'temperature'],
    [{ ...own, model: 'o3' }, { topP: 0.5 }, { top_p: undefined }, 'topP'],
    [
      { ...own, model: 'gpt-5' },
      { temperature: 0, reasoning: 'low' },
      { temperature: undefined },
      'temperature',
    ],
    [{ ...own, model: 'gpt-5.4' }, { topP: 0.5, reasoning: 'low' }, { top_p: undefined }, 'topP'],
    [{ ...own, model: 'gpt-6-astra' }, { reasoning: 'off' }, { reasoning: undefined }, 'reasoning'],
    [{ ...own, model: 'gpt-4o' }, { reasoning: 'low' }, { reasoning: undefined }, 'reasoning'],
    [{ ...own, model: 'gpt-5' }, { maxOutputTokens: 9 }, { max_output_tokens: 16 }, 'maxOutputTokens'],
    [
      { ...own, model: 'gpt-5' },
      { reasoning: { budgetTokens: 9 } },
      { reasoning: undefined },
      'reasoningBudget',
    ],
    [{ ...chat, model: 'gpt-5' }, { stop: ['a'] }, { stop: undefined }, 'stop'],
    [{ ...chat, model: 'gpt-5' }, { presencePenalty: 1 }, { presence_penalty: undefined }, 'presencePenalty'],
    [{ ...chat, model: 'gpt-4o' }, { stop: [...'abcde'] }, { stop: [...'abcd'] }, 'stop'],
    [{ ...chat, model: 'gpt-5.4' }, { tools, reasoning: 'low' }, { reasoning_effort: 'none' }, 'reasoning'],
    [{ ...chat, model: 'gpt-5.6-sol' }, { tools }, { reasoning_effort: 'none', tools: [{}] }, 'reasoning'],
    [{ ...chat, model: 'gpt-6-astra' }, { tools }, { tools: undefined }, 'tools'],
    [{ preset: 'azure', model: 'gpt-5' }, { temperature: 0 }, { temperature: undefined }, 'temperature'],
    [
      { preset: 'deepseek', model: 'deepseek-v4-pro' },
      { tools, toolChoice: 'required' },
      { tool_choice: undefined, tools: [{}] },
      'toolChoice',
    ],
    [
      { preset: 'moonshot', model: 'kimi-k2.5' },
      { tools, toolChoice: { name: 'clock' } },
      { tool_choice: undefined, tools: [{}] },
      'toolChoice',
    ],
    [
      { preset: 'moonshot', model: 'kimi-k2.7-code' },
      { reasoning: 'off' },
      { thinking: undefined },
      'reasoning',
    ],
    [
      { preset: 'moonshot', model: 'moonshot-v1-8k' },
      { temperature: 1.5 },
      { temperature: undefined },
      'temperature',
    ],
    [{ preset: 'xai', model: 'grok-4' }, { reasoning: 'low' }, { reasoning_effort: undefined }, 'reasoning'],
    [
      { preset: 'xai', model: 'grok-4.5' },
      { reasoning: 'off' },
      { reasoning_effort: undefined },
      'reasoning',
    ],
    [{ preset: 'xai', model: 'grok-4.5' }, { stop: ['a'] }, { stop: undefined }, 'stop'],
    [
      { preset: 'xai', model: 'grok-4' },
      { presencePenalty: 1 },
      { presence_penalty: undefined },
      'presencePenalty',
    ],
    [{ preset: 'google' }, { frequencyPenalty: 1 }, { frequency_penalty: undefined }, 'frequencyPenalty'],
    [
      { preset: 'google', model: 'gemini-3-pro' },
      { reasoning: 'off' },
      { reasoning_effort: undefined },
      'reasoning',
    ],
    [{ preset: 'cerebras' }, { temperature: 1.8 }, { temperature: undefined }, 'temperature'],
  ])('%j, %j', async ({ model = 'm', ...options }, request, sent, feature) => {
    const server = await serve(
      options.api === 'responses'
        ? sse([created, completed()])
        : sse([chunk({ content: 'x' }), end(), '[DONE]']),
    )
    const llm = openai(model, { apiKey: 'k', retry: false, baseURL: server.url, ...options })
    expect(await failureOf(llm.chat({ messages: 'x', ...request }))).toMatchObject({
      code: 'unsupported',
      message: expect.stringContaining("onUnsupported: 'warn'"),
    })
    expect(server.requests).toHaveLength(0)
    const { warnings } = await llm.chat({ messages: 'x', ...request, onUnsupported: 'warn' })
    expect(warnings).toMatchObject([{ code: 'unsupported', feature }])
    const body = server.requests[0]?.json as Json
    expect(body).toMatchObject(Object.fromEntries(Object.entries(sent).filter(([, value]) => value)))
    for (const [name, value] of Object.entries(sent))
      if (value === undefined) expect(body).not.toHaveProperty(name)
  })

  it('a level that the model does not have becomes the next one, with a remark', async () => {
    const server = await serve(sse([created, completed()]))
    const llm = openai('gpt-5.1', { apiKey: 'k', baseURL: server.url, ...own })
    const { warnings } = await llm.chat({ messages: 'x', reasoning: 'minimal' })
    expect(warnings).toMatchObject([{ code: 'other', message: expect.stringContaining('low') }])
    expect(server.requests[0]?.json).toMatchObject({ reasoning: { effort: 'low' } })
  })
})

describe('the capabilities of a model', () => {
  it.each([
    ['gpt-4o', { reasoning: false }, {}],
    ['o3', { reasoning: true }, { temperature: false, topP: false }],
    ['gpt-5.6-sol', { reasoning: true }, { reasoningBudget: false }],
    ['gpt-6-astra', { tools: false }, { temperature: false }],
  ])('are those of its family: %s', async (model, expected, options) => {
    const server = await serve(json({ data: [] }))
    const known = await openai(model, { apiKey: 'k', baseURL: server.url, ...chat }).capabilities()
    expect(known).toMatchObject({ ...expected, options })
  })
})

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
    const image: Part = { type: 'image', url: 'https://example.com/a.png' }
    expect(await sentTo(preset, [user('x'), user([image])])).toMatchObject([
      { role: 'user', content: [{ type: 'text', text: 'x' }, { type: 'image_url' }] },
    ])
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
