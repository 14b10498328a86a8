// Truncated tool calls, tool calls that share an id, and malformed vectors.
import { isLlmError } from '@patchbay/core'
import { faultServer, type ServedResponse } from '@patchbay/testing'
import { describe, expect, it, onTestFinished } from 'vitest'
import { ollama } from './index.js'

async function ask(answer: ServedResponse) {
  const server = await faultServer(answer)
  onTestFinished(() => server.close())
  return ollama('tiny', { baseURL: server.url, retry: false })
}

const lines = (...values: object[]): ServedResponse => ({
  headers: { 'content-type': 'application/x-ndjson' },
  body: values.map((value) => `${JSON.stringify(value)}\n`).join(''),
})
const said = (message: object, more: object = { done: false }) => ({ model: 'tiny', message, ...more })
const end = (done_reason: string) => said({ content: '' }, { done: true, done_reason })
const call = (args: unknown, more: object = {}) => ({ ...more, function: { name: 'rm', arguments: args } })

describe('a call', () => {
  it.each([
    {},
    undefined,
    '',
    'null',
    '{"path":"/',
  ])('truncated before its input is not a call, streamed or whole: %j', async (args) => {
    for (const answer of [
      lines(said({ tool_calls: [call(args)] }), end('length')),
      lines(said({ tool_calls: [call(args)] }, { done: true, done_reason: 'length' })),
    ])
      expect(await (await ask(answer)).chat('x')).toMatchObject({
        finishReason: 'length',
        toolCalls: [],
        message: { content: [] },
        warnings: [{ feature: 'tools', message: expect.stringContaining('rm') }],
      })
  })

  it('without input is a call when the answer is complete, or goes on', async () => {
    expect(
      (await (await ask(lines(said({ tool_calls: [call({})] }), end('stop')))).chat('x')).toolCalls,
    ).toMatchObject([{ input: {} }])
    const { toolCalls, message } = await (
      await ask(
        lines(said({ tool_calls: [call({}), call({ a: 1 })] }), said({ content: 'So' }), end('length')),
      )
    ).chat('x')
    expect(toolCalls).toMatchObject([{ input: {} }, { input: { a: 1 } }])
    expect(message.content.map(({ type }) => type)).toEqual(['tool-call', 'tool-call', 'text'])
  })

  it('that shares its id with another gets an id of its own', async () => {
    const { toolCalls } = await (
      await ask(
        lines(
          said({ tool_calls: [call({ a: 1 }, { id: 'x' }), call({ a: 2 }, { id: 'x' })] }),
          said({ tool_calls: [call({ a: 3 }, { id: 'x' })] }),
          end('stop'),
        ),
      )
    ).chat('x')
    expect(toolCalls.map(({ input }) => input)).toEqual([{ a: 1 }, { a: 2 }, { a: 3 }])
    expect(new Set(toolCalls.map(({ id }) => id)).size).toBe(3)
  })
})

it.each<[string, unknown]>([
  [
    'nulls, which is how JSON spells NaN',
    [
      [null, null],
      [1, 2],
    ],
  ],
  ['different lengths', [[1], [1, 2]]],
  ['no numbers', [[], []]],
  ['too few', [[1]]],
  ['too many', [[1], [2], [3]]],
  ['no vector', [[1], null]],
  ['no list', 'x'],
])('vectors with %s are a bad-response error', async (_, embeddings) => {
  const answer = { headers: { 'content-type': 'application/json' }, body: JSON.stringify({ embeddings }) }
  const error: unknown = await (await ask(answer)).embed(['a', 'b']).catch((thrown: unknown) => thrown)
  expect(isLlmError(error, 'bad-response')).toBe(true)
  expect(String(error)).not.toContain('Please report this')
})
