// Ollama's wire: what is sent, what is made of the answer, and what of everything that can go wrong.

import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { inspect } from 'node:util'
import { gzipSync } from 'node:zlib'
import { type ChatEvent, type ChatRequest, isLlmError, type LlmError } from '@patchbay/core'
import { faultServer, type ServedResponse } from '@patchbay/testing'
import fc from 'fast-check'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { json } from '../test/server.js'
import { addressOf } from './client.js'
import { ollama } from './index.js'

async function serve(answer: Parameters<typeof faultServer>[0]) {
  const server = await faultServer(answer)
  onTestFinished(() => server.close())
  return server
}

async function failureOf(promise: Promise<unknown>): Promise<LlmError> {
  const error: unknown = await promise.then(
    (value) => new Error(`expected a failure, got ${JSON.stringify(value)}`),
    (thrown) => thrown,
  )
  if (!isLlmError(error)) throw error
  return error
}

const ndjson = (...lines: unknown[]): ServedResponse => ({
  headers: { 'content-type': 'application/x-ndjson' },
  body: lines.map((line) => `${JSON.stringify(line)}\n`).join(''),
})
const say = (content: string, more: object = {}) => ({
  model: 'tiny:latest',
  message: { role: 'assistant', content, ...more },
  done: false,
})
const done = (more: object = {}) => ({
  model: 'tiny:latest',
  message: { role: 'assistant', content: '' },
  done: true,
  done_reason: 'stop',
  prompt_eval_count: 7,
  eval_count: 3,
  ...more,
})

async function ask(answer: ServedResponse, options = {}) {
  const server = await serve(answer)
  return ollama('tiny', { baseURL: server.url, retry: false, ...options })
}

describe('a request', () => {
  it('has every part of ours in the place Ollama wants it', async () => {
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

  it('of plain text is as small as it can be, and asks nothing before', async () => {
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
  ] as const)('for reasoning %s thinks %s', async (reasoning, think) => {
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
  )('that Ollama has no word for is refused before the wire: %j', async (request, feature) => {
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

  it('holds the bytes of an image that is only an address', async () => {
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

describe('an answer', () => {
  const whole = ndjson(
    say('', { thinking: 'Let me ' }),
    say('', { thinking: 'see.' }),
    say('Wörld 🦀'),
    say(' peace'),
    say('', {
      tool_calls: [
        { function: { name: 'a', arguments: { x: 1 } } },
        { id: 'own', function: { name: 'b', arguments: '{"y":2}' } },
        { function: { name: 'c' } },
      ],
    }),
    done(),
  )

  it('becomes text, reasoning, tool calls and usage', async () => {
    const response = await (await ask(whole)).chat('Hello')
    expect(response).toMatchObject({
      text: 'Wörld 🦀 peace',
      reasoning: 'Let me see.',
      finishReason: 'tool-calls',
      rawFinishReason: 'stop',
      model: 'tiny:latest',
      usage: { inputTokens: 7, outputTokens: 3 },
    })
    expect(response.toolCalls).toEqual([
      { id: expect.stringMatching(/^call_/), name: 'a', input: { x: 1 } },
      { id: 'own', name: 'b', input: { y: 2 } },
      { id: expect.stringMatching(/^call_/), name: 'c', input: {} },
    ])
    expect(new Set(response.toolCalls.map(({ id }) => id)).size).toBe(3)
  })

  it('is the same however its bytes are cut into packets', async () => {
    const bytes = Buffer.from(whole.body as string)
    const events = async (chunk: number) => {
      const seen: ChatEvent[] = []
      for await (const event of (await ask({ ...whole, chunk })).stream('Hello')) seen.push(event)
      return seen.filter(({ type }) => type === 'text' || type === 'reasoning')
    }
    const expected = await events(bytes.length)
    for (const chunk of [1, 2, 3, 7, 64]) expect(await events(chunk)).toEqual(expected)
  })

  it('law: cut anywhere, cleanly or not, it is an error with what had arrived, never a short answer', async () => {
    const body = Buffer.from(whole.body as string)
    let fault: Partial<ServedResponse> = {}
    const server = await serve(() => ({ ...whole, ...fault }))
    const provider = ollama('tiny', { baseURL: server.url, retry: false })
    await fc.assert(
      fc.asyncProperty(fc.nat(body.length - 3), fc.constantFrom('cutAt', 'resetAt'), async (at, kind) => {
        fault = { [kind]: at }
        const error = await failureOf(provider.chat('Hello'))
        expect(['bad-response', 'network']).toContain(error.code)
        expect('Wörld 🦀 peace'.startsWith(error.partial?.text ?? '')).toBe(true)
      }),
      { numRuns: 60 },
    )
  })

  it('may be compressed', async () => {
    const body = gzipSync(whole.body as string)
    const answer = { ...whole, headers: { ...whole.headers, 'content-encoding': 'gzip' }, body, chunk: 50 }
    expect((await (await ask(answer)).chat('Hello')).text).toBe('Wörld 🦀 peace')
  })

  it('that stalls ends by its idle limit, and the connection is let go', async () => {
    const server = await serve({ ...whole, stallAt: 200 })
    const provider = ollama('tiny', { baseURL: server.url, retry: false, timeout: { idle: 60 } })
    expect(await failureOf(provider.chat('Hello'))).toMatchObject({
      code: 'timeout',
      message: expect.stringContaining('60 ms'),
    })
    await vi.waitFor(() => expect(server.open).toBe(0))
  })

  it('is over at its end, though the connection stays open', async () => {
    const server = await serve({ ...whole, neverEnd: true })
    expect((await ollama('tiny', { baseURL: server.url }).chat('Hello')).text).toBe('Wörld 🦀 peace')
    await vi.waitFor(() => expect(server.open).toBe(0))
  })

  it('that is aborted lets the connection go', async () => {
    const server = await serve({ ...whole, stallAt: 300 })
    const stream = ollama('tiny', { baseURL: server.url }).stream('Hello')
    for await (const event of stream) if (event.type === 'reasoning') break
    await vi.waitFor(() => expect(server.open).toBe(0))
  })

  it('of nothing but loading is none', async () => {
    expect(await failureOf((await ask(ndjson(done({ done_reason: 'load' })))).chat('Hello'))).toMatchObject({
      code: 'empty-response',
      retryable: true,
    })
  })

  it('cut by length says so, and an unknown reason is kept', async () => {
    expect(await (await ask(ndjson(say('a'), done({ done_reason: 'length' })))).chat('Hello')).toMatchObject({
      finishReason: 'length',
    })
    expect(await (await ask(ndjson(say('a'), done({ done_reason: 'mystery' })))).chat('Hello')).toMatchObject(
      { finishReason: 'other', rawFinishReason: 'mystery' },
    )
    expect(
      (await (await ask(ndjson(say('a'), done({ prompt_eval_count: undefined })))).chat('Hello')).usage,
    ).toEqual({ outputTokens: 3 })
  })
})

describe('a failure', () => {
  it('is what a tool call without a name is, and not a call of a tool nobody has', async () => {
    const call = { tool_calls: [{ function: { arguments: { at: 'it' } } }] }
    const llm = await ask(ndjson(say('Let me look.'), say('', call), done()))
    const error = await failureOf(
      llm.stream({ messages: 'Hi', tools: [{ name: 'look', input: { type: 'object' } }] }).response(),
    )
    expect(error).toMatchObject({ code: 'bad-response', partial: { text: 'Let me look.' } })
  })

  it.each<[ServedResponse, Partial<LlmError>, RegExp]>([
    [
      json({ error: "model 'tiny' not found" }, 404),
      { code: 'not-found', status: 404, retryable: false },
      /ollama pull tiny\.$/,
    ],
    [
      json({ error: '"tiny" does not support tools' }, 400),
      { code: 'unsupported', status: 400 },
      /does not support tools\. Leave it out/,
    ],
    [
      json({ error: 'the input length exceeds the context length' }, 400),
      { code: 'context-length', status: 400, retryable: false },
      /raise `context`/,
    ],
    [
      json({ error: 'invalid options: nonsense' }, 400),
      { code: 'invalid-request', status: 400 },
      /nonsense\.$/,
    ],
    [
      json({ error: 'unauthorized', signin_url: 'https://example.com' }, 401),
      { code: 'authentication', status: 401 },
      /unauthorized/,
    ],
    [json({ error: 'forbidden' }, 403), { code: 'permission-denied', status: 403 }, /forbidden/],
    [
      {
        ...json({ error: 'slow down' }, 429),
        headers: { 'content-type': 'application/json', 'retry-after': '7' },
      },
      { code: 'rate-limited', retryAfterMs: 7000, retryable: true },
      /slow down/,
    ],
    [
      json({ error: 'server busy, please try again. maximum pending requests exceeded' }, 503),
      { code: 'overloaded', status: 503 },
      /Try again later/,
    ],
    [
      json({ error: 'model requires more system memory (8 GiB) than is available (2 GiB)' }, 500),
      { code: 'model-load', status: 500 },
      /smaller model/,
    ],
    [
      json({ error: 'something broke' }, 500),
      { code: 'server-error', status: 500, retryable: true },
      /something broke\.$/,
    ],
    [json({ error: { message: 'an object' } }, 502), { code: 'server-error', status: 502 }, /an object\.$/],
    [
      { status: 502, headers: { 'content-type': 'text/html' }, body: '<html>Bad gateway</html>' },
      { code: 'server-error', status: 502 },
      /HTTP 502 with <html>Bad gateway/,
    ],
    [{ status: 302, headers: { location: '/login' } }, { code: 'bad-response', status: 302 }, /HTTP 302/],
    [
      { headers: { 'content-type': 'text/html' }, body: '<html>Log in</html>' },
      { code: 'bad-response' },
      /not JSON: <html>Log in/,
    ],
    [json({ detail: 'not a completion' }), { code: 'bad-response' }, /does not answer like Ollama/],
    [json([]), { code: 'bad-response' }, /does not answer like Ollama/],
    [{ body: '' }, { code: 'bad-response' }, /ended without/],
    [
      ndjson(say('half'), { error: 'llama runner process has terminated' }),
      { code: 'model-load', attempts: 1 },
      /server's log/,
    ],
    [
      ndjson({ error: 'an error line first' }),
      { code: 'server-error', retryable: true },
      /an error line first/,
    ],
    [{ noAnswer: true }, { code: 'network', retryable: true }, /cannot be reached.*ollama serve\.$/],
  ])('%j becomes one typed error', async (answer, expected, message) => {
    const said = vi.spyOn(console, 'log')
    const warned = vi.spyOn(console, 'warn')
    const error = await failureOf((await ask(answer)).chat('Hello'))
    expect(error).toMatchObject({ ...expected, provider: 'ollama', model: 'tiny' })
    expect(error.message).toMatch(message)
    expect([...said.mock.calls, ...warned.mock.calls]).toEqual([])
  })

  it('of a server that is not there names it, and the command to start it', async () => {
    const server = await faultServer({})
    await server.close()
    const error = await failureOf(ollama('tiny', { baseURL: server.url, retry: false }).chat('Hello'))
    expect(error).toMatchObject({
      code: 'network',
      message: expect.stringMatching(/127\.0\.0\.1:\d+ cannot be reached \(ECONNREFUSED\)\. .*ollama serve/),
    })
  })

  it('before any output is tried again, also when it comes as a line', async () => {
    let turn = 0
    const server = await serve(() =>
      turn++ === 0 ? ndjson({ error: 'server busy, please try again' }) : ndjson(say('Hi'), done()),
    )
    expect(
      await ollama('tiny', { baseURL: server.url, retry: { baseDelay: 1 } }).chat('Hello'),
    ).toMatchObject({ text: 'Hi', attempts: 2 })
  })

  it('never shows the key', async () => {
    const server = await serve(json({ error: 'unauthorized' }, 401))
    const error = await failureOf(ollama('tiny', { baseURL: server.url, apiKey: 'sk-secret' }).chat('Hello'))
    expect(JSON.stringify(error) + String(error) + error.stack).not.toContain('sk-secret')
  })
})

describe('the rest of the service', () => {
  it('embeds, in order, and in the length that is asked for', async () => {
    const server = await serve((request) =>
      json({
        model: 'tiny:latest',
        embeddings: (request.json as { input: string[] }).input.map((text) => [text.length, 0.5]),
        prompt_eval_count: 4,
      }),
    )
    const provider = ollama('tiny', { baseURL: server.url })
    expect(await provider.embed({ input: ['a', 'bbb'], dimensions: 2 })).toEqual({
      vectors: [Float32Array.of(1, 0.5), Float32Array.of(3, 0.5)],
      model: 'tiny:latest',
      provider: 'ollama',
      usage: { inputTokens: 4 },
    })
    expect(server.requests[0]?.json).toEqual({
      model: 'tiny',
      input: ['a', 'bbb'],
      dimensions: 2,
      truncate: false,
    })
    await ollama('nomic-embed-text:v1.5', { baseURL: server.url }).embed({
      input: 'a',
      inputType: 'query',
      truncate: true,
    })
    expect(server.requests[1]?.json).toMatchObject({ input: ['search_query: a'], truncate: true })
    expect(await failureOf((await ask(json({ embeddings: [] }))).embed('a'))).toMatchObject({
      code: 'bad-response',
    })
  })

  it('knows what a model can do, where the server tells', async () => {
    const shown = {
      capabilities: ['completion', 'tools'],
      model_info: { 'general.architecture': 'llama', 'llama.context_length': 8192 },
    }
    expect(await (await ask(json(shown))).capabilities()).toMatchObject({
      tools: true,
      vision: false,
      reasoning: false,
      json: true,
      contextWindow: 8192,
    })
    expect(await (await ask(json({}))).capabilities()).toMatchObject({
      tools: 'unknown',
      vision: 'unknown',
      reasoning: 'unknown',
    })
    expect(
      await failureOf((await ask(json({ error: "model 'tiny' not found" }, 404))).capabilities()),
    ).toMatchObject({ code: 'not-found' })
  })

  it('lists models', async () => {
    expect(await (await ask(json({ models: [{ name: 'a' }, { name: 'b' }] }))).models()).toEqual([
      { id: 'a' },
      { id: 'b' },
    ])
  })

  it('fetches a model, step by step, and says when it does not end', async () => {
    const steps = [
      { status: 'pulling manifest' },
      { status: 'pulling abc', digest: 'abc', total: 10, completed: 5 },
      { status: 'success' },
    ]
    const seen: unknown[] = []
    for await (const step of (await ask(ndjson(...steps))).pull()) seen.push(step)
    expect(seen).toEqual(steps)
    const pull = async (answer: ServedResponse, signal = new AbortController().signal) => {
      for await (const _ of (await ask(answer)).pull({ signal }));
    }
    expect(await failureOf(pull(ndjson({ status: 'pulling manifest' })))).toMatchObject({
      code: 'bad-response',
      retryable: true,
    })
    expect(
      await failureOf(pull(ndjson({ error: 'pull model manifest: file does not exist: not found' }))),
    ).toMatchObject({ code: 'not-found' })
    expect(await failureOf(pull(ndjson(), AbortSignal.abort()))).toMatchObject({ code: 'aborted' })
  })

  it.each([
    ['localhost', 'http://localhost:11434'],
    ['0.0.0.0:8080', 'http://127.0.0.1:8080'],
    [':9000', 'http://127.0.0.1:9000'],
    ['https://ollama.example.com/', 'https://ollama.example.com'],
    ['http://proxy/ollama/', 'http://proxy/ollama'],
  ])('is found at %s', (host, baseURL) => expect(addressOf(host)).toEqual({ baseURL, query: '' }))

  it('needs a model and an address', () => {
    expect(() => ollama('')).toThrow(expect.objectContaining({ code: 'config' }))
    expect(() => ollama('tiny', { baseURL: 'http://' })).toThrow(
      expect.objectContaining({ code: 'config', message: expect.stringContaining('baseURL') }),
    )
  })
})

const recordings =
  process.env.PATCHBAY_RECORDINGS ?? fileURLToPath(new URL('../../../../shared/recordings', import.meta.url))
const recorded = existsSync(recordings)
  ? readdirSync(recordings).flatMap((name) => {
      if (!existsSync(`${recordings}/${name}/meta.json`)) return []
      const meta = JSON.parse(readFileSync(`${recordings}/${name}/meta.json`, 'utf8'))
      return meta.api === 'ollama' && meta.request.path === '/api/chat' ? [{ name, meta }] : []
    })
  : []

describe.skipIf(recorded.length === 0)('recorded answers of real servers', () => {
  it.each(recorded)('$name', async ({ name, meta }) => {
    const body = readFileSync(`${recordings}/${name}/${meta.response.bodyFile}`)
    const response = await (
      await ask({ status: meta.response.status, headers: meta.response.headers, body })
    ).chat('Hello')
    expect(response.text).toBe(meta.expect.text)
    expect(response.reasoning).toBe(meta.expect.reasoning)
    expect(response.rawFinishReason).toBe(meta.expect.stopReasonRaw)
    const { prompt_eval_count: inputTokens, eval_count: outputTokens } = meta.expect.usageRaw
    expect(response.usage).toEqual({
      ...(inputTokens !== undefined && { inputTokens }),
      ...(outputTokens !== undefined && { outputTokens }),
    })
  })
})
if (recorded.length === 0)
  it.skip('recordings: set PATCHBAY_RECORDINGS to the folder that holds them', () => {})

it('a key that no header can hold is a typed error, and stays out of it', async () => {
  const error = await failureOf(ollama('tiny', { retry: false, apiKey: 'sk-secret\n\u0000' }).chat('x'))
  expect(error).toMatchObject({ code: 'invalid-request', message: expect.stringContaining('Check the key') })
  expect(inspect(error, { depth: 9, showHidden: true })).not.toContain('sk-secret')
})

it('a key that the service repeats in its refusal stands nowhere in the error', async () => {
  const key = 'sk-live-0123456789'
  const refusal = { error: { type: 'authentication_error', message: `Received=${key}, which is not valid` } }
  const llm = await ask(json(refusal, 401), { apiKey: key })
  const error = await failureOf(llm.chat('Hi'))
  expect(error.message).toContain('Received=…')
  expect(inspect(error, { depth: 9, showHidden: true })).not.toContain(key)
})

it('a key that the service repeats while it fetches a model stands nowhere in the error', async () => {
  const key = 'sk-live-0123456789'
  const llm = await ask(ndjson({ status: 'pulling manifest' }, { error: `denied for ${key}` }), {
    apiKey: key,
  })
  const pull = async () => {
    for await (const _ of llm.pull());
  }
  const error = await failureOf(pull())
  expect(error.message).toContain('denied for …')
  expect(inspect(error, { depth: 9, showHidden: true })).not.toContain(key)
})
