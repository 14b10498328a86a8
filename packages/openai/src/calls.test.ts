// Decoding of tool calls: shared ids and indexes, and truncated calls, in both APIs.
import { describe, expect, it } from 'vitest'
import { json, sse } from '../test/server.js'
import { ask, calls, completed, created, end } from '../test/wire.js'

type Sent = Record<string, unknown>[]
type Call = { id?: string; index?: number; function: { name?: string; arguments?: string } }

const chat = async (events: object[]) =>
  (await ask(sse([...(events as Sent), '[DONE]']))).chat({ messages: 'x' })
const chatWhole = async (tool_calls: object[], finish_reason = 'tool_calls') =>
  (await ask(json({ choices: [{ message: { content: null, tool_calls }, finish_reason }] }))).chat({
    messages: 'x',
    maxOutputTokens: 100,
  })
const responses = async (events: object[]) =>
  (await ask(sse(events as Sent), { api: 'responses' })).chat({ messages: 'x' })
const responsesWhole = async (output: object[], more: object = {}) =>
  (await ask(json({ id: 'r', model: 'm', status: 'completed', output, ...more }), { api: 'responses' })).chat(
    { messages: 'x', maxOutputTokens: 100 },
  )

const item = (id: string, call_id: string, args: string, more: object = {}) => ({
  type: 'function_call',
  id,
  call_id,
  name: 'add',
  arguments: args,
  ...more,
})
const added = (output_index: number, one: object) => ({
  type: 'response.output_item.added',
  output_index,
  item: { ...one, arguments: '' },
})
const delta = (output_index: number, item_id: string, text: string) => ({
  type: 'response.function_call_arguments.delta',
  output_index,
  item_id,
  delta: text,
})
const done = (output_index: number, one: object) => ({
  type: 'response.output_item.done',
  output_index,
  item: one,
})
const one = (args: string, more: object = {}) => ({ function: { name: 'add', arguments: args }, ...more })

describe('several calls', () => {
  const [first, second] = [{ a: 1 }, { a: 2 }]
  it.each<[string, () => ReturnType<typeof chat>]>([
    ['with one id, whole', () => chatWhole([one('{"a":1}', { id: 'x' }), one('{"a":2}', { id: 'x' })])],
    [
      'with one id and one index, whole',
      () => chatWhole([one('{"a":1}', { id: 'x', index: 0 }), one('{"a":2}', { id: 'x', index: 0 })]),
    ],
    ['without ids, whole', () => chatWhole([one('{"a":1}'), one('{"a":2}')])],
    [
      'with one id, streamed',
      () =>
        chat([
          calls(one('{"a":1}', { id: 'x', index: 0 })),
          calls(one('{"a":2}', { id: 'x', index: 1 })),
          end(),
        ]),
    ],
    [
      'with one id, streamed in turns',
      () =>
        chat([
          calls(one('{"a"', { id: 'x', index: 0 }), one('{"a"', { id: 'x', index: 1 })),
          calls(
            { id: 'x', index: 1, function: { arguments: ':2}' } },
            { id: 'x', index: 0, function: { arguments: ':1}' } },
          ),
          end(),
        ]),
    ],
    [
      'with one id and one index, streamed',
      () =>
        chat([
          calls(one('{"a":1}', { id: 'x', index: 0 })),
          calls(one('{"a":2}', { id: 'x', index: 0 })),
          end(),
        ]),
    ],
    [
      'with one id and no index, streamed',
      () => chat([calls(one('{"a":1}', { id: 'x' }), one('{"a":2}', { id: 'x' })), end()]),
    ],
    [
      'without ids, streamed',
      () => chat([calls(one('{"a":1}', { index: 0 })), calls(one('{"a":2}', { index: 1 })), end()]),
    ],
    ['without ids and indexes, streamed', () => chat([calls(one('{"a":1}')), calls(one('{"a":2}')), end()])],
    [
      'with one id, whole items',
      () => responsesWhole([item('f1', 'x', '{"a":1}'), item('f2', 'x', '{"a":2}')]),
    ],
    [
      'with one id, streamed items',
      () =>
        responses([
          created,
          added(0, item('f1', 'x', '')),
          added(1, item('f2', 'x', '')),
          delta(1, 'f2', '{"a":2}'),
          delta(0, 'f1', '{"a":1}'),
          done(0, item('f1', 'x', '{"a":1}')),
          done(1, item('f2', 'x', '{"a":2}')),
          completed({ output: [item('f1', 'x', '{"a":1}'), item('f2', 'x', '{"a":2}')] }),
        ]),
    ],
    [
      'with one index, streamed items',
      () =>
        responses([
          created,
          added(0, item('f1', 'x', '')),
          delta(0, 'f1', '{"a":1}'),
          done(0, item('f1', 'x', '{"a":1}')),
          added(0, item('f2', 'y', '')),
          delta(0, 'f2', '{"a":2}'),
          done(0, item('f2', 'y', '{"a":2}')),
          completed({ output: [item('f1', 'x', '{"a":1}'), item('f2', 'y', '{"a":2}')] }),
        ]),
    ],
    [
      'with one index, items in turns',
      () =>
        responses([
          created,
          added(0, item('f1', 'x', '')),
          added(0, item('f2', 'y', '')),
          delta(0, 'f2', '{"a":2}'),
          delta(0, 'f1', '{"a":1}'),
          done(0, item('f1', 'x', '{"a":1}')),
          done(0, item('f2', 'y', '{"a":2}')),
          completed({ output: [item('f1', 'x', '{"a":1}'), item('f2', 'y', '{"a":2}')] }),
        ]),
    ],
    [
      'with one index and only their done events',
      () =>
        responses([
          created,
          done(0, item('f1', 'x', '{"a":1}')),
          done(0, item('f2', 'y', '{"a":2}')),
          completed({ output: [item('f1', 'x', '{"a":1}'), item('f2', 'y', '{"a":2}')] }),
        ]),
    ],
  ])('%s, keep their own inputs and get different ids', async (_, asked) => {
    const { toolCalls, message } = await asked()
    expect(toolCalls.map(({ input }) => input)).toEqual([first, second])
    expect(new Set(toolCalls.map(({ id }) => id)).size).toBe(2)
    expect(message.content.filter(({ type }) => type === 'tool-call')).toHaveLength(2)
  })

  it('sent twice are decoded once each', async () => {
    const twice = [one('{"a":1}', { id: 'x', index: 0 }), one('{"a":2}', { id: 'y', index: 1 })]
    expect((await chat([calls(...twice), calls(...twice), end()])).toolCalls).toHaveLength(2)
    const repeated = item('f1', 'x', '{"a":1}')
    const events = [created, added(0, repeated), done(0, repeated), done(0, repeated)]
    expect((await responses([...events, completed({ output: [repeated] })])).toolCalls).toHaveLength(1)
  })
})

describe('a truncated call', () => {
  const incomplete = (reason: string, output: object[] = []) => ({
    type: 'response.incomplete',
    response: { id: 'r', model: 'm', status: 'incomplete', incomplete_details: { reason }, output },
  })
  const cases: [string, string, () => ReturnType<typeof chat>][] = []
  for (const args of ['', '{"path":"/', '{}'])
    cases.push(
      [`whole, with ${args || 'nothing'}`, 'length', () => chatWhole([one(args, { id: 'a' })], 'length')],
      [
        `streamed, with ${args || 'nothing'}`,
        'length',
        () => chat([calls(one(args, { id: 'a', index: 0 })), end('length')]),
      ],
      [
        `by Mistral's limit, with ${args || 'nothing'}`,
        'length',
        () => chat([calls(one(args, { id: 'a', index: 0 })), end('model_length')]),
      ],
      [
        `by a filter, with ${args || 'nothing'}`,
        'content-filter',
        () => chat([calls(one(args, { id: 'a', index: 0 })), end('content_filter')]),
      ],
      [
        `as a whole item, with ${args || 'nothing'}`,
        'length',
        () =>
          responsesWhole([item('f', 'a', args, { status: 'incomplete' })], {
            status: 'incomplete',
            incomplete_details: { reason: 'max_output_tokens' },
          }),
      ],
      [
        `as a done item, with ${args || 'nothing'}`,
        'length',
        () =>
          responses([
            created,
            added(0, item('f', 'a', '')),
            delta(0, 'f', args),
            done(0, item('f', 'a', args)),
            incomplete('max_output_tokens', [item('f', 'a', args)]),
          ]),
      ],
      [
        `as an item without its done event, with ${args || 'nothing'}`,
        'content-filter',
        () =>
          responses([
            created,
            added(0, item('f', 'a', '')),
            delta(0, 'f', args),
            incomplete('content_filter', [item('f', 'a', args, { status: 'in_progress' })]),
          ]),
      ],
    )
  it.each(cases)('%s is left out with a warning', async (_, finishReason, asked) => {
    const response = await asked()
    expect(response).toMatchObject({
      finishReason,
      toolCalls: [],
      warnings: [{ feature: 'tools', message: expect.stringContaining('add') }],
    })
    expect(response.message.content).toEqual([])
  })

  it('does not affect the complete calls before it', async () => {
    const [whole, half] = [item('f1', 'a', '{}'), item('f2', 'b', '{"x')]
    const { toolCalls } = await responses([
      created,
      added(0, whole),
      done(0, whole),
      added(1, half),
      delta(1, 'f2', '{"x'),
      incomplete('max_output_tokens', [whole, half]),
    ])
    expect(toolCalls).toEqual([{ id: 'a', name: 'add', input: {} }])
  })

  it('is not a call without arguments in a complete answer', async () => {
    const call: Call = { id: 'a', index: 0, function: { name: 'now' } }
    expect((await chat([calls(call), end('tool_calls')])).toolCalls).toMatchObject([{ input: {} }])
    expect((await responsesWhole([item('f', 'a', '')])).toolCalls).toMatchObject([{ input: {} }])
  })
})
