// Tools of real MCP servers, by both ways there are, in the loop and by themselves.
import { readdirSync, readFileSync } from 'node:fs'
import { inspect } from 'node:util'
import { isLlmError, type LlmError, runTools, type Tool } from '@patchbay/core'
import { faultServer, mockProvider } from '@patchbay/testing'
import { beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { buildProgram, serveHttp } from '../test/serve.js'
import { type McpOptions, type McpTools, mcpTools, type ProcessServer, type RemoteServer } from './index.js'

let program: string
beforeAll(async () => {
  program = await buildProgram()
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

  it('that has gone is a failure of its tools', async () => {
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
  expect(error).toMatchObject({ code: 'network' })
  expect(inspect(error, { depth: 9, showHidden: true })).not.toContain('sk-secret')
})

it.each<[string, ProcessServer | RemoteServer, string, RegExp]>([
  ['a command that does not exist', { command: 'no-such-command-at-all' }, 'network', /start by hand/],
  ['a program that ends', { command: process.execPath, args: ['-e', ''] }, 'network', /`.*` cannot be used/],
  ['an address where nobody is', { url: 'http://127.0.0.1:9' }, 'network', /Is it running/],
  ['an address that is none', { url: 'nowhere' }, 'config', /no address/],
])('%s is one typed error', async (_, server, code, message) => {
  expect(await failureOf(mcpTools(server))).toMatchObject({ code, message: expect.stringMatching(message) })
})

it('a program that says nothing is given up in time', async () => {
  const silent = { command: process.execPath, args: ['-e', 'setTimeout(() => {}, 60_000)'] }
  expect(await failureOf(mcpTools(silent, { timeout: 200 }))).toMatchObject({ code: 'network' })
})
