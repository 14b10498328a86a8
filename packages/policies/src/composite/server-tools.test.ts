// Server tools and `route`: a call goes to a provider whose service has the tool.
import type { ServerTool } from '@patchbay/core'
import { mockProvider } from '@patchbay/testing'
import { expect, it } from 'vitest'
import { fallback, mask, route } from '../index.js'

const search = (provider: string): ServerTool => ({
  name: 'search',
  input: { type: 'object' },
  server: { provider, kind: 'webSearch', definition: { type: 'search', note: 'eve@example.com' } },
})
const named = (provider: string, more = {}) =>
  mockProvider({
    provider,
    retry: false,
    answers: [{ text: provider }, { text: provider }],
    capabilities: { serverTools: [`${provider}.webSearch`] },
    ...more,
  })

it('a call with the tool of one maker goes to that maker', async () => {
  const llm = route([named('one'), named('two')])
  const ask = (...tools: ServerTool[]) => llm.chat({ messages: 'x', tools })
  expect(await ask(search('two'))).toMatchObject({ text: 'two' })
  expect(await ask(search('two'), search('one'))).toMatchObject({ text: 'one' })
  expect((await llm.capabilities()).serverTools).toEqual(['one.webSearch', 'two.webSearch'])
  await expect(ask(search('three'))).rejects.toMatchObject({
    code: 'no-route',
    message: expect.stringContaining('three.webSearch'),
  })
})

it('a fallback keeps the tools of both makers', async () => {
  const broken = named('one', { answers: [{ error: { code: 'overloaded' } }] })
  const two = named('two')
  const llm = fallback([broken, two])
  expect(await llm.chat({ messages: 'x', tools: [search('one'), search('two')] })).toMatchObject({
    text: 'two',
  })
})

it('masking leaves the definition as the app wrote it', async () => {
  const one = named('one')
  await mask(one).chat({ messages: 'I am eve@example.com', tools: [search('one')] })
  expect(one.requests[0]).toMatchObject({
    messages: [{ content: [{ text: expect.not.stringContaining('eve@') }] }],
    serverTools: [{ server: { definition: { note: 'eve@example.com' } } }],
  })
})

it('`route` does not choose by a tool that is optional', async () => {
  const [first, second] = [named('one'), named('two')]
  const optional = search('two')
  const tools = [{ ...optional, server: { ...optional.server, isOptional: true } }]
  expect((await route([first, second]).chat({ messages: 'x', tools })).text).toBe('one')
  expect(first.requests[0]).not.toHaveProperty('serverTools')
})
