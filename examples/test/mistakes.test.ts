// The mistakes of the first day: each ends in an error whose message has the fix.
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { claude } from '@patchbay/claude'
import { connect } from '@patchbay/config'
import { errorCodes, generateObject, isLlmError, runTools, streamElements, tool } from '@patchbay/core'
import { local } from '@patchbay/local'
import { ollama } from '@patchbay/ollama'
import { openai } from '@patchbay/openai'
import { fallback, limit } from '@patchbay/policies'
import { mockProvider } from '@patchbay/testing/mock'
import { afterEach, expect, it, vi } from 'vitest'
import * as z from 'zod'

const closing: (() => void)[] = []
afterEach(() => {
  for (const close of closing.splice(0)) close()
  vi.unstubAllEnvs()
})

async function serve(status: number, type: string, body: string): Promise<string> {
  const server = createServer((_, response) => {
    response.writeHead(status, { 'content-type': type })
    response.end(body)
  })
  await new Promise<void>((listening) => void server.listen(0, '127.0.0.1', listening))
  closing.push(() => server.close())
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

const key = { apiKey: 'k', retry: false } as const
const llm = mockProvider()
// The compiler refuses most of these; JavaScript and `any` do not.
const odd = (value: unknown) => value as never
const user = (content: unknown) => odd({ messages: [{ role: 'user', content }] })
const page = '<!doctype html><html><body>Welcome</body></html>'
const noPage = '404 page not found'

type Mistake = [what: string, program: () => unknown, fix: RegExp]
const mistakes: Mistake[] = [
  [
    'a missing key',
    () => {
      vi.stubEnv('OPENAI_API_KEY', '')
      return openai('gpt-5').chat('x')
    },
    /Pass apiKey, or set OPENAI_API_KEY/,
  ],
  ['no model', () => claude(odd({})), /claude\(\) needs a model, for example claude\('claude-opus-5'\)/],
  [
    'a misspelled option of a factory',
    () => openai('gpt-5', odd({ baseUrl: 'x' })),
    /Did you mean baseURL\?/,
  ],
  [
    'a base URL without /v1',
    async () => openai('m', { ...key, baseURL: await serve(404, 'text/plain', noPage) }).chat('x'),
    /baseURL.*\/v1/,
  ],
  [
    'a web page at the base URL',
    async () => openai('m', { ...key, baseURL: await serve(200, 'text/html', page) }).chat('x'),
    /web page.*baseURL.*\/v1/,
  ],
  [
    'the same for Claude',
    async () =>
      claude('m', { ...key, baseURL: await serve(200, 'text/html', page) })
        .stream('x')
        .response(),
    /web page.*baseURL/,
  ],
  ['no address', () => openai('m', { baseURL: 'not a url' }), /Pass baseURL, for example http/],
  [
    'a server that is down',
    () => openai('m', { ...key, baseURL: 'http://127.0.0.1:1/v1' }).chat('x'),
    /Is it running\?/,
  ],
  [
    'Ollama is down',
    () => ollama('m', { retry: false, baseURL: 'http://127.0.0.1:1' }).chat('x'),
    /Start it with: ollama serve/,
  ],
  [
    'a closed provider',
    async () => {
      const one = mockProvider()
      await one.close()
      await one.chat('x')
    },
    /Make a new one/,
  ],
  [
    'an error without words',
    async () => openai('m', { ...key, baseURL: await serve(500, 'text/plain', '') }).chat('x'),
    /HTTP 500 with \(nothing\)/,
  ],
  [
    'a signal in the request',
    () => llm.chat(odd({ messages: 'x', signal: AbortSignal.abort() })),
    /second argument: chat\(request, \{ signal, timeout \}\)/,
  ],
  [
    'a name of another SDK',
    () => llm.chat(odd({ messages: 'x', maxTokens: 5 })),
    /Did you mean maxOutputTokens\?/,
  ],
  ['a misspelled option of a policy', () => limit(llm, odd({ concurency: 3 })), /Did you mean concurrency\?/],
  [
    'a date in a schema',
    () => llm.chat({ messages: 'x', output: { schema: z.object({ at: z.date() }) } }),
    /z\.iso\.datetime\(\).*codec/,
  ],
  [
    'a schema in place of output',
    () => llm.chat(odd({ messages: 'x', output: z.object({}) })),
    /Pass output: \{ schema \}/,
  ],
  [
    'a misspelled option of output',
    () => llm.chat(odd({ messages: 'x', output: { schema: {}, strct: true } })),
    /strct .*Did you mean strict\?/,
  ],
  ['a function in place of a schema', () => generateObject(llm, odd(z.object), 'x'), /Call it: z\.object/],
  [
    'a path in place of bytes',
    () => llm.chat(user([{ type: 'image', data: './cat.png', mediaType: 'image/png' }])),
    /readFile\(path\)/,
  ],
  [
    'no media type',
    () => llm.chat(user([{ type: 'image', data: 'AAAA' }])),
    /mediaType is missing.*'image\/png'/,
  ],
  [
    'tools as an object',
    () => llm.chat(odd({ messages: 'x', tools: { weather: {} } })),
    /must be a list: \[tool\(/,
  ],
  [
    "OpenAI's form of a tool",
    () => runTools(llm, odd({ messages: 'x', tools: [{ type: 'function', function: {} }] })).result(),
    /\{ name, description, input: its parameters \}/,
  ],
  [
    "the AI SDK's form of a tool",
    () => llm.chat(odd({ messages: 'x', tools: [{ name: 'a', inputSchema: {} }] })),
    /Did you mean input\?/,
  ],
  [
    'a tool that is not offered',
    () => llm.chat(odd({ messages: 'x', tools: [{ name: 'a', input: {} }], toolChoice: { name: 'b' } })),
    /"b", which is not one of the tools/,
  ],
  [
    'a tool whose input is a text',
    () => llm.chat({ messages: 'x', tools: [odd({ name: 'a', input: z.string() })] }),
    /tools\[0\]\.input must be the schema of an object, z\.object\(/,
  ],
  ['one provider in place of a list', () => fallback(odd(llm)), /fallback\(\[first, second\]\)/],
  [
    'repairs of elements',
    () => streamElements(llm, z.object({}), 'x', odd({ repairs: 1 })).result(),
    /repairs is not an option of streamElements\(\)/,
  ],
  [
    'a tool with a name that no service takes',
    () => llm.chat({ messages: 'x', tools: [odd({ name: 'my tool', input: {} })] }),
    /1 to 64 letters, digits, _ or -/,
  ],
  [
    "OpenAI's form of calls",
    () => llm.chat(odd({ messages: ['x', { role: 'assistant', content: null, tool_calls: [] }, 'y'] })),
    /\{ type: 'tool-call', id, name, input \}.*fromChatCompletions/,
  ],
  [
    "OpenAI's form of results",
    () => llm.chat(odd({ messages: ['x', { role: 'tool', tool_call_id: 'a', content: 'y' }] })),
    /\{ type: 'tool-result', id, output \}/,
  ],
  [
    "OpenAI's form of an image",
    () => llm.chat(user([{ type: 'image_url', image_url: { url: 'https://example.com' } }])),
    /Here it is \{ type: 'image', url \}/,
  ],
  [
    "Anthropic's form of an image",
    () => llm.chat(user([{ type: 'image', source: { type: 'base64', data: 'AAAA' } }])),
    /data, mediaType \}, without source/,
  ],
  [
    "Anthropic's form of a call",
    () => llm.chat(odd({ messages: ['x', { role: 'assistant', content: [{ type: 'tool_use' }] }] })),
    /\{ type: 'tool-call', id, name, input \}/,
  ],
  [
    "the AI SDK's form of messages",
    () => llm.chat(odd({ messages: [{ role: 'user', parts: [] }] })),
    /parts are called content.*fromUiMessages/,
  ],
  [
    'a role of another service',
    () => llm.chat(odd({ messages: [{ role: 'developer', content: 'x' }, 'y'] })),
    /Here the role is system/,
  ],
  [
    'a result in the message of its call',
    () =>
      llm.chat({
        messages: [
          'x',
          {
            role: 'assistant',
            content: [
              { type: 'tool-call', id: 'a', name: 't', input: {} },
              { type: 'tool-result', id: 'a', output: 'y' },
            ],
          },
          'z',
        ],
      }),
    /\{ role: 'tool', content: \[result\] \}/,
  ],
  ['a model in place of a provider', () => connect('gpt-5'), /openai:gpt-5/],
  ['a model with a slash', () => connect('openai/gpt-5'), /openai:gpt-5/],
  ['a company in place of a provider', () => connect('anthropic:claude-opus-5'), /Use claude/],
  ['a service with a preset', () => connect('groq:llama-3.3'), /Use openai.*preset: 'groq'/],
  ['a name of Ollama for local()', () => local('qwen3:0.6b').chat('x'), /ollama\('qwen3:0\.6b'\).*hf:/],
  [
    'a result that JSON would lose',
    async () => {
      const { failures } = await runTools(
        mockProvider({ answers: [{ toolCalls: [{ name: 'a', input: {} }] }, 'x'] }),
        { messages: 'x', tools: [tool({ name: 'a', input: { type: 'object' }, run: odd(() => new Map()) })] },
        { onToolError: 'throw' },
      )
      return failures
    },
    /Map, which JSON cannot represent\. Return a list or a plain object/,
  ],
]

it.each(mistakes)('%s', async (_, program, fix) => {
  const error: unknown = await (async () => program())().then(
    () => undefined,
    (thrown) => thrown,
  )
  if (!isLlmError(error)) throw error ?? new Error('expected an error')
  expect(error.message).toMatch(fix)
  expect(error.message).not.toMatch(/undefined|\[object|npm install gpt/)
  expect(errorCodes).toContain(error.code)
  expect(error.help).toContain(`patchbay explain ${error.code}`)
})

const limitMistakes: [mistake: string, options: object, fix: RegExp][] = [
  ['a time in words', { timeout: '5s' }, /timeout must be milliseconds.*(timeout|total) is 5s \(string\)/],
  ['a time in words with a space', { timeout: '5 s' }, /timeout must be milliseconds.* is 5 s \(string\)/],
  ['a time as text', { timeout: '5000' }, /timeout must be milliseconds.* is 5000 \(string\)/],
  ['a negative time', { timeout: -1 }, /timeout must be milliseconds above 0.*total is -1/],
  ['no number', { timeout: Number.NaN }, /timeout must be milliseconds above 0.*total is NaN/],
  ['one time in words', { timeout: { first: '5s' } }, /timeout must be milliseconds.*first is 5s \(string\)/],
  ['a limit that does not exist', { timeout: { frist: 5 } }, /with total, first, idle, but frist is 5/],
  ['retries as text', { retry: '3' }, /retry must be false or an object with retries, .*is 3 \(string\)/],
  ['retries as a number', { retry: 3 }, /retry must be false or an object with retries, .*is 3 \(number\)/],
  ['retries in words', { retry: { retries: '3' } }, /retry must be .*retries is 3 \(string\)/],
  ['negative retries', { retry: { retries: -1 } }, /retry must be .*retries is -1/],
]
const doors: [door: string, call: (options: never) => unknown][] = [
  ['chat()', (options) => llm.chat('x', options)],
  ['stream()', (options) => llm.stream('x', options).response()],
  ['embed()', (options) => llm.embed('x', options)],
  ['models()', (options) => llm.models(options)],
  ['runTools()', (options) => runTools(llm, 'x', options)],
  ['generateObject()', (options) => generateObject(llm, {}, 'x', options)],
  ['a policy that waits', (options) => limit(llm, { concurrency: 1 }).chat('x', options)],
  ['a policy over several', (options) => fallback([llm, llm]).chat('x', options)],
  ['claude()', (options: object) => claude('m', { ...key, ...options })],
  ['openai()', (options: object) => openai('m', { ...key, ...options })],
  ['ollama()', (options) => ollama('m', options)],
  ['local()', (options) => local('m.gguf', options)],
]
it.each(
  doors,
)('a wrong limit of %s is refused before anything is sent, with the right form', async (_, call) => {
  const sent = llm.requests.length
  for (const [mistake, options, fix] of limitMistakes) {
    const error: unknown = await (async () => call(odd(options)))().catch((thrown) => thrown)
    expect(error, mistake).toMatchObject({ code: 'invalid-request', message: expect.stringMatching(fix) })
  }
  expect(llm.requests).toHaveLength(sent)
})

it.each(['5s', '5000', -1, Number.NaN])('a tool with a time limit of %s is refused', async (limit) => {
  const wrong = { ...tool({ name: 'a', input: { type: 'object' }, run: () => 'x' }), timeout: odd(limit) }
  const right = { ...wrong, timeout: 1000 }
  const ofTool = runTools(llm, { messages: 'x', tools: [wrong] })
  const ofRun = runTools(llm, { messages: 'x', tools: [right] }, { toolTimeout: odd(limit) })
  await expect(ofTool.result()).rejects.toThrow(
    `tools[0].timeout must be milliseconds above 0, not ${limit} (`,
  )
  await expect(ofRun.result()).rejects.toThrow(`toolTimeout must be a number of at least 1, not ${limit} (`)
})

it('a listener that throws names itself, and has the cause', async () => {
  const failing = mockProvider({ answers: [Object.assign(new Error('x')), 'y'] })
  const busy = openai('m', {
    apiKey: 'k',
    retry: { retries: 1, baseDelay: 1 },
    baseURL: await serve(500, 'text/plain', 'busy'),
  })
  const onStatus = () => {
    throw new TypeError('mine')
  }
  const error: unknown = await busy.chat('x', { onStatus }).catch((thrown) => thrown)
  expect(error).toMatchObject({
    code: 'aborted',
    message: expect.stringContaining('onStatus callback of this call threw'),
    cause: expect.any(TypeError),
  })
  await failing.close()
})
