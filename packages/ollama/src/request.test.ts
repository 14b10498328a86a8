// Bodies of POST /api/chat: what each part and option becomes, and what is refused before anything is sent.
import type { ChatRequest } from '@patchbay/core'
import type { ServedResponse } from '@patchbay/testing'
import { describe, expect, it } from 'vitest'
import { json } from '../test/server.js'
import { done, failureOf, ndjson, say, serve } from '../test/wire.js'
import { ollama } from './index.js'

describe('a request', () => {
  it('carries every part and option in the form Ollama takes', async () => {
    const server = await serve((request) =>
      request.path === '/api/show'
        ? json({ capabilities: ['completion', 'tools', 'vision', 'thinking'] })
        : ndjson(done()),
    )
    const provider = ollama('tiny', {
      baseURL: server.url,
      keepAlive: '10m',
      context: 4096,
      apiKey: 'sk-secret',
      headers: { 'x-app': 'a' },
    })
    await provider
      .chat(
        {
          system: 'Be brief.',
          messages: [
            {
              role: 'user',
              content: [
                { type: 'text', text: 'What is this?' },
                { type: 'image', data: new Uint8Array([1, 2, 3]), mediaType: 'image/png' },
                { type: 'image', data: 'data:image/png;base64,BAUG', mediaType: 'image/png' },
              ],
            },
            {
              role: 'assistant',
              content: [
                { type: 'reasoning', text: 'Hm.' },
                { type: 'text', text: 'I look.' },
                { type: 'tool-call', id: 'c1', name: 'look', input: { at: 'it' } },
                { type: 'tool-call', id: 'c2', name: 'time', input: {} },
              ],
            },
            {
              role: 'tool',
              content: [
                { type: 'tool-result', id: 'c1', output: [{ type: 'text', text: 'a cat' }] },
                { type: 'tool-result', id: 'c2', output: 'noon' },
              ],
            },
            'Thanks.',
          ],
          tools: [{ name: 'look', description: 'Look.', input: { type: 'object', properties: {} } }],
          output: { schema: { type: 'object' } },
          reasoning: 'high',
          temperature: 0.5,
          topP: 0.9,
          topK: 20,
          minP: 0.1,
          seed: 7,
          stop: ['END'],
          frequencyPenalty: 0.1,
          presencePenalty: 0.2,
          maxOutputTokens: 100,
          providerOptions: {
            ollama: { options: { mirostat: 1 }, logprobs: true },
            openai: { ignored: true },
          },
        },
        { headers: { 'x-call': 'b' } },
      )
      .catch((error) => expect(error.code).toBe('structured-output'))
    const chat = server.requests.find(({ path }) => path === '/api/chat')
    expect(chat?.headers).toMatchObject({ authorization: 'Bearer sk-secret', 'x-app': 'a', 'x-call': 'b' })
    expect(chat?.json).toEqual({
      model: 'tiny',
      messages: [
        { role: 'system', content: 'Be brief.' },
        { role: 'user', content: 'What is this?', images: ['AQID', 'BAUG'] },
        {
          role: 'assistant',
          content: 'I look.',
          thinking: 'Hm.',
          tool_calls: [
            { id: 'c1', function: { name: 'look', arguments: { at: 'it' } } },
            { id: 'c2', function: { name: 'time', arguments: {} } },
          ],
        },
        { role: 'tool', content: 'a cat', tool_call_id: 'c1', tool_name: 'look' },
        { role: 'tool', content: 'noon', tool_call_id: 'c2', tool_name: 'time' },
        { role: 'user', content: 'Thanks.' },
      ],
      stream: false,
      truncate: false,
      shift: false,
      tools: [
        {
          type: 'function',
          function: { name: 'look', description: 'Look.', parameters: { type: 'object', properties: {} } },
        },
      ],
      format: { type: 'object' },
      think: 'high',
      keep_alive: '10m',
      logprobs: true,
      options: {
        temperature: 0.5,
        top_p: 0.9,
        top_k: 20,
        min_p: 0.1,
        seed: 7,
        stop: ['END'],
        frequency_penalty: 0.1,
        presence_penalty: 0.2,
        num_predict: 100,
        num_ctx: 4096,
        mirostat: 1,
      },
    })
  })

  it('of plain text has only what it needs, and no capability request before it', async () => {
    const server = await serve(ndjson(say('Hi'), done()))
    await ollama('tiny', { baseURL: server.url }).chat('Hello')
    expect(server.requests.map(({ json }) => json)).toEqual([
      {
        model: 'tiny',
        messages: [{ role: 'user', content: 'Hello' }],
        stream: true,
        truncate: false,
        shift: false,
      },
    ])
  })

  it.each([
    ['off', false],
    ['minimal', 'low'],
    ['medium', 'medium'],
    ['max', 'high'],
  ] as const)('for reasoning %s has think: %s', async (reasoning, think) => {
    const server = await serve((request) =>
      request.path === '/api/show' ? json({ capabilities: ['thinking'] }) : ndjson(say('Hi'), done()),
    )
    await ollama('tiny', { baseURL: server.url }).chat({ messages: 'Hello', reasoning })
    expect(server.requests.at(-1)?.json).toMatchObject({ think })
  })

  const wordless: [Partial<ChatRequest>, string][] = [
    [{ toolChoice: 'required', tools: [{ name: 'a', input: {} }] }, 'toolChoice'],
    [{ parallelToolCalls: false }, 'parallelToolCalls'],
    [{ reasoning: { budgetTokens: 100 } }, 'reasoningBudget'],
  ]
  it.each(
    wordless,
  )('that Ollama has no field for is refused before it is sent: %j', async (request, feature) => {
    const server = await serve(json({ capabilities: ['completion', 'tools', 'thinking'] }))
    const error = await failureOf(
      ollama('tiny', { baseURL: server.url }).chat({ messages: 'Hello', ...request }),
    )
    expect(error).toMatchObject({ code: 'unsupported', message: expect.stringContaining(feature) })
    expect(server.requests.map(({ path }) => path)).toEqual(['/api/show'])
  })

  const unlisted: [show: string, ServedResponse][] = [
    ...[403, 404, 405, 501].map((status): [string, ServedResponse] => [
      `a proxy without /api/show (${status})`,
      { status, body: 'No such page.' },
    ]),
    ['a server whose /api/show fails', json({ error: 'broken' }, 500)],
  ]
  describe.each(unlisted)('to %s', (_, show) => {
    it.each([
      ...wordless,
      [
        {
          messages: [
            {
              role: 'user',
              content: [
                { type: 'file', data: 'aGk=', mediaType: 'text/plain' },
                { type: 'text', text: 'Hello' },
              ],
            },
          ],
        },
        'files',
      ],
    ] satisfies typeof wordless)('is refused all the same, or goes with a warning: %j', async (request, feature) => {
      const server = await serve(({ path }) => (path === '/api/show' ? show : ndjson(say('Hi'), done())))
      const provider = ollama('tiny', { baseURL: server.url, retry: false })
      expect(await failureOf(provider.chat({ messages: 'Hello', ...request }))).toMatchObject({
        code: 'unsupported',
        message: expect.stringContaining(feature),
      })
      expect(server.requests.map(({ path }) => path)).not.toContain('/api/chat')
      const { warnings } = await provider.chat({ messages: 'Hello', ...request, onUnsupported: 'warn' })
      expect(warnings.map((warning) => warning.feature)).toEqual([feature])
    })

    it('goes with tools and images, which the model may take', async () => {
      const server = await serve(({ path }) => (path === '/api/show' ? show : ndjson(say('Hi'), done())))
      const provider = ollama('tiny', { baseURL: server.url, retry: false })
      await provider.chat({ messages: 'Hello', tools: [{ name: 'a', input: {} }] })
      expect(server.requests.at(-1)?.json).toMatchObject({ tools: [{ function: { name: 'a' } }] })
    })
  })

  it.each([
    [['a']],
    ['London'],
    [7],
    [null],
  ])('has an object as the input of a call, whatever it was: %j', async (input) => {
    const server = await serve(({ path }) => (path === '/api/show' ? json({}) : ndjson(say('Hi'), done())))
    await ollama('tiny', { baseURL: server.url }).chat([
      'Hello',
      { role: 'assistant', content: [{ type: 'tool-call', id: 'c', name: 'f', input }] },
      { role: 'tool', content: [{ type: 'tool-result', id: 'c', output: 'ok' }] },
    ])
    const { messages } = server.requests.at(-1)?.json as { messages: { tool_calls?: unknown }[] }
    const args = input === null ? {} : { $unparsed: JSON.stringify(input) }
    expect(messages[1]?.tool_calls).toEqual([{ id: 'c', function: { name: 'f', arguments: args } }])
  })

  it('has audio among the images, for a model that hears', async () => {
    const show = (...capabilities: string[]) => json({ capabilities: ['completion', ...capabilities] })
    const question = [
      {
        role: 'user' as const,
        content: [{ type: 'audio' as const, data: Uint8Array.of(1, 2, 3), mediaType: 'audio/flac' }],
      },
    ]
    const hears = await serve(({ path }) =>
      path === '/api/show' ? show('audio') : ndjson(say('Rain.'), done()),
    )
    await ollama('tiny', { baseURL: hears.url }).chat(question)
    expect(hears.requests.at(-1)?.json).toMatchObject({ messages: [{ images: ['AQID'] }] })
    const sees = await serve(({ path }) => (path === '/api/show' ? show('vision') : ndjson(done())))
    expect(await failureOf(ollama('tiny', { baseURL: sees.url }).chat(question))).toMatchObject({
      code: 'unsupported',
    })
  })

  it('has the bytes of an image that is given as an address', async () => {
    const server = await serve(({ path }) =>
      path === '/a.png'
        ? { headers: { 'content-type': 'image/png' }, body: Uint8Array.of(1, 2, 3) }
        : path === '/api/show'
          ? json({ capabilities: ['vision'] })
          : ndjson(say('A cat.'), done()),
    )
    const question = [
      { role: 'user' as const, content: [{ type: 'image' as const, url: `${server.url}/a.png` }] },
    ]
    const media = { allowHosts: [new URL(server.url).host] }
    await ollama('tiny', { baseURL: server.url, media }).chat(question)
    expect(server.requests.at(-1)?.json).toMatchObject({ messages: [{ images: ['AQID'] }] })
    // Nobody has said that this host may be reached.
    expect(await failureOf(ollama('tiny', { baseURL: server.url }).chat(question))).toMatchObject({
      code: 'invalid-request',
      message: expect.stringContaining('allowHosts'),
    })
    expect(
      await failureOf(ollama('tiny', { baseURL: server.url, media: false }).chat(question)),
    ).toMatchObject({
      code: 'unsupported',
    })
  })
})
