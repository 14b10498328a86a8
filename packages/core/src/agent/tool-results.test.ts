// Tools of a run: what they get from the app, and what the app gets of them.
import { expect, it } from 'vitest'
import * as z from 'zod'
import { mockProvider } from '../../../testing/src/mock.js'
import { runTools, type ToolContext, tool } from '../index.js'

const call = (name: string, input: unknown) => ({ toolCalls: [{ id: `c-${name}`, name, input }] })

it('a run gives the inputs that were checked and the values that tools returned', async () => {
  const add = tool({
    name: 'add',
    input: z.object({ a: z.string().transform(Number), b: z.number() }),
    run: ({ a, b }) => ({ sum: a + b }),
  })
  const broken = tool({
    name: 'broken',
    input: z.object({}),
    run: () => {
      throw new RangeError('too far')
    },
  })
  const llm = mockProvider({
    answers: [call('add', { a: '1', b: 2 }), call('broken', {}), call('nobody', {}), 'done'],
  })
  const run = runTools(llm, { messages: 'x', tools: [add, broken] })
  const sums: number[] = []
  for await (const event of run)
    if (event.type === 'tool-result' && !event.isError && event.name === 'add') sums.push(event.value.sum)
  expect(sums).toEqual([3])
  const { toolResults, failures } = await run
  expect(toolResults).toMatchObject([
    { step: 1, name: 'add', isError: false, input: { a: 1, b: 2 }, value: { sum: 3 }, output: '{"sum":3}' },
    { step: 2, name: 'broken', isError: true, cause: expect.any(RangeError) },
    { step: 3, name: 'nobody', isError: true, output: expect.stringContaining('no tool named nobody') },
  ])
  expect(failures).toEqual(toolResults.slice(1))
})

it('every tool gets the context of its run, and no service does', async () => {
  const seen: unknown[] = []
  const who = tool({
    name: 'who',
    input: z.object({}),
    run(_, { context }: ToolContext<{ user: string }>) {
      seen.push(context)
      return context.user
    },
    needsApproval(_, { context }) {
      seen.push(context)
      return false
    },
  })
  const llm = mockProvider({ answers: [call('who', {}), 'done'] })
  const context = { user: 'ada' }
  const { toolResults } = await runTools(llm, { messages: 'x', tools: [who] }, { context })
  expect(seen).toEqual([context, context])
  expect(seen[0]).toBe(context)
  expect(toolResults).toMatchObject([{ value: 'ada' }])
  expect(JSON.stringify(llm.requests[0])).not.toContain('ada')
})

it.each([
  ['a Map', () => new Map([['a', 1]])],
  ['a Set in a list', () => [new Set([1])]],
  ['a promise in an object', () => ({ later: Promise.resolve(1) })],
])('a result that JSON would make an empty object is an error for the model: %s', async (_, run) => {
  const odd = { name: 'odd', input: { type: 'object' }, run: run as () => unknown }
  const llm = mockProvider({ answers: [call('odd', {}), 'done'] })
  const { failures } = await runTools(llm, { messages: 'x', tools: [odd] })
  expect(failures).toMatchObject([
    { name: 'odd', output: expect.stringMatching(/odd failed: its result holds a \w+, .*Return /) },
  ])
})
