// Encoding of requests, in both APIs.
import type { ChatRequest } from '@patchbay/core'
import { describe, expect, it } from 'vitest'
import { json } from '../test/server.js'
import { ask, bodyOf, completed, failureOf } from '../test/wire.js'
import type { OpenAIOptions } from './index.js'
import { isReasoningModel } from './model-families.js'
import { presetFor } from './presets.js'

const conversation: ChatRequest = {
  system: 'Be brief.',
  messages: [
    {
      role: 'user',
      content: [
        { type: 'text', text: 'What is this?' },
        { type: 'image', data: new Uint8Array([1, 2, 3]), mediaType: 'image/png' },
        { type: 'file', data: 'JVBERi0=', mediaType: 'application/pdf', name: 'a.pdf' },
      ],
    },
    {
      role: 'assistant',
      content: [
        { type: 'text', text: 'I look.' },
        { type: 'tool-call', id: 'c1', name: 'look', input: { at: 'it' } },
        { type: 'tool-call', id: 'c2', name: 'time', input: {} },
      ],
    },
    {
      role: 'tool',
      content: [
        {
          type: 'tool-result',
          id: 'c1',
          output: [
            { type: 'text', text: 'a cat' },
            { type: 'image', url: 'https://example.com/a.png' },
          ],
        },
        { type: 'tool-result', id: 'c2', output: 'noon' },
      ],
    },
    'Thanks.',
  ],
  tools: [{ name: 'look', description: 'Look.', input: { type: 'object', properties: {} } }],
  toolChoice: { name: 'look' },
  parallelToolCalls: false,
  maxOutputTokens: 100,
  reasoning: 'low',
  output: {
    schema: {
      type: 'object',
      properties: { a: { type: 'string' } },
      required: ['a'],
      additionalProperties: false,
    },
    name: 'it',
  },
  providerOptions: { openai: { user: 'u' } },
}

describe('a request', () => {
  it('of plain text is as small as possible, in both APIs', async () => {
    expect(await bodyOf({ messages: 'Hello' })).toEqual({
      model: 'gpt-x',
      messages: [{ role: 'user', content: 'Hello' }],
      stream: true,
      stream_options: { include_usage: true },
    })
    expect(await bodyOf({ messages: 'Hello' }, { api: 'responses' })).toEqual({
      model: 'gpt-x',
      input: [{ role: 'user', content: [{ type: 'input_text', text: 'Hello' }] }],
      stream: true,
      store: false,
      include: ['reasoning.encrypted_content'],
    })
  })

  it('has each part and option in its field of Chat Completions', async () => {
    expect(
      await bodyOf({
        ...conversation,
        temperature: 0.5,
        topP: 0.9,
        seed: 7,
        stop: ['END'],
        frequencyPenalty: 0.1,
        presencePenalty: 0.2,
      }),
    ).toEqual({
      model: 'gpt-x',
      stream: false,
      messages: [
        { role: 'system', content: 'Be brief.' },
        {
          role: 'user',
          content: [
            { type: 'text', text: 'What is this?' },
            { type: 'image_url', image_url: { url: 'data:image/png;base64,AQID' } },
            { type: 'file', file: { file_data: 'data:application/pdf;base64,JVBERi0=', filename: 'a.pdf' } },
          ],
        },
        {
          role: 'assistant',
          content: 'I look.',
          tool_calls: [
            { id: 'c1', type: 'function', function: { name: 'look', arguments: '{"at":"it"}' } },
            { id: 'c2', type: 'function', function: { name: 'time', arguments: '{}' } },
          ],
        },
        { role: 'tool', tool_call_id: 'c1', content: 'a cat' },
        { role: 'tool', tool_call_id: 'c2', content: 'noon' },
        { role: 'user', content: [{ type: 'image_url', image_url: { url: 'https://example.com/a.png' } }] },
        { role: 'user', content: 'Thanks.' },
      ],
      tools: [
        {
          type: 'function',
          function: { name: 'look', description: 'Look.', parameters: { type: 'object', properties: {} } },
        },
      ],
      tool_choice: { type: 'function', function: { name: 'look' } },
      parallel_tool_calls: false,
      max_tokens: 100,
      reasoning_effort: 'low',
      response_format: {
        type: 'json_schema',
        json_schema: {
          name: 'it',
          strict: true,
          schema: {
            type: 'object',
            properties: { a: { type: 'string' } },
            required: ['a'],
            additionalProperties: false,
          },
        },
      },
      temperature: 0.5,
      top_p: 0.9,
      seed: 7,
      stop: ['END'],
      frequency_penalty: 0.1,
      presence_penalty: 0.2,
      user: 'u',
    })
  })

  it('has each part and option in its field of Responses', async () => {
    expect(await bodyOf(conversation, { api: 'responses' })).toEqual({
      model: 'gpt-x',
      stream: false,
      store: false,
      include: ['reasoning.encrypted_content'],
      input: [
        { role: 'system', content: [{ type: 'input_text', text: 'Be brief.' }] },
        {
          role: 'user',
          content: [
            { type: 'input_text', text: 'What is this?' },
            { type: 'input_image', image_url: 'data:image/png;base64,AQID', detail: 'auto' },
            { type: 'input_file', filename: 'a.pdf', file_data: 'data:application/pdf;base64,JVBERi0=' },
          ],
        },
        {
          type: 'message',
          role: 'assistant',
          content: [{ type: 'output_text', text: 'I look.', annotations: [] }],
        },
        { type: 'function_call', call_id: 'c1', name: 'look', arguments: '{"at":"it"}' },
        { type: 'function_call', call_id: 'c2', name: 'time', arguments: '{}' },
        {
          type: 'function_call_output',
          call_id: 'c1',
          output: [
            { type: 'input_text', text: 'a cat' },
            { type: 'input_image', image_url: 'https://example.com/a.png', detail: 'auto' },
          ],
        },
        { type: 'function_call_output', call_id: 'c2', output: 'noon' },
        { role: 'user', content: [{ type: 'input_text', text: 'Thanks.' }] },
      ],
      tools: [
        {
          type: 'function',
          name: 'look',
          description: 'Look.',
          parameters: { type: 'object', properties: {} },
          strict: false,
        },
      ],
      tool_choice: { type: 'function', name: 'look' },
      parallel_tool_calls: false,
      max_output_tokens: 100,
      reasoning: { effort: 'low', summary: 'auto' },
      text: {
        format: {
          type: 'json_schema',
          name: 'it',
          strict: true,
          schema: {
            type: 'object',
            properties: { a: { type: 'string' } },
            required: ['a'],
            additionalProperties: false,
          },
        },
      },
      user: 'u',
    })
  })

  it('is written in the dialect of its server', async () => {
    const request: ChatRequest = {
      messages: [
        'x',
        {
          role: 'assistant',
          content: [{ type: 'tool-call', id: 'call_with_a_long_id', name: 'a', input: {} }],
        },
        { role: 'tool', content: [{ type: 'tool-result', id: 'call_with_a_long_id', output: 'y' }] },
      ],
      maxOutputTokens: 5,
      output: { schema: { type: 'object', properties: { a: {} } } },
    }
    expect(await bodyOf(request, { preset: 'groq' })).toMatchObject({
      max_completion_tokens: 5,
      response_format: { json_schema: { strict: false } },
    })
    expect(await bodyOf(request, { preset: 'deepseek' })).toMatchObject({
      max_tokens: 5,
      response_format: { type: 'json_object' },
    })
    const mistral = (await bodyOf(request, { preset: 'mistral' })) as {
      messages: { tool_calls?: { id: string }[]; tool_call_id?: string }[]
    }
    expect(mistral).not.toHaveProperty('stream_options')
    expect(mistral.messages[1]?.tool_calls?.[0]?.id).toMatch(/^[a-zA-Z0-9]{9}$/)
    expect(mistral.messages[2]?.tool_call_id).toBe(mistral.messages[1]?.tool_calls?.[0]?.id)
    expect(await bodyOf({ messages: 'x', topK: 4, minP: 0.1 }, { preset: 'vllm' })).toMatchObject({
      top_k: 4,
      min_p: 0.1,
    })
    expect(
      await bodyOf({ messages: 'x', maxOutputTokens: 5 }, { preset: { maxTokens: 'max_completion_tokens' } }),
    ).toMatchObject({ max_completion_tokens: 5 })
    expect(presetFor('https://api.groq.com/openai/v1', undefined).key).toBe('GROQ_API_KEY')
    expect(presetFor('https://me.openai.azure.com/', undefined).maxTokens).toBe('max_completion_tokens')
  })

  it.each<[Partial<ChatRequest>, Partial<OpenAIOptions>, RegExp]>([
    [{ topK: 4 }, {}, /topK/],
    [{ seed: 4 }, { api: 'responses' }, /seed/],
    [{ reasoning: { budgetTokens: 5 } }, {}, /reasoningBudget/],
    [{ temperature: 0.5 }, { baseURL: 'https://api.openai.com/v1' }, /temperature/],
  ])('that the API has no field for is refused before anything is sent: %j', async (request, options, message) => {
    const error = await failureOf((await ask(json({}), options)).chat({ messages: 'x', ...request }))
    expect(error.code).toBe('unsupported')
    expect(error.message).toMatch(message)
  })

  it.each([
    ['report.pdf', ['name']],
    ['my file.pdf', []],
    [undefined, []],
  ])('in Responses warns if the name of a file at an address is lost: %s', async (name, lost) => {
    const url = 'https://example.com/my%20file.pdf'
    const file = { type: 'file' as const, url, mediaType: 'application/pdf', ...(name && { name }) }
    const provider = await ask(json(completed().response), { api: 'responses' })
    const { warnings } = await provider.chat([
      { role: 'user', content: [file] },
      { role: 'assistant', content: [{ type: 'tool-call', id: 'c', name: 'read', input: {} }] },
      { role: 'tool', content: [{ type: 'tool-result', id: 'c', output: [file] }] },
    ])
    expect(warnings.map(({ feature }) => feature)).toEqual(lost)
  })

  it('is for a reasoning model, unless the name is of a known other one', () => {
    expect(['o3', 'gpt-5', 'gpt-5-mini', 'gpt-9'].map(isReasoningModel)).toEqual([true, true, true, true])
    expect(
      ['gpt-4o', 'gpt-4.1', 'gpt-3.5-turbo', 'gpt-5-chat', 'gpt-5-chat-latest'].map(isReasoningModel),
    ).toEqual([false, false, false, false, false])
  })
})

describe.each(['responses', 'chat'] as const)("cache: 'auto' in %s", (api) => {
  const own = { api, preset: 'openai' as const }
  const keyOf = async (request: ChatRequest, options: Partial<OpenAIOptions> = own) =>
    (await bodyOf({ cache: 'auto', ...request }, options)).prompt_cache_key

  it('sends a key that is the same for all turns of a conversation, and for no other', async () => {
    const first = await keyOf({ system: 'Be brief.', messages: ['Hi.'] })
    expect(first).toMatch(/^patchbay-[0-9a-f]{16}$/)
    const turns: ChatRequest['messages'] = ['Hi.', { role: 'assistant', content: 'Hello.' }, 'And?']
    expect(await keyOf({ system: 'Be brief.', messages: turns })).toBe(first)
    expect(await keyOf({ system: 'Be long.', messages: ['Hi.'] })).not.toBe(first)
    expect(await keyOf({ system: 'Be brief.', messages: ['Hey.'] })).not.toBe(first)
  })

  it('does not read bytes for it, in whatever form they come', async () => {
    const keyWith = (data: Uint8Array | string) =>
      keyOf({
        messages: [{ role: 'user', content: [{ type: 'image', data, mediaType: 'image/png' }] }],
      })
    const buffer = Buffer.alloc(3_000_000, 7)
    expect(await keyWith(buffer)).toBe(await keyWith(new Uint8Array(buffer)))
    expect(await keyWith(buffer)).not.toBe(await keyWith(buffer.subarray(1)))
    Object.defineProperty(buffer, 'toJSON', {
      value: () => {
        throw new Error('read')
      },
    })
    expect(await keyWith(buffer)).toMatch(/^patchbay-/)
  })

  it('keeps the key of the caller, and sends none to other servers or when it is off', async () => {
    const providerOptions = { openai: { prompt_cache_key: 'mine' } }
    expect(await keyOf({ messages: 'Hi.', providerOptions })).toBe('mine')
    expect(await keyOf({ messages: 'Hi.' }, { api, preset: 'vllm' })).toBeUndefined()
    expect(await keyOf({ messages: 'Hi.', cache: 'off' })).toBeUndefined()
  })
})

describe('marks for the cache', () => {
  const breakpoint = { prompt_cache_breakpoint: { mode: 'explicit' } }
  const messages: ChatRequest['messages'] = [
    { role: 'system', content: 'Be brief.', cache: true },
    {
      role: 'user',
      content: [
        { type: 'text', text: 'Look.' },
        { type: 'image', url: 'https://x.example/a.png' },
      ],
      cache: true,
    },
    { role: 'assistant', content: [{ type: 'tool-call', id: 'call_1', name: 'look', input: {} }] },
    { role: 'tool', content: [{ type: 'tool-result', id: 'call_1', output: 'Seen.' }], cache: { ttl: '1h' } },
    { role: 'user', content: 'And?' },
  ]
  const own = (api: 'chat' | 'responses', model: string) => ({ api, model, preset: 'openai' as const })

  it.each([
    'gpt-5.6',
    'gpt-5.6-sol',
    'gpt-6-astra',
    'gpt-6.1-sol',
  ])('are breakpoints in Responses: %s', async (model) => {
    const body = await bodyOf({ messages }, own('responses', model))
    expect(body.input).toEqual([
      { role: 'system', content: [{ type: 'input_text', text: 'Be brief.', ...breakpoint }] },
      {
        role: 'user',
        content: [
          { type: 'input_text', text: 'Look.' },
          { type: 'input_image', image_url: 'https://x.example/a.png', detail: 'auto', ...breakpoint },
        ],
      },
      expect.objectContaining({ type: 'function_call' }),
      {
        type: 'function_call_output',
        call_id: 'call_1',
        output: [{ type: 'input_text', text: 'Seen.', ...breakpoint }],
      },
      { role: 'user', content: [{ type: 'input_text', text: 'And?' }] },
    ])
    expect(body.prompt_cache_key).toMatch(/^patchbay-/)
    expect(body.prompt_cache_options).toBeUndefined()
  })

  it('are breakpoints in Chat Completions, also after an answer', async () => {
    const answered = [...messages.slice(0, 2), { role: 'assistant' as const, content: 'A cat.', cache: true }]
    const body = await bodyOf({ messages: [...answered, 'And?'] }, own('chat', 'gpt-5.6'))
    expect(body.messages).toEqual([
      {
        role: expect.stringMatching(/system|developer/),
        content: [{ type: 'text', text: 'Be brief.', ...breakpoint }],
      },
      {
        role: 'user',
        content: [
          { type: 'text', text: 'Look.' },
          { type: 'image_url', image_url: { url: 'https://x.example/a.png' }, ...breakpoint },
        ],
      },
      { role: 'assistant', content: [{ type: 'text', text: 'A cat.', ...breakpoint }] },
      { role: 'user', content: 'And?' },
    ])
    expect(body.prompt_cache_key).toMatch(/^patchbay-/)
  })

  it.each([
    ['chat', 'gpt-5.4'],
    ['responses', 'gpt-5.4'],
    ['chat', 'gpt-4o'],
    ['responses', 'gpt-4o'],
  ] as const)('are left out with a warning for models before: %s, %s', async (api, model) => {
    const body = await bodyOf({ messages }, own(api, model))
    expect(JSON.stringify(body)).not.toContain('prompt_cache')
    const usage = { input_tokens: 9, output_tokens: 1, input_tokens_details: { cache_write_tokens: 8 } }
    const { response } = completed()
    const chat = { id: 'c', choices: [{ message: { content: 'Hi.' }, finish_reason: 'stop' }] }
    const provider = await ask(json(api === 'chat' ? chat : { ...response, usage }), own(api, model))
    const { warnings, usage: used } = await provider.chat({ messages })
    expect(warnings.map(({ feature }) => feature)).toEqual(['cache'])
    if (api === 'responses') expect(used.cacheWriteTokens).toBe(8)
  })
})
