// Bodies of POST /v1/messages: what each part and option becomes, and what is refused before anything is sent.
import type { ChatRequest, Message, Part } from '@patchbay/core'
import { describe, expect, it } from 'vitest'
import { json, sse } from '../test/server.js'
import { ask, bodyOf, failureOf, options, serve, start, stop, text } from '../test/wire.js'
import { claude } from './index.js'

describe('a request', () => {
  it('of plain text is as small as it can be', async () => {
    expect(await bodyOf({ messages: 'Hello' })).toEqual({
      model: 'claude-x',
      max_tokens: 64_000,
      stream: true,
      messages: [{ role: 'user', content: [{ type: 'text', text: 'Hello' }] }],
    })
  })

  it('carries every part and option in the form Anthropic takes', async () => {
    const signed = { provider: 'claude', data: { signature: 'sig' } }
    expect(
      await bodyOf({
        system: 'Be brief.',
        messages: [
          {
            role: 'user',
            content: [
              { type: 'text', text: 'What is this?' },
              { type: 'image', data: new Uint8Array([1, 2, 3]), mediaType: 'image/png' },
              { type: 'image', url: 'https://example.com/a.png' },
              { type: 'file', data: 'JVBERi0=', mediaType: 'application/pdf', name: 'a.pdf' },
              { type: 'file', data: 'aGk=', mediaType: 'text/plain' },
            ],
          },
          {
            role: 'assistant',
            content: [
              { type: 'reasoning', text: 'Hm.', opaque: signed },
              {
                type: 'reasoning',
                text: '',
                opaque: { provider: 'claude', data: { type: 'redacted_thinking', data: 'xx' } },
              },
              { type: 'reasoning', text: 'of another', opaque: { provider: 'openai', data: {} } },
              { type: 'text', text: 'I look.' },
              {
                type: 'provider-block',
                kind: 'server_tool_use',
                opaque: {
                  provider: 'claude',
                  data: { type: 'server_tool_use', id: 's1', name: 'web_search', input: {} },
                },
              },
              { type: 'tool-call', id: 'call:1', name: 'look', input: { at: 'it' } },
              { type: 'tool-call', id: 'c2', name: 'time', input: {} },
            ],
          },
          { role: 'tool', content: [{ type: 'tool-result', id: 'c2', output: 'noon', isError: true }] },
          {
            role: 'tool',
            content: [
              {
                type: 'tool-result',
                id: 'call:1',
                output: [
                  { type: 'text', text: 'a cat' },
                  { type: 'image', data: 'AAAA', mediaType: 'image/gif' },
                ],
              },
            ],
          },
          'Thanks.',
          'And?',
          { role: 'system', content: 'Later words.' },
        ],
        tools: [{ name: 'look', description: 'Look.', input: { properties: {} } }],
        toolChoice: { name: 'look' },
        parallelToolCalls: false,
        temperature: 0.5,
        stop: ['END'],
        maxOutputTokens: 100,
        providerOptions: { claude: { metadata: { user_id: 'u' } } },
      }),
    ).toEqual({
      model: 'claude-x',
      max_tokens: 100,
      stream: false,
      system: [
        { type: 'text', text: 'Be brief.' },
        { type: 'text', text: 'Later words.' },
      ],
      messages: [
        {
          role: 'user',
          content: [
            { type: 'text', text: 'What is this?' },
            { type: 'image', source: { type: 'base64', media_type: 'image/png', data: 'AQID' } },
            { type: 'image', source: { type: 'url', url: 'https://example.com/a.png' } },
            {
              type: 'document',
              title: 'a.pdf',
              source: { type: 'base64', media_type: 'application/pdf', data: 'JVBERi0=' },
            },
            { type: 'document', source: { type: 'text', media_type: 'text/plain', data: 'hi' } },
          ],
        },
        {
          role: 'assistant',
          content: [
            { type: 'thinking', thinking: 'Hm.', signature: 'sig' },
            { type: 'redacted_thinking', data: 'xx' },
            { type: 'text', text: 'I look.' },
            { type: 'server_tool_use', id: 's1', name: 'web_search', input: {} },
            { type: 'tool_use', id: 'call_1', name: 'look', input: { at: 'it' } },
            { type: 'tool_use', id: 'c2', name: 'time', input: {} },
          ],
        },
        {
          role: 'user',
          content: [
            {
              type: 'tool_result',
              tool_use_id: 'call_1',
              content: [
                { type: 'text', text: 'a cat' },
                { type: 'image', source: { type: 'base64', media_type: 'image/gif', data: 'AAAA' } },
              ],
            },
            { type: 'tool_result', tool_use_id: 'c2', content: 'noon', is_error: true },
            { type: 'text', text: 'Thanks.' },
            { type: 'text', text: 'And?' },
          ],
        },
      ],
      tools: [{ name: 'look', description: 'Look.', input_schema: { type: 'object', properties: {} } }],
      tool_choice: { type: 'tool', name: 'look', disable_parallel_tool_use: true },
      temperature: 0.5,
      stop_sequences: ['END'],
      metadata: { user_id: 'u' },
    })
  })

  it.each([
    ['it broke', 'it broke', []],
    ['', 'The tool failed.', []],
    [[], 'The tool failed.', []],
    [
      [
        { type: 'image', data: 'AAAA', mediaType: 'image/gif' },
        { type: 'text', text: 'it broke' },
        { type: 'file', data: 'JVBERi0=', mediaType: 'application/pdf' },
      ],
      [{ type: 'text', text: 'it broke' }],
      ['image', 'document'],
    ],
    [[{ type: 'image', data: 'AAAA', mediaType: 'image/gif' }], 'The tool failed.', ['image']],
  ] as [
    string | Part[],
    unknown,
    string[],
  ][])('has only text in the result of a failed tool, and media after the results: %j', async (output, content, shown) => {
    const { messages } = (await bodyOf({
      messages: [
        { role: 'user', content: 'Look.' },
        {
          role: 'assistant',
          content: ['c1', 'c2'].map((id) => ({ type: 'tool-call', id, name: 'look', input: {} })),
        },
        { role: 'tool', content: [{ type: 'tool-result', id: 'c1', output, isError: true }] },
        { role: 'tool', content: [{ type: 'tool-result', id: 'c2', output: 'seen' }] },
        { role: 'user', content: 'And?' },
      ],
    })) as { messages: { content: unknown[] }[] }
    expect(messages.at(-1)?.content).toEqual([
      { type: 'tool_result', tool_use_id: 'c1', content, is_error: true },
      { type: 'tool_result', tool_use_id: 'c2', content: 'seen' },
      ...shown.map((type) => expect.objectContaining({ type })),
      { type: 'text', text: 'And?' },
    ])
  })

  it.each([
    ['claude-x', 'low', { thinking: { type: 'adaptive' }, output_config: { effort: 'low' } }],
    ['claude-x', 'max', { thinking: { type: 'adaptive' }, output_config: { effort: 'max' } }],
    ['claude-x', 'off', { thinking: { type: 'disabled' } }],
    ['claude-x', { budgetTokens: 2000 }, { thinking: { type: 'enabled', budget_tokens: 2000 } }],
    ['claude-sonnet-4-5', 'medium', { thinking: { type: 'enabled', budget_tokens: 10_000 } }],
  ] as const)('of %s thinks %j', async (model, reasoning, expected) => {
    expect(await bodyOf({ messages: 'x', reasoning }, model)).toMatchObject(expected)
  })

  it('leaves tokens for the answer beside the thinking', async () => {
    expect(
      await bodyOf({ messages: 'x', reasoning: 'high', maxOutputTokens: 2000 }, 'claude-sonnet-4-5'),
    ).toMatchObject({ max_tokens: 2000, thinking: { budget_tokens: 1600 } })
  })

  it('has a closed schema, and a warning for keywords that are only checked afterwards', async () => {
    const schema = {
      type: 'object',
      properties: { age: { type: 'integer', minimum: 0 }, minimum: { type: 'string', enum: ['a'] } },
    }
    expect(await bodyOf({ messages: 'x', output: { schema } })).toMatchObject({
      output_config: {
        format: {
          type: 'json_schema',
          schema: {
            type: 'object',
            additionalProperties: false,
            properties: { age: { type: 'integer' }, minimum: { type: 'string', enum: ['a'] } },
          },
        },
      },
    })
    const provider = await ask(sse([start(), ...text(0, '{"age": -1}'), ...stop()]))
    const error = await failureOf(provider.chat({ messages: 'x', output: { schema } }))
    expect(error).toMatchObject({
      code: 'structured-output',
      message: expect.stringContaining('at least 0'),
      partial: { warnings: [{ message: expect.stringContaining('minimum') }] },
    })
  })

  it('has at most four cache breakpoints: the oldest ones of messages are left out', async () => {
    const turn = (content: string): Message => ({ role: 'user', content, cache: { ttl: '1h' } })
    const body = (await bodyOf({
      messages: [{ role: 'system', content: 'rules', cache: true }, ...['a', 'b', 'c', 'd', 'e'].map(turn)],
    })) as { system: object[]; messages: { content: { text: string; cache_control?: object }[] }[] }
    expect(body.system).toEqual([{ type: 'text', text: 'rules', cache_control: { type: 'ephemeral' } }])
    expect(
      body.messages[0]?.content.filter(({ cache_control }) => cache_control).map(({ text }) => text),
    ).toEqual(['c', 'd', 'e'])
  })

  describe("with cache: 'auto'", () => {
    const look = { name: 'look', input: { type: 'object' } }
    const said = (role: 'user' | 'assistant', text: string): Message => ({ role, content: text })
    /** Where the breakpoints are: the paths of the blocks, by their texts or names. */
    const marks = async (request: ChatRequest): Promise<string[]> => {
      const found: string[] = []
      JSON.stringify(await bodyOf(request), (_, value) => {
        if (value?.cache_control) found.push(String(value.text ?? value.name ?? value.content))
        return value
      })
      return found
    }

    it('has breakpoints after the tools, the system text and the last two turns of the user', async () => {
      const messages = [
        said('user', 'a'),
        said('assistant', 'b'),
        said('user', 'c'),
        said('assistant', 'd'),
        said('user', 'e'),
      ]
      const found = await marks({
        cache: 'auto',
        system: 'rules',
        tools: [{ ...look, name: 'first' }, look],
        messages,
      })
      expect(found.sort()).toEqual(['c', 'e', 'look', 'rules'])
    })

    it('has the one before last where the call before had its last', async () => {
      const call: Message = {
        role: 'assistant',
        content: [{ type: 'tool-call', id: 'c1', name: 'look', input: {} }],
      }
      const result: Message = { role: 'tool', content: [{ type: 'tool-result', id: 'c1', output: 'seen' }] }
      const first = await marks({ cache: 'auto', tools: [look], messages: ['a'] })
      const second = await marks({ cache: 'auto', tools: [look], messages: ['a', call, result] })
      expect(first).toContain('a')
      expect(second).toEqual(expect.arrayContaining(['a', 'seen']))
    })

    it('has none at the end of a single question, which no later call begins with', async () => {
      expect(await marks({ cache: 'auto', system: 'rules', messages: 'a' })).toEqual(['rules'])
    })

    it.each<[string, Partial<ChatRequest>]>([
      ['off', { cache: 'off' }],
      ['not set', {}],
    ])('has none where it is %s', async (_, more) => {
      expect(await marks({ system: 'rules', tools: [look], messages: ['a'], ...more })).toEqual([])
    })

    it('leaves the marks of the caller alone', async () => {
      const messages: Message[] = [
        { ...said('user', 'a'), cache: { ttl: '1h' } },
        said('assistant', 'b'),
        said('user', 'c'),
      ]
      expect(await marks({ cache: 'auto', system: 'rules', tools: [look], messages })).toEqual(['a'])
      const body = (await bodyOf({
        ...{ cache: 'auto', system: 'rules', messages: 'a' },
        providerOptions: { claude: { cache_control: { type: 'ephemeral' } } },
      })) as { system: object[] }
      expect(body.system).toEqual([{ type: 'text', text: 'rules' }])
    })
  })

  it.each<[Partial<ChatRequest>, RegExp]>([
    [{ temperature: 0.5, reasoning: 'low' }, /while it thinks/],
    [{ temperature: 0.5, topP: 0.5 }, /not both/],
    [{ temperature: 1.5 }, /from 0 to 1/],
    [{ reasoning: { budgetTokens: 100 } }, /1,024/],
    [{ output: 'json' }, /by a schema only/],
    [{ seed: 1 }, /does not support seed/],
    [
      { messages: [{ role: 'user', content: [{ type: 'audio', data: 'AAAA', mediaType: 'audio/wav' }] }] },
      /audio/,
    ],
  ])('that Claude does not accept is refused before it is sent: %j', async (request, message) => {
    const server = await serve(json({}))
    const error = await failureOf(
      claude('claude-x', { ...options, baseURL: server.url }).chat({ messages: 'x', ...request }),
    )
    expect(error.code).toBe('unsupported')
    expect(error.message).toMatch(message)
    expect(server.requests).toEqual([])
  })

  it('that ends with an answer to continue has no white space at its end', async () => {
    expect(await bodyOf({ messages: ['x', { role: 'assistant', content: 'Once upon ' }] })).toMatchObject({
      messages: [{}, { role: 'assistant', content: [{ text: 'Once upon' }] }],
    })
  })
})
