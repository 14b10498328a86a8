// All that the official everything-server offers, as tests for each of its ways.
import { isLlmError, type LlmError, type Part, runTools } from '@patchbay/core'
import { mockProvider } from '@patchbay/testing'
import { expect, it, onTestFinished } from 'vitest'
import {
  type Elicitation,
  type ElicitationAnswer,
  type McpOptions,
  type McpProgress,
  type McpTools,
  mcpTools,
  type ProcessServer,
  type RemoteServer,
} from '../src/index.js'

export async function connect(
  server: ProcessServer | RemoteServer,
  options: McpOptions = {},
): Promise<McpTools> {
  const tools = await mcpTools(server, options)
  onTestFinished(() => tools.close())
  return tools
}

/** One call of a tool as the loop makes it. */
export async function call({ tools }: McpTools, name: string, input: unknown = {}, signal?: AbortSignal) {
  const tool = tools.find((each) => each.name === name)
  if (tool?.run === undefined) throw new Error(`There is no tool ${name}.`)
  return await tool.run(input, {
    id: 'call-1',
    messages: [],
    context: undefined,
    signal: signal ?? new AbortController().signal,
  })
}

export async function failureOf(promise: Promise<unknown>): Promise<LlmError> {
  const error: unknown = await promise.then(
    (value) => new Error(`expected a failure, got ${JSON.stringify(value)}`),
    (thrown) => thrown,
  )
  if (!isLlmError(error)) throw error
  return error
}

const accept = (elicitation: Elicitation): ElicitationAnswer =>
  elicitation.mode === 'form' && JSON.stringify(elicitation.schema).includes('interpretation')
    ? { action: 'accept', content: { interpretation: 'snake' } }
    : {
        action: 'accept',
        content: { name: 'Ada', check: true, integer: 7, untitledMultipleSelectEnum: ['Piano'] },
      }

/** All that it offers, by one of its ways. */
export function everythingSuite(start: () => Promise<ProcessServer | RemoteServer>): void {
  it('offers its conditional tools only to an app that has what they need', async () => {
    const server = await start()
    const bare = await connect(server)
    const full = await connect(server, { sampling: mockProvider(), elicit: accept, roots: [] })
    const namesOf = ({ tools }: McpTools) => tools.map(({ name }) => name)
    expect(bare.warnings).toEqual([])
    expect(namesOf(bare)).toHaveLength(13)
    expect(
      namesOf(full)
        .filter((name) => !namesOf(bare).includes(name))
        .sort(),
    ).toEqual([
      'get-roots-list',
      'trigger-elicitation-request',
      'trigger-elicitation-request-async',
      'trigger-sampling-request',
      'trigger-sampling-request-async',
      'trigger-url-elicitation',
    ])
    expect(bare.instructions).toContain('Everything')
  })

  it('tells of each tool its title, hints and the schema of its results', async () => {
    const approved: unknown[] = []
    const { tools } = await connect(await start(), {
      needsApproval: (name, _input, annotations) => {
        approved.push([name, annotations.readOnlyHint])
        return annotations.readOnlyHint !== true
      },
    })
    const tool = tools.find(({ name }) => name === 'get-structured-content')
    expect(tool).toMatchObject({
      annotations: { readOnlyHint: true, destructiveHint: false, idempotentHint: true, openWorldHint: false },
      outputSchema: { type: 'object', required: ['temperature', 'conditions', 'humidity'] },
    })
    expect(tools.find(({ name }) => name === 'echo')?.title).toBe('Echo Tool')
    const provider = mockProvider({
      answers: [
        { toolCalls: [{ id: 'c', name: 'get-structured-content', input: { location: 'Chicago' } }] },
        'Done.',
      ],
    })
    await runTools(provider, { messages: 'x', tools }, { approve: () => ({ deny: 'No.' }) }).result()
    expect(approved).toEqual([['get-structured-content', true]])
    expect(provider.requests[1]?.messages.at(-1)?.content[0]).toMatchObject({
      output: expect.stringContaining('"temperature":36'),
    })
  })

  it('gets an answer of a model', async () => {
    const provider = mockProvider({ answers: [{ text: 'Paris.', finishReason: 'length' }] })
    const warnings = [{ code: 'other' as const, message: 'The model is old.' }]
    const connection = await connect(await start(), {
      sampling: async (request, options) => ({ ...(await provider.chat(request, options)), warnings }),
    })
    const output = await call(connection, 'trigger-sampling-request', { prompt: 'Capital?', maxTokens: 20 })
    expect(JSON.parse(String(output).replace(/^[^{]*/, ''))).toMatchObject({
      role: 'assistant',
      content: { type: 'text', text: 'Paris.' },
      stopReason: 'maxTokens',
      model: 'mock-1',
    })
    expect(provider.requests[0]).toMatchObject({ maxOutputTokens: 20, temperature: 0.7 })
    expect(JSON.stringify(provider.requests[0]?.messages)).toContain('You are a helpful test server.')
    expect(JSON.stringify(provider.requests[0]?.messages)).toContain('context: Capital?')
    expect(connection.warnings).toMatchObject([{ message: 'The server asked the model: The model is old.' }])
  })

  it('gets answers of the model and the user as tasks', async () => {
    const connection = await connect(await start(), {
      sampling: mockProvider({ answers: ['Late.'] }),
      elicit: () => ({ action: 'accept', content: { name: 'Ada' } }),
    })
    expect(await call(connection, 'trigger-sampling-request-async', { prompt: 'x' })).toMatch(
      /COMPLETED[\s\S]*Task created[\s\S]*Late\./,
    )
    expect(await call(connection, 'trigger-elicitation-request-async')).toMatch(/COMPLETED[\s\S]*Ada/)
  })

  it('learns that the app refused, and no more', async () => {
    const connection = await connect(await start(), {
      sampling: () => {
        throw new Error('the user of secret.example said no')
      },
      elicit: ({ mode }) => ({ action: mode === 'form' ? 'decline' : 'cancel' }),
    })
    const refused = await failureOf(call(connection, 'trigger-sampling-request', { prompt: 'x' }))
    expect(refused).toMatchObject({ code: 'tool-failed', message: expect.stringContaining('refused') })
    expect(refused.message).not.toContain('secret.example')
    expect(JSON.stringify(await call(connection, 'trigger-elicitation-request'))).toContain('declined')
    const url = { url: 'https://example.com/sign' }
    expect(JSON.stringify(await call(connection, 'trigger-url-elicitation', url))).toContain('cancelled')
    expect(String(await call(connection, 'trigger-sampling-request-async', { prompt: 'x' }))).toMatch(
      /^\[FAILED\] .*refused/,
    )
  })

  it('asks the user by a form and by a page', async () => {
    const asked: Elicitation[] = []
    const connection = await connect(await start(), {
      elicit: (elicitation) => {
        asked.push(elicitation)
        return accept(elicitation)
      },
    })
    const output = String(await call(connection, 'trigger-elicitation-request'))
    expect(output).toContain('- Name: Ada')
    expect(output).toContain('- Favorite Integer: 7')
    expect(asked[0]).toMatchObject({
      mode: 'form',
      message: expect.stringContaining('provide inputs'),
      schema: { type: 'object', required: ['name'], properties: { integer: { minimum: 1, default: 42 } } },
    })
    const page = { url: 'https://example.com/sign', message: 'Sign here.', elicitationId: 'e-1' }
    expect(String(await call(connection, 'trigger-url-elicitation', page))).toContain('completed the URL')
    expect(asked[1]).toEqual({ mode: 'url', message: 'Sign here.', url: page.url, id: 'e-1' })
  })

  it('refuses a call until the user was at a page, and is called again then', async () => {
    const asked: Elicitation[] = []
    const connection = await connect(await start(), {
      elicit: (elicitation) => {
        asked.push(elicitation)
        return { action: 'accept' }
      },
    })
    const page = { url: `https://example.com/${crypto.randomUUID()}`, errorPath: true }
    expect(String(await call(connection, 'trigger-url-elicitation', page))).toContain('completed the URL')
    expect(asked.map((each) => each.mode === 'url' && each.url)).toEqual([
      'https://modelcontextprotocol.io',
      page.url,
    ])
  })

  it('knows the roots of the app', async () => {
    const roots = [{ uri: 'file:///home/me/notes', name: 'Notes' }, { uri: 'file:///tmp' }]
    const connection = await connect(await start(), { roots })
    const output = String(await call(connection, 'get-roots-list'))
    expect(output).toContain('1. Notes\n   URI: file:///home/me/notes')
    expect(output).toContain('URI: file:///tmp')
  })

  it('reports progress', async () => {
    const reports: McpProgress[] = []
    const controller = new AbortController()
    const connection = await connect(await start(), {
      // The official client drops reports that come together with the result, so the call is left before.
      onProgress: (report) => reports.push(report) === 3 && controller.abort(),
    })
    const name = 'trigger-long-running-operation'
    const running = call(connection, name, { duration: 600, steps: 6000 }, controller.signal)
    expect(await failureOf(running)).toMatchObject({ code: 'aborted' })
    expect(reports.slice(0, 3)).toEqual(
      [1, 2, 3].map((progress) => ({ tool: name, id: 'call-1', progress, total: 6000 })),
    )
  })

  it('works on a tool as a task, with a question to the user in it', async () => {
    const reports: (string | undefined)[] = []
    const asked: Elicitation[] = []
    const connection = await connect(await start(), {
      onProgress: ({ message }) => reports.push(message),
      elicit: (elicitation) => {
        asked.push(elicitation)
        return accept(elicitation)
      },
    })
    const output = await call(connection, 'simulate-research-query', { topic: 'python', ambiguous: true })
    expect(String(output)).toContain('# Research Report: python (snake)')
    expect(reports).toContain('Gathering sources...')
    expect(asked).toHaveLength(1)
  })

  it('stops what nobody waits for, and lives on', async () => {
    const connection = await connect(await start())
    const controller = new AbortController()
    const running = failureOf(
      call(connection, 'trigger-long-running-operation', { duration: 600 }, controller.signal),
    )
    const task = failureOf(call(connection, 'simulate-research-query', { topic: 'x' }, controller.signal))
    await call(connection, 'echo', { message: 'x' })
    controller.abort()
    expect(await running).toMatchObject({ code: 'aborted' })
    expect(await task).toMatchObject({ code: 'aborted' })
    expect(await call(connection, 'echo', { message: 'here' })).toBe('Echo: here')
  })

  it('gives media, resources and links, and what is for the user to the user', async () => {
    const shown: Part[] = []
    const connection = await connect(await start(), { onUserContent: (parts) => shown.push(...parts) })
    expect(await call(connection, 'get-tiny-image')).toMatchObject([
      { type: 'text' },
      { type: 'image', mediaType: 'image/png' },
      { type: 'text' },
    ])
    expect(
      await call(connection, 'get-resource-reference', { resourceType: 'Blob', resourceId: 2 }),
    ).toMatchObject([{ type: 'text' }, { type: 'file' }, { type: 'text' }])
    const error = { messageType: 'error', includeImage: true }
    expect(await call(connection, 'get-annotated-message', error)).toBe('Error: Operation failed')
    expect(shown).toMatchObject([{ type: 'image', mediaType: 'image/png' }])
    expect(await call(connection, 'get-annotated-message', { messageType: 'success' })).toBe(
      'Done. The result was for the user.',
    )
    expect(shown.at(-1)).toEqual({ type: 'text', text: 'Operation completed successfully' })
    expect(await call(connection, 'get-annotated-message', { messageType: 'debug' })).toContain('Cache hit')

    const links = String(await call(connection, 'get-resource-links', { count: 2 }))
    const uris = [...links.matchAll(/"uri":"([^"]+)"/g)].map(([, uri]) => String(uri))
    expect(uris).toHaveLength(2)
    const contents = await Promise.all(uris.map((uri) => connection.readResource(uri)))
    expect(contents.map((parts) => parts.map(({ type }) => type))).toEqual([['file'], ['text']])
    expect(await failureOf(connection.readResource('demo://nothing'))).toMatchObject({ code: 'tool-failed' })
    const data = `data:text/plain,${'a'.repeat(100)}`
    const zipped = { name: 'a.gz', data, outputType: 'resource' }
    expect(await call(connection, 'gzip-file-as-resource', zipped)).toMatchObject([
      { type: 'file', mediaType: 'application/gzip' },
    ])
  })

  it('gives its prompts, and their messages filled in', async () => {
    const connection = await connect(await start())
    const prompts = await connection.listPrompts()
    expect(prompts.map(({ name }) => name)).toEqual(
      expect.arrayContaining(['simple-prompt', 'args-prompt', 'resource-prompt', 'completable-prompt']),
    )
    expect(prompts.find(({ name }) => name === 'args-prompt')).toMatchObject({
      title: 'Arguments Prompt',
      description: expect.stringContaining('two arguments'),
      arguments: [
        { name: 'city', description: 'Name of the city', required: true },
        { name: 'state', required: false },
      ],
    })
    const messages = await connection.getPrompt('args-prompt', { city: 'Lima' })
    expect(messages).toEqual([{ role: 'user', content: [{ type: 'text', text: "What's weather in Lima?" }] }])
    const provider = mockProvider({ answers: ['Sunny.'] })
    expect((await provider.chat({ messages })).text).toBe('Sunny.')
    const [, resource] = await connection.getPrompt('resource-prompt', {
      resourceType: 'Blob',
      resourceId: '1',
    })
    expect(resource?.content).toMatchObject([{ type: 'file', data: expect.any(String) }])
    expect(await failureOf(connection.getPrompt('args-prompt'))).toMatchObject({ code: 'tool-failed' })
    expect(await failureOf(connection.getPrompt('nothing'))).toMatchObject({ code: 'tool-failed' })
  })

  it('tells of changes of resources that are watched, until that is ended', async () => {
    const connection = await connect(await start())
    const told: string[] = []
    const ends = await Promise.all(
      ['one', 'two'].map((name) =>
        connection.watchResource(`demo://resource/dynamic/text/${name}`, () => {
          told.push(name)
          throw new Error('which is of the app')
        }),
      ),
    )
    await ends[1]?.()
    // It sends the changes at once, and then every five seconds.
    await call(connection, 'toggle-subscriber-updates')
    await expect.poll(() => told).toEqual(['one'])
    await call(connection, 'toggle-subscriber-updates')
    await ends[0]?.()
    await ends[0]?.()
  })

  it('refuses wrong input by an error that the model reads', async () => {
    const connection = await connect(await start())
    expect(await failureOf(call(connection, 'get-sum', { a: 'x' }))).toMatchObject({ code: 'tool-failed' })
    expect(await call(connection, 'get-sum', { a: 2, b: 3 })).toContain('5')
  })

  it('that was closed in the middle of a call and after it is a typed error', async () => {
    const connection = await connect(await start())
    const running = failureOf(call(connection, 'trigger-long-running-operation', { duration: 600 }))
    await call(connection, 'echo', { message: 'x' })
    await connection.close()
    expect(await running).toMatchObject({ code: 'closed' })
    expect(await failureOf(call(connection, 'echo', { message: 'x' }))).toMatchObject({ code: 'closed' })
    expect(await failureOf(connection.readResource('demo://x'))).toMatchObject({ code: 'closed' })
    expect(await failureOf(connection.listPrompts())).toMatchObject({ code: 'closed' })
    expect(await failureOf(connection.watchResource('demo://x', () => {}))).toMatchObject({ code: 'closed' })
  })

  it('waits for the user as long as the user takes, whatever time a tool has', async () => {
    const { tools } = await connect(await start(), {
      elicit: async (elicitation) => {
        await new Promise((resolve) => setTimeout(resolve, 3000))
        return accept(elicitation)
      },
    })
    const toolCalls = [{ id: 'c', name: 'trigger-elicitation-request', input: {} }]
    const provider = mockProvider({ answers: [{ toolCalls }, 'Done.'] })
    await runTools(provider, { messages: 'x', tools }, { toolTimeout: 2000 }).result()
    expect(JSON.stringify(provider.requests[1]?.messages.at(-1)?.content)).toContain('- Name: Ada')
  })
}
