// Server tools in a request: who gets them, and what happens where they are missing.
import { type ServerTool, tool } from '@patchbay/core'
import { mockProvider } from '@patchbay/testing'
import { expect, it } from 'vitest'

const toolOf = (provider: string, kind: ServerTool['server']['kind'], name: string = kind): ServerTool => ({
  name,
  input: { type: 'object' },
  server: { provider, kind, definition: { type: name } },
})
const model = (...serverTools: `${string}.webSearch`[]) =>
  mockProvider({ answers: [{ text: 'hi' }, { text: 'hi' }], capabilities: { serverTools } })

it('a provider gets the tools that its capabilities list, beside functions', async () => {
  const llm = model('one.webSearch')
  const look = tool({ name: 'look', input: { type: 'object' } })
  await llm.chat({ messages: 'x', tools: [look, toolOf('one', 'webSearch')] })
  expect(llm.requests[0]).toMatchObject({
    tools: [{ name: 'look' }],
    serverTools: [{ name: 'webSearch', server: { provider: 'one', definition: { type: 'webSearch' } } }],
  })
})

it('tools of several makers for one purpose stand in for each other; MCP connectors do not', async () => {
  const llm = model('one.webSearch')
  const both = [toolOf('one', 'webSearch'), toolOf('two', 'webSearch')]
  const { warnings } = await llm.chat({ messages: 'x', tools: both })
  expect(warnings).toEqual([])
  const mcp = mockProvider({ answers: [{ text: 'hi' }], capabilities: { serverTools: ['one.mcp'] } })
  await expect(
    mcp.chat({ messages: 'x', tools: [toolOf('one', 'mcp', 'a'), toolOf('two', 'mcp', 'b')] }),
  ).rejects.toMatchObject({ code: 'unsupported', message: expect.stringContaining('two.mcp') })
})

it('an optional tool is left out with a warning where it is missing, and taken where it is not', async () => {
  const search = toolOf('one', 'webSearch')
  const tools = [
    tool({ name: 'look', input: { type: 'object' } }),
    { ...search, server: { ...search.server, isOptional: true } },
  ]
  const [without, having] = [model(), model('one.webSearch')]
  const { warnings } = await without.chat({ messages: 'x', tools })
  expect(warnings).toMatchObject([{ code: 'unsupported', feature: 'one.webSearch' }])
  expect(without.requests[0]).not.toHaveProperty('serverTools')
  expect((await having.chat({ messages: 'x', tools })).warnings).toEqual([])
  expect(having.requests[0]?.serverTools).toMatchObject([{ name: 'webSearch' }])
})

it('a tool that is left out takes a choice of it along', async () => {
  const llm = model()
  const { warnings } = await llm.chat({
    messages: 'x',
    tools: [toolOf('one', 'webSearch')],
    toolChoice: { name: 'webSearch' },
    onUnsupported: 'warn',
  })
  expect(warnings).toMatchObject([{ code: 'unsupported', feature: 'one.webSearch' }])
  expect(llm.requests[0]).not.toHaveProperty('serverTools')
  expect(llm.requests[0]).not.toHaveProperty('toolChoice')
})

it('a name that repeats, and a definition that is none, are refused', async () => {
  const llm = model('one.webSearch')
  const search = toolOf('one', 'webSearch')
  await expect(llm.chat({ messages: 'x', tools: [search, search] })).rejects.toMatchObject({
    code: 'invalid-request',
    message: expect.stringContaining('repeats'),
  })
  const broken = { ...search, server: { provider: 'one' } } as never
  await expect(llm.chat({ messages: 'x', tools: [broken] })).rejects.toMatchObject({
    code: 'invalid-request',
    message: expect.stringContaining('tools[0].server'),
  })
  const endless = { ...search, server: { ...search.server, maxUses: Number.NaN } }
  await expect(llm.chat({ messages: 'x', tools: [endless] })).rejects.toMatchObject({
    code: 'invalid-request',
    message: expect.stringContaining('tools[0].server.maxUses'),
  })
})

it('a tool of the app with the name of a server tool is refused: calls of them could not be told apart', async () => {
  const llm = model('one.webSearch')
  const [search, own] = [toolOf('one', 'webSearch'), tool({ name: 'webSearch', input: { type: 'object' } })]
  for (const tools of [
    [search, own],
    [own, search],
  ])
    await expect(llm.chat({ messages: 'x', tools })).rejects.toMatchObject({
      code: 'invalid-request',
      message: expect.stringContaining('tools[1].name repeats webSearch'),
    })
  expect(llm.requests).toHaveLength(0)
})
