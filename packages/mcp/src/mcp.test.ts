// Tools of real MCP servers, over HTTP and as a process, in the tool loop and called directly.
import { readdirSync, readFileSync } from 'node:fs'
import { inspect } from 'node:util'
import { isLlmError, type LlmError, runTools, type Tool } from '@patchbay/core'
import { faultServer, mockProvider } from '@patchbay/testing'
import { beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest'
import { buildProgram, serveHttp, serveOdd } from '../test/serve.js'
import { type McpOptions, type McpTools, mcpTools, type ProcessServer, type RemoteServer } from './index.js'
import { namesFor } from './names.js'

let program: string
beforeAll(async () => {
  program = await buildProgram('stdio')
})

async function connect(server: ProcessServer | RemoteServer, options: McpOptions = {}): Promise<McpTools> {
  const tools = await mcpTools(server, options)
  onTestFinished(() => tools.close())
  return tools
}

async function failureOf(promise: Promise<unknown>): Promise<LlmError> {
  const error: unknown = await promise.then(
    (value) => new Error(`expected a failure, got ${JSON.stringify(value)}`),
    (thrown) => thrown,
  )
  if (!isLlmError(error)) throw error
  return error
}

/** What the model gets from one call of a tool. */
async function called(tools: Tool[], name: string, input: unknown = {}, options = {}) {
  const call = { toolCalls: [{ id: 'c1', name, input }], finishReason: 'tool-calls' as const }
  const provider = mockProvider({ answers: [call, 'Done.'] })
  await runTools(provider, { messages: 'x', tools }, options).result()
  return provider.requests[1]?.messages.at(-1)?.content[0]
}

const ways = [
  ['a process', async () => ({ command: process.execPath, args: [program] })],
  ['an address', async () => ({ url: (await serveHttp()).url })],
] as const

describe.each(ways)('a server that is %s', (_, server) => {
  it('gives its tools, which models can call', async () => {
    const { tools, instructions } = await connect(await server())
    expect(instructions).toBe('Be careful.')
    expect(tools.map(({ name }) => name)).toEqual([
      'weather_now',
      'fails',
      'throws',
      'draws',
      'counts',
      'hangs',
    ])
    expect(tools[0]).toMatchObject({
      description: 'The weather in a city.',
      input: { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] },
    })
    expect(await called(tools, 'weather_now', { city: 'Lima' })).toMatchObject({
      output: '21 degrees in Lima',
    })
    expect(await called(tools, 'counts')).toMatchObject({ output: '{"count":3}' })
  })

  it('gives images, files and links as parts', async () => {
    const { tools } = await connect(await server())
    expect(await called(tools, 'draws')).toMatchObject({
      output: [
        { type: 'text', text: 'A dot' },
        { type: 'image', data: 'iVBORw0KGgo=', mediaType: 'image/png' },
        { type: 'file', data: 'JVBERi0=', mediaType: 'application/pdf', name: 'file:///a.pdf' },
        { type: 'text', text: 'words' },
        { type: 'text', text: expect.stringContaining('file:///b.txt') },
      ],
    })
  })

  it('has its failures told to the model', async () => {
    const { tools } = await connect(await server())
    expect(await called(tools, 'fails')).toMatchObject({
      isError: true,
      output: 'fails failed: No station there',
    })
    expect(await called(tools, 'throws')).toMatchObject({
      isError: true,
      output: expect.stringContaining('A bug'),
    })
    expect(await called(tools, 'weather_now', { city: 5 })).toMatchObject({
      isError: true,
      output: expect.stringContaining('$.city must be string'),
    })
    expect(await called(tools, 'hangs', {}, { toolTimeout: 50 })).toMatchObject({
      isError: true,
      output: expect.stringContaining('longer than 50 ms'),
    })
    // It lives on.
    expect(await called(tools, 'weather_now', { city: 'Oslo' })).toMatchObject({
      output: '21 degrees in Oslo',
    })
  })

  it('that has ended makes its tools fail', async () => {
    const connection = await connect(await server())
    await connection.close()
    await connection.close()
    expect(await called(connection.tools, 'weather_now', { city: 'Lima' })).toMatchObject({ isError: true })
  })

  it('that is not waited for any longer is let go', async () => {
    const controller = new AbortController()
    controller.abort()
    expect(await failureOf(mcpTools(await server(), { signal: controller.signal }))).toMatchObject({
      code: 'aborted',
    })
  })
})

it('tools can be chosen, renamed and put under approval', async () => {
  const asked: unknown[] = []
  const needsApproval = (name: string, input: unknown) => asked.push([name, input]) > 0
  const { tools } = await connect(await ways[0][1](), { prefix: 'a_', only: ['weather.now'], needsApproval })
  expect(tools.map(({ name }) => name)).toEqual(['a_weather_now'])
  const input = { city: 'Lima' }
  expect(await called(tools, 'a_weather_now', input, { approve: () => ({ deny: 'No.' }) })).toMatchObject({
    output: 'No.',
  })
  expect(asked).toEqual([['weather.now', input]])
})

it.runIf(process.platform === 'linux')(
  'a process gets no variable it was not given, and ends with its connection',
  async () => {
    process.env.PATCHBAY_TEST_SECRET = 'secret'
    onTestFinished(() => void delete process.env.PATCHBAY_TEST_SECRET)
    const mark = `mark-${crypto.randomUUID()}`
    const tools = await connect({ command: process.execPath, args: [program, mark], env: { GIVEN: 'yes' } })
    const find = () => readdirSync('/proc').filter((pid) => fileOf(pid, 'cmdline').includes(mark))
    const environment = fileOf(find()[0], 'environ')
    expect(environment).toContain('GIVEN=yes')
    expect(environment).not.toContain('PATCHBAY_TEST_SECRET')
    await tools.close()
    await expect.poll(() => find().length).toBe(0)
  },
)

/** A file of a process, while it lives. */
function fileOf(pid: string | undefined, name: string): string {
  try {
    return readFileSync(`/proc/${pid}/${name}`, 'utf8')
  } catch {
    return ''
  }
}

it('sends headers, and never shows them', async () => {
  const { url, seen } = await serveHttp()
  await connect({ url, headers: { authorization: 'Bearer sk-secret' } })
  expect(seen.every(({ authorization }) => authorization === 'Bearer sk-secret')).toBe(true)
  const refusing = await faultServer(() => ({ status: 401, body: 'no key sk-secret' }))
  onTestFinished(() => refusing.close())
  const error = await failureOf(mcpTools({ url: refusing.url, headers: { authorization: 'sk-secret' } }))
  expect(error).toMatchObject({ code: 'authentication' })
  expect(inspect(error, { depth: 9, showHidden: true })).not.toContain('sk-secret')
})

it.each<[string, ProcessServer | RemoteServer, string, RegExp]>([
  ['a command that does not exist', { command: 'no-such-command-at-all' }, 'network', /start by hand/],
  ['a program that ends', { command: process.execPath, args: ['-e', ''] }, 'network', /`.*` cannot be used/],
  ['an address without a server', { url: 'http://127.0.0.1:9' }, 'network', /Is it running/],
  ['an address that is none', { url: 'nowhere' }, 'config', /not a valid URL/],
])('%s is one typed error', async (_, server, code, message) => {
  expect(await failureOf(mcpTools(server))).toMatchObject({ code, message: expect.stringMatching(message) })
})

const wantsScope = { 'www-authenticate': 'Bearer error="insufficient_scope", scope="files:read"' }
it.each<[number, object, string, RegExp]>([
  [401, {}, 'authentication', /wants credentials.*Give it a valid token in `headers`/],
  [401, { 'www-authenticate': 'Bearer resource_metadata="x"' }, 'authentication', /Give it a valid token/],
  [403, {}, 'permission-denied', /may not do this.*Give it a token with the rights/],
  [403, wantsScope, 'permission-denied', /may not do this/],
])('a refused authentication (%i %j) is an error of that kind, when connecting and later', async (status, headers, code, message) => {
  const refusal = () => new Response('{"error":"invalid_token"}', { status, headers: { ...headers } })
  const expected = { code, status, message: expect.stringMatching(message) }
  const error = await failureOf(mcpTools({ url: 'http://127.0.0.1:9', fetch: async () => refusal() }))
  expect(error).toMatchObject(expected)
  expect(error.message).not.toContain('Error POSTing')

  const listed = { tools: [{ name: 'a', inputSchema: { type: 'object' } }] }
  const odd = await serveOdd({ 'tools/list': () => listed })
  const { tools } = await connect({
    url: odd.url,
    fetch: async (url, init) => (String(init?.body).includes('tools/call') ? refusal() : fetch(url, init)),
  })
  const run = tools[0]?.run?.(
    {},
    { signal: AbortSignal.timeout(60_000), id: 'c', messages: [], context: undefined },
  )
  expect(await failureOf(Promise.resolve(run))).toMatchObject(expected)
})

it('a program that prints nothing is given up at the time limit', async () => {
  const silent = { command: process.execPath, args: ['-e', 'setTimeout(() => {}, 60_000)'] }
  expect(await failureOf(mcpTools(silent, { timeout: 200 }))).toMatchObject({ code: 'network' })
})

const text = (text: string) => ({ content: [{ type: 'text', text }] })

describe('a half-broken server', () => {
  it('leaves out invalid tools with a warning, and keeps the others', async () => {
    const input = { type: 'object' }
    const { url } = await serveOdd({
      'tools/list': ({ cursor }) =>
        cursor === undefined
          ? {
              tools: [
                { name: 'fine', inputSchema: input, description: 'Works.' },
                { name: 'no-type', inputSchema: { properties: { a: { type: 'string' } } }, description: 5 },
                { name: 'no-schema' },
                {
                  name: 'odd-parts',
                  inputSchema: input,
                  title: 7,
                  annotations: 'x',
                  icons: 1,
                  outputSchema: 'y',
                },
                { name: 'list', inputSchema: { type: 'array' } },
                { name: 'text', inputSchema: 'object' },
                { inputSchema: input },
                null,
                { name: 'fine', inputSchema: input },
              ],
              nextCursor: 'more',
            }
          : { tools: [{ name: 'last', inputSchema: input }] },
      'tools/call': ({ name }) => text(`called ${name}`),
    })
    const { tools, warnings } = await connect({ url })
    expect(tools.map(({ name }) => name)).toEqual(['fine', 'no-type', 'no-schema', 'odd-parts', 'last'])
    expect(tools[1]).toMatchObject({ input: { type: 'object', properties: { a: {} } } })
    expect(warnings.map(({ message }) => message)).toEqual([
      expect.stringMatching(/^Tool list was left out: .*"array"/),
      expect.stringMatching(/^Tool text was left out/),
      expect.stringMatching(/^Tool 7 was left out: it has no name/),
      expect.stringMatching(/^Tool 8 was left out/),
      expect.stringMatching(/^Tool fine is listed twice/),
    ])
    for (const { name } of tools)
      expect(await called(tools, name)).toMatchObject({ output: `called ${name}` })
  })

  it.each([
    ['only text', { type: 'object', required: ['a'] }, text('words'), 'words'],
    [
      'another structure',
      { type: 'object', required: ['a'] },
      { ...text('words'), structuredContent: { b: 1 } },
      'words',
    ],
    [
      'a reference to nowhere',
      { type: 'object', properties: { a: { $ref: '#/nowhere' } } },
      text('words'),
      'words',
    ],
    ['a structure alone', { type: 'object' }, { content: [], structuredContent: { a: 1 } }, '{"a":1}'],
  ])('gives what a tool says whose promised structure is %s', async (_, outputSchema, result, output) => {
    const listed = { tools: [{ name: 'a', inputSchema: { type: 'object' }, outputSchema }] }
    const { url } = await serveOdd({ 'tools/list': () => listed, 'tools/call': () => result })
    const found = await called((await connect({ url })).tools, 'a')
    expect(found).toMatchObject({ output })
    expect(found).not.toMatchObject({ isError: true })
  })

  it('has no tools where its list is none, and says so', async () => {
    const { url } = await serveOdd({ 'tools/list': () => ({ tools: 'none' }) })
    expect(await connect({ url })).toMatchObject({ tools: [], warnings: [{ code: 'other' }] })
  })

  it('is read up to a bound', async () => {
    let page = 0
    const { url, calls } = await serveOdd({ 'tools/list': () => ({ tools: [], nextCursor: `p${page++}` }) })
    expect((await connect({ url })).warnings).toHaveLength(1)
    expect(calls.filter((method) => method === 'tools/list')).toHaveLength(64)
  })

  const entry = (name: string) => ({ name, inputSchema: { type: 'object' } })

  it.each<[string, (page: number) => unknown, string[], number]>([
    ['leads back to a page', () => ({ tools: [entry('a')], nextCursor: 'again' }), ['a'], 2],
    ['ends with an empty cursor', () => ({ tools: [entry('a')], nextCursor: '' }), ['a'], 0],
    [
      'begins with an empty cursor',
      (page) => (page === 0 ? { tools: [entry('a')], nextCursor: '' } : { tools: [entry('b')] }),
      ['a', 'b'],
      0,
    ],
  ])('whose list %s gives each tool once', async (_, list, names, warnings) => {
    let page = 0
    const { url, calls } = await serveOdd({ 'tools/list': () => list(page++) })
    const found = await connect({ url })
    expect(found.tools.map(({ name }) => name)).toEqual(names)
    expect(found.warnings).toHaveLength(warnings)
    expect(calls.filter((method) => method === 'tools/list')).toHaveLength(2)
  })

  it('whose second page fails keeps the first, and says so', async () => {
    let page = 0
    const { url } = await serveOdd({
      'tools/list': () => {
        if (page++ > 0) throw new Error('db down')
        return { tools: [entry('a')], nextCursor: 'next' }
      },
    })
    const found = await connect({ url })
    expect(found.tools.map(({ name }) => name)).toEqual(['a'])
    expect(found.warnings).toMatchObject([{ message: expect.stringContaining('ends with its page 1') }])
  })

  const png = 'iVBORw0KGgo='
  it.each<[string, unknown, unknown]>([
    ['a structure that is a list', { ...text('T'), structuredContent: [1] }, 'T'],
    ['nulls where nothing is', { ...text('T'), structuredContent: null, isError: null }, 'T'],
    ['content that is a text', { content: 'T' }, 'T'],
    ['content that is one block', { content: { type: 'text', text: 'T' } }, 'T'],
    ['no content', { content: null }, ''],
    ['only a structure', { structuredContent: { a: 1 } }, '{"a":1}'],
    ['a text that is a number', { content: [{ type: 'text', text: 42 }] }, '42'],
    ['a block that is a text', { content: ['T'] }, 'T'],
    ['an unknown block', { content: [{ type: 'new', x: 1 }] }, '{"type":"new","x":1}'],
    [
      'a link without a name',
      { content: [{ type: 'resource_link', uri: 'u' }] },
      '{"type":"resource_link","uri":"u"}',
    ],
    [
      'an image that is none beside a text',
      {
        content: [
          { type: 'image', data: '!', mimeType: 'image/png' },
          { type: 'image', data: png },
          { type: 'text', text: 'T' },
        ],
      },
      '[image that cannot be read]\n[image that cannot be read]\nT',
    ],
    [
      'odd notes on a block',
      { content: [{ type: 'image', data: png, mimeType: 'image/png', annotations: null, _meta: null }] },
      [{ type: 'image', data: png, mediaType: 'image/png' }],
    ],
  ])('whose result has %s gives what can be read of it', async (_, result, output) => {
    const { url } = await serveOdd({
      'tools/list': () => ({ tools: [entry('a')] }),
      'tools/call': () => result,
    })
    const { tools } = await connect({ url })
    const context = { signal: AbortSignal.timeout(5000), id: 'c', messages: [], context: undefined }
    expect(await tools[0]?.run?.({}, context)).toEqual(output)
  })

  it('whose failure has only a structure tells it', async () => {
    const { url } = await serveOdd({
      'tools/list': () => ({ tools: [entry('a')] }),
      'tools/call': () => ({ isError: true, structuredContent: { reason: 'full' } }),
    })
    const { tools } = await connect({ url })
    const context = { signal: AbortSignal.timeout(5000), id: 'c', messages: [], context: undefined }
    expect(await failureOf(Promise.resolve(tools[0]?.run?.({}, context)))).toMatchObject({
      code: 'tool-failed',
      message: '{"reason":"full"}',
    })
  })

  it('gives errors that are ours, without secrets', async () => {
    const listed = { tools: [{ name: 'a', inputSchema: { type: 'object' } }] }
    const says = { isError: true, ...text('Bad key sk-in-header, tok-in-query') }
    const odd = await serveOdd({ 'tools/list': () => listed, 'tools/call': () => says })
    const { tools } = await connect({
      url: `${odd.url}?token=tok-in-query`,
      headers: { authorization: 'Bearer sk-in-header' },
    })
    const run = () =>
      tools[0]?.run?.({}, { signal: AbortSignal.timeout(5000), id: 'c', messages: [], context: undefined })
    const error = await failureOf(Promise.resolve(run()))
    expect(error).toMatchObject({ code: 'tool-failed', message: 'Bad key …, …' })
    const protocol = await serveOdd({ 'tools/list': () => listed })
    const other = await connect({ url: protocol.url })
    expect(
      await failureOf(
        Promise.resolve(
          other.tools[0]?.run?.(
            {},
            { signal: AbortSignal.timeout(5000), id: 'c', messages: [], context: undefined },
          ),
        ),
      ),
    ).toMatchObject({ code: 'tool-failed', message: expect.stringContaining('no tools/call') })
  })

  it.each([
    ['in base64', btoa('sk-"in"-header')],
    ['in JSON', JSON.stringify('sk-"in"-header').slice(1, -1)],
    ['in an address', encodeURIComponent('sk-"in"-header')],
  ])('shows a secret in no spelling: %s', async (_, spelled) => {
    const { url } = await serveOdd({})
    const failing = async () => new Response(`No: ${spelled}`, { status: 500 })
    const headers = { 'x-api-key': 'sk-"in"-header' }
    const error = await failureOf(mcpTools({ url, headers, fetch: failing }))
    expect(error.message).toContain('No: …')
    expect(inspect(error, { depth: 9, showHidden: true })).not.toContain(spelled)
  })

  it('shows neither a password in its address nor an argument of its command', async () => {
    for (const server of [
      { url: 'http://someone:pass-word@127.0.0.1:9/mcp?key=tok-in-query' },
      { command: 'no-such-command', args: ['--key=sk-argument'], env: { KEY: 'sk-variable' } },
    ]) {
      const shown = inspect(await failureOf(mcpTools(server)), { depth: 9, showHidden: true })
      expect(shown).not.toMatch(/pass-word|tok-in-query|sk-argument|sk-variable/)
    }
  })
})

describe('a connection that is lost', () => {
  it.each<[number, string]>([
    [404, 'Session not found'],
    [400, 'Bad Request: No valid session ID provided'],
  ])('to a server that forgot the session is made again, and the call is made there (%i)', async (...unknown) => {
    const listed = { tools: [{ name: 'a', inputSchema: { type: 'object' } }] }
    const odd = await serveOdd({ 'tools/list': () => listed, 'tools/call': () => text('here') }, unknown)
    const { tools } = await connect({ url: odd.url })
    for (let round = 0; round < 2; round++) {
      odd.forget()
      const both = await Promise.all([called(tools, 'a'), called(tools, 'a')])
      expect(both).toMatchObject([{ output: 'here' }, { output: 'here' }])
    }
    expect(odd.calls.filter((method) => method === 'tools/call')).toHaveLength(4)
  })

  it('to a server that forgot the session is ended, with the stream it listened to', async () => {
    const listed = { tools: [{ name: 'a', inputSchema: { type: 'object' } }] }
    const odd = await serveOdd({ 'tools/list': () => listed, 'tools/call': () => text('here') })
    const { tools, close } = await connect({ url: odd.url })
    for (let opened = 1; opened <= 5; opened++) {
      await vi.waitFor(() => expect(odd.streams).toEqual({ opened, open: 1 }))
      odd.forget()
      expect(await called(tools, 'a')).toMatchObject({ output: 'here' })
    }
    await vi.waitFor(() => expect(odd.streams).toEqual({ opened: 6, open: 1 }))
    await close()
    await vi.waitFor(() => expect(odd.streams.open).toBe(0))
  })

  it.each<[number, string, string]>([
    [404, 'Not found', 'without'],
    [400, 'Bad Request: No valid session ID provided', 'without'],
    [400, 'The session costs too much', 'with'],
  ])('is distinguished from a refused call (%i %s, %s a session)', async (status, words, how) => {
    const listed = { tools: [{ name: 'a', inputSchema: { type: 'object' } }] }
    let refused = 0
    const odd = await serveOdd({ 'tools/list': () => listed }, undefined, how === 'with')
    const { tools } = await connect({
      url: odd.url,
      fetch: async (url, init) => {
        if (String(init?.body).includes('tools/call')) {
          refused++
          return new Response(words, { status })
        }
        return fetch(url, init)
      },
    })
    expect(await called(tools, 'a')).toMatchObject({ isError: true, output: expect.stringContaining(words) })
    expect(refused).toBe(1)
  })

  it('to a process that ended is made again by the next call', async () => {
    const program = await buildProgram('ending-server')
    const { tools, close } = await connect({ command: process.execPath, args: [program] })
    const pid = await called(tools, 'pid')
    // What may have been done is not done again.
    expect(await called(tools, 'dies')).toMatchObject({ isError: true })
    const next = await called(tools, 'pid')
    expect(next).toMatchObject({ output: expect.stringMatching(/^\d+$/) })
    expect(next).not.toEqual(pid)
    await close()
    expect(await called(tools, 'pid')).toMatchObject({
      isError: true,
      output: expect.stringContaining('closed'),
    })
  })
})

it('progress prolongs the time of a tool', async () => {
  const { tools } = await connect({ command: process.execPath, args: [await buildProgram('ending-server')] })
  const patient = { toolTimeout: 400 }
  expect(await called(tools, 'works', { steps: 8 }, patient)).toMatchObject({ output: 'done' })
  expect(await called(tools, 'works', { steps: 1e6 }, { toolTimeout: 150 })).toMatchObject({
    isError: true,
    output: expect.stringContaining('longer than 150 ms'),
  })
})

describe('names', () => {
  const long = 'a'.repeat(63)

  it('that differ only after the 64th character lead to their own tools', async () => {
    const listed = [`${long}${long}1`, `${long}${long}2`, 'short', 'x.y', 'x/y', 'x_y', 'z.z']
    const { url } = await serveOdd({
      'tools/list': () => ({ tools: listed.map((name) => ({ name, inputSchema: {} })) }),
      'tools/call': ({ name }) => text(String(name)),
    })
    const { tools } = await connect({ url })
    const names = tools.map(({ name }) => name)
    expect(new Set(names).size).toBe(listed.length)
    expect(names.every((name) => /^[\w-]{1,64}$/.test(name))).toBe(true)
    expect([names[2], names[5], names[6]]).toEqual(['short', 'x_y', 'z_z'])
    for (const [index, name] of names.entries())
      expect(await called(tools, name)).toMatchObject({ output: listed[index] })
  })

  it('are the same in whatever order the server lists them', () => {
    const originals = [
      `${long}${long}1`,
      `${long}${long}2`,
      `${long}.`,
      `${long}/`,
      'x.y',
      'x/y',
      'x_y',
      'é',
      'ü',
      'ok',
    ]
    const names = namesFor(originals)
    expect(new Set(names.values()).size).toBe(originals.length)
    expect(new Map([...namesFor([...originals].reverse())].sort())).toEqual(new Map([...names].sort()))
  })
})

describe('prompts and watched resources', () => {
  const offers = (capabilities: object) => ({
    'tools/list': () => ({ tools: [] }),
    initialize: ({ protocolVersion }: Record<string, unknown>) => ({
      ...{ protocolVersion, serverInfo: { name: 'odd', version: '1' } },
      capabilities: { tools: {}, ...capabilities },
    }),
  })

  it('of a server that has none are none, and an error', async () => {
    const { url, calls } = await serveOdd(offers({ resources: {} }))
    const server = await connect({ url })
    expect(await server.listPrompts()).toEqual([])
    expect(await failureOf(server.watchResource('a://b', () => {}))).toMatchObject({ code: 'unsupported' })
    expect(calls).not.toContain('prompts/list')
    expect(calls).not.toContain('resources/subscribe')
  })

  it('are read page by page, an odd entry and an odd message without harm to the others', async () => {
    const pages: Record<string, object> = {
      '': { prompts: [{ name: 'a' }, {}, 7, { name: 'a', title: 'again' }], nextCursor: '2' },
      '2': {
        prompts: [{ name: 'b', title: 'B', arguments: [{ name: 'x', required: true }, {}] }],
        nextCursor: '2',
      },
    }
    const { url } = await serveOdd({
      ...offers({ prompts: {} }),
      'prompts/list': ({ cursor = '' }) => pages[String(cursor)],
      'prompts/get': () => ({ messages: [{ role: 'assistant', content: { type: 'text', text: 'Hm.' } }, 5] }),
    })
    const server = await connect({ url })
    expect(await server.listPrompts()).toEqual([
      { name: 'a', arguments: [] },
      { name: 'b', title: 'B', arguments: [{ name: 'x', required: true }] },
    ])
    const [first, second] = await server.getPrompt('a')
    expect(first).toEqual({ role: 'assistant', content: [{ type: 'text', text: 'Hm.' }] })
    expect(second?.role).toBe('user')
    const signal = AbortSignal.abort()
    expect(await failureOf(server.getPrompt('a', {}, { signal }))).toMatchObject({ code: 'aborted' })
    expect(await failureOf(server.listPrompts({ signal }))).toMatchObject({ code: 'aborted' })
  })

  it('are watched again after a session that was forgotten, and what may have changed is told', async () => {
    const odd = await serveOdd({
      ...offers({ resources: { subscribe: true } }),
      'resources/subscribe': () => ({}),
      'resources/unsubscribe': () => ({}),
      'resources/read': () => ({ contents: [{ uri: 'a://b', text: 'words' }] }),
    })
    const server = await connect({ url: odd.url })
    const told: string[] = []
    const end = await server.watchResource('a://b', () => told.push('first'))
    const endOther = await server.watchResource('a://b', () => told.push('second'))
    odd.forget()
    expect(told).toEqual([])
    await server.readResource('a://b')
    expect(told).toEqual(['first', 'second'])
    await end()
    expect(odd.calls).not.toContain('resources/unsubscribe')
    await endOther()
    expect(odd.calls.filter((method) => method.startsWith('resources/'))).toEqual([
      'resources/subscribe',
      'resources/subscribe',
      'resources/read',
      'resources/unsubscribe',
    ])
  })
})
