// Options of LangChain's calls, bindings and constructors: each reaches the provider, or an error or a warning names it.
import type { AIMessageChunk } from '@langchain/core/messages'
import { tool } from '@langchain/core/tools'
import type { CallOptions, ChatInput, ChatRequest, Provider, Warning } from '@patchbay/core'
import { serverTool } from '@patchbay/core/wire'
import { mockProvider } from '@patchbay/testing'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { chatModel, type PatchbayChatOptions } from '../index.js'

/** A provider, and what it was asked for, as it was asked. */
function watched(options: Parameters<typeof mockProvider>[0] = {}) {
  const inner = mockProvider(options)
  const asked: { request: ChatRequest; options: CallOptions }[] = []
  const watch = (name: 'chat' | 'stream') => ({
    value: (request: ChatInput, options: CallOptions) => {
      asked.push({ request: request as ChatRequest, options })
      return name === 'chat' ? inner.chat(request, options) : inner.stream(request, options)
    },
  })
  const provider: Provider = Object.create(inner, {
    ...{ chat: watch('chat'), stream: watch('stream') },
    ...{
      provider: { value: 'mock' },
      model: { value: 'mock-1' },
      defaults: { value: options.defaults ?? {} },
    },
  })
  return { provider, asked }
}

const weather = tool(() => 'sunny', {
  name: 'weather',
  description: 'W',
  schema: z.object({ city: z.string() }),
})
const schema = { type: 'object', properties: { a: { type: 'string' } } }
const forms: [form: string, tool: Record<string, unknown>][] = [
  ["LangChain's", weather as never],
  ['a schema beside a name', { name: 'weather', description: 'W', schema: z.object({ city: z.string() }) }],
  ["OpenAI's", { type: 'function', function: { name: 'weather', description: 'W', parameters: schema } }],
  ["Responses'", { type: 'function', name: 'weather', description: 'W', parameters: schema }],
  ["Claude's", { name: 'weather', description: 'W', input_schema: schema }],
]
const tools = [weather]
const choices: [choice: unknown, ours: unknown][] = [
  ['auto', 'auto'],
  ['none', 'none'],
  ['any', 'required'],
  ['required', 'required'],
  ['weather', { name: 'weather' }],
  [{ type: 'function', function: { name: 'weather' } }, { name: 'weather' }],
  [{ type: 'function', name: 'weather' }, { name: 'weather' }],
  [{ type: 'tool', name: 'weather' }, { name: 'weather' }],
  [{ type: 'any' }, 'required'],
  [{ type: 'auto' }, 'auto'],
  [{ type: 'none' }, 'none'],
  [{ auto: {} }, 'auto'],
  [{ any: {} }, 'required'],
  [{ tool: { name: 'weather' } }, { name: 'weather' }],
]
const answer = { type: 'json_schema', json_schema: { name: 'n', strict: true, schema } }

/** An option of LangChain, and our option of a request or a call. */
const table: [what: string, given: PatchbayChatOptions, request: object, options?: object][] = [
  ...choices.map(([choice, toolChoice]): (typeof table)[number] => [
    `tool_choice ${JSON.stringify(choice)}`,
    { tools, tool_choice: choice as string },
    { toolChoice },
  ]),
  ...forms.map(([form, one]): (typeof table)[number] => [
    `tools in ${form} form`,
    { tools: [one] },
    {
      tools: [
        { name: 'weather', description: 'W', input: { type: 'object', properties: expect.anything() } },
      ],
    },
  ]),
  [
    'disable_parallel_tool_use',
    { tools, tool_choice: { type: 'auto', disable_parallel_tool_use: true } },
    { toolChoice: 'auto', parallelToolCalls: false },
  ],
  ['parallel_tool_calls', { tools, parallel_tool_calls: false }, { parallelToolCalls: false }],
  ['stop', { stop: ['END'] }, { stop: ['END'] }],
  ['response_format', { response_format: answer }, { output: { schema, name: 'n', strict: true } }],
  ['response_format json_object', { response_format: { type: 'json_object' } }, { output: 'json' }],
  ['response_format text', { response_format: { type: 'text' } }, { output: 'text' }],
  [
    'strict',
    { strict: true, response_format: { type: 'json_schema', json_schema: { schema } } },
    { output: { schema, strict: true } },
  ],
  [
    'request',
    { request: { temperature: 0.5, system: 'Be brief.' } },
    { temperature: 0.5, system: 'Be brief.' },
  ],
  ['headers', { headers: { 'x-a': '1' } }, {}, { headers: { 'x-a': '1' } }],
  ['maxRetries', { maxRetries: 3 }, {}, { retry: { retries: 3 } }],
  [
    'call',
    { call: { metadata: { tenant: 'a' }, headers: { 'x-b': '2' }, timeout: { idle: 5 }, retry: false } },
    {},
    { metadata: { tenant: 'a' }, headers: { 'x-b': '2' }, timeout: { idle: 5 }, retry: false },
  ],
  ['signal', { signal: new AbortController().signal }, {}, { signal: expect.any(AbortSignal) }],
  ['timeout', { timeout: 60_000 }, {}, { signal: expect.any(AbortSignal) }],
]
const ways = {
  'by the call': (given: PatchbayChatOptions, provider: Provider) => [chatModel(provider), given] as const,
  'by withConfig': (given: PatchbayChatOptions, provider: Provider) =>
    [chatModel(provider).withConfig(given), {}] as const,
  'by bindTools': ({ tools = [], ...given }: PatchbayChatOptions, provider: Provider) =>
    [chatModel(provider).bindTools(tools, given), {}] as const,
}
type Way = keyof typeof ways
const cases = table.flatMap((row) =>
  (Object.keys(ways) as Way[]).flatMap((way) =>
    ['invoke', 'stream', 'batch'].map((how) => ({ what: row[0], row, way, how })),
  ),
)

async function answered(given: PatchbayChatOptions, way: Way, how: string) {
  const { provider, asked } = watched({
    answers: ['{"a":"b"}'],
    capabilities: { serverTools: ['mock.webSearch'] },
  })
  const [model, options] = ways[way](given, provider)
  let whole: AIMessageChunk | undefined
  if (how === 'invoke') whole = await model.invoke('Hi', options)
  else if (how === 'batch') [whole] = await model.batch(['Hi'], options)
  else for await (const piece of await model.stream('Hi', options)) whole = whole?.concat(piece) ?? piece
  return { ...asked[0], warnings: (whole?.response_metadata.warnings ?? []) as Warning[] }
}

describe('an option', () => {
  it.each(cases)('$what given $way reaches the provider: $how', async ({ row, way, how }) => {
    const [, given, request, options = {}] = row
    const got = await answered(given, way, how)
    expect(got.request).toMatchObject(request)
    expect(got.options).toMatchObject(options)
    expect(got.warnings).toEqual([])
  })

  const wayAndHow = cases.filter(({ what }) => what === 'stop')
  it.each(wayAndHow)('a server tool given $way reaches the provider: $how', async ({ way, how }) => {
    const search = serverTool('web_search', {
      ...{ provider: 'mock', kind: 'webSearch' },
      definition: { type: 'web_search_1', max_uses: 2 },
    })
    const given = { tools: [search, weather], tool_choice: 'web_search' }
    const got = await answered(given, way, how)
    expect(got.request).toMatchObject({
      tools: [search, { name: 'weather' }],
      toolChoice: { name: 'web_search' },
    })
    expect(got.warnings).toEqual([])
  })

  it.each<[what: string, given: object, words: string]>([
    [
      'a tool of a service',
      { tools: [{ type: 'web_search_20250305', name: 'web_search' }] },
      'web_search_20250305',
    ],
    ['a tool without a schema', { tools: [{ name: 'x' }] }, 'the tool x without a schema'],
    ['tool_choice', { tools, tool_choice: { type: 'allowed_tools', mode: 'auto' } }, 'allowed_tools'],
    ['response_format', { response_format: { type: 'grammar' } }, 'grammar'],
  ])('that has no place is an error, or a warning where the request says so: %s', async (_, given, words) => {
    const all = given as PatchbayChatOptions
    await expect(answered(all, 'by the call', 'invoke')).rejects.toMatchObject({
      code: 'unsupported',
      message: expect.stringContaining(words),
    })
    const lenient = { ...all, request: { onUnsupported: 'warn' as const } }
    const { warnings } = await answered(lenient, 'by the call', 'stream')
    expect(warnings.map(({ message }) => message).join()).toContain(words)
  })

  it.each<[what: string, given: object, words: string]>([
    ['of another model', { temperature: 0 }, 'temperature'],
    ['strict, of tools', { tools, strict: true }, 'strict of tools'],
    [
      'strict, of a tool',
      { tools: [{ type: 'function', function: { name: 'x', strict: true, parameters: schema } }] },
      'strict of a tool',
    ],
    [
      'extras of a tool',
      { tools: [{ name: 'x', input_schema: schema, cache_control: {} }] },
      'cache_control',
    ],
    [
      'the description of a response_format',
      { response_format: { type: 'json_schema', json_schema: { schema, description: 'd' } } },
      'description of a response_format',
    ],
  ])('that is not supported is named by a warning: %s', async (_, given, words) => {
    const { warnings } = await answered(given as PatchbayChatOptions, 'by the call', 'invoke')
    expect(warnings).toHaveLength(1)
    expect(warnings[0]).toMatchObject({ code: 'unsupported', message: expect.stringContaining(words) })
  })

  it("of LangChain's own machinery is no matter for the model", async () => {
    const given = { tags: ['t'], metadata: { a: 1 }, runName: 'r', configurable: { a: 1 }, recursionLimit: 3 }
    const more = {
      maxConcurrency: 2,
      callbacks: [],
      outputVersion: 'v0' as const,
      store: {},
      writer: () => {},
    }
    expect(
      (await answered({ ...given, ...more } as PatchbayChatOptions, 'by the call', 'invoke')).warnings,
    ).toEqual([])
  })

  it('is added to others of its kind, wherever each was given', async () => {
    const { provider, asked } = watched()
    const model = chatModel(provider)
      .bindTools(tools, {
        request: { temperature: 0, providerOptions: { mock: { a: 1 } } },
        call: { headers: { a: '1' } },
      })
      .withConfig({
        request: { seed: 1, providerOptions: { mock: { b: 2 } } },
        call: { headers: { b: '2' } },
      })
    await model.invoke('Hi', { request: { topP: 0.5, temperature: 1 }, call: { metadata: { tenant: 'a' } } })
    expect(asked[0]).toMatchObject({
      request: { temperature: 1, seed: 1, topP: 0.5, providerOptions: { mock: { a: 1, b: 2 } } },
      options: { headers: { a: '1', b: '2' }, metadata: { tenant: 'a' } },
    })
    expect(asked[0]?.request.tools).toHaveLength(1)
  })

  it('is added to others through retries, listeners and fallbacks', async () => {
    const { provider, asked } = watched()
    const model = chatModel(provider).withConfig({ request: { temperature: 0 } })
    for (const wrapped of [
      model.withRetry(),
      model.withListeners({ onStart: () => {} }),
      model.withFallbacks([model]),
    ])
      await wrapped.invoke('Hi', { request: { seed: 1 } })
    expect(asked).toHaveLength(3)
    for (const { request } of asked) expect(request).toMatchObject({ temperature: 0, seed: 1 })
  })

  it('that may contain a key is not sent to tracers', async () => {
    let received = ''
    const handler = {
      handleChatModelStart: (...given: unknown[]) => void (received += JSON.stringify(given)),
    }
    const given = { headers: { a: 'key-1' }, call: { headers: { b: 'key-2' }, metadata: { tenant: 't' } } }
    const { provider } = watched()
    await chatModel(provider).invoke('Hi', { ...given, stop: ['END'], callbacks: [handler] })
    for await (const _ of await chatModel(provider).stream('Hi', { ...given, callbacks: [handler] }));
    expect(received).toContain('END')
    expect(received).toContain('tenant')
    expect(received).not.toContain('key-')
  })

  it('that ends the call ends it: timeout and signal', async () => {
    for (const how of ['invoke', 'stream']) {
      const inner = mockProvider({ answers: [{ text: 'a b', interval: 60_000 }] })
      const reading = async () => {
        if (how === 'invoke') return chatModel(inner).invoke('Hi', { timeout: 20 })
        for await (const _ of await chatModel(inner).stream('Hi', { timeout: 20 }));
      }
      await expect(reading()).rejects.toThrow()
      await expect.poll(() => inner.running).toBe(0)
    }
  })
})
