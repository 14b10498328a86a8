// Lists, element by element.
import { expect, it } from 'vitest'
import * as z from 'zod'
import { mockProvider } from '../../../testing/src/mock.js'
import { failureOf } from '../../test/world.js'
import { LlmError, streamElements } from '../index.js'

const person = z.object({ name: z.string(), age: z.number().transform((age) => `${age} years`) })
const people = (...list: object[]) => JSON.stringify({ value: list })
const eve = { name: 'Eve', age: 30 }
const bob = { name: 'Bob', age: 4 }

it('gives each element when it is whole, as the schema sees it, and all of them at the end', async () => {
  const provider = mockProvider({ answers: [people(eve, bob, eve)] })
  const run = streamElements(provider, person, 'Who?')
  const names: string[] = []
  for await (const element of run) names.push((element satisfies { name: string; age: string }).name)
  expect(names).toEqual(['Eve', 'Bob', 'Eve'])
  expect(await run.result()).toMatchObject({
    object: [{ name: 'Eve', age: '30 years' }, { name: 'Bob' }, {}],
  })
  expect(provider.requests[0]?.output?.schema).toMatchObject({
    properties: { value: { type: 'array', items: { required: ['name', 'age'] } } },
  })
})

it('gives an element before the list ends, even if it breaks', async () => {
  const broken = { text: `${people(eve).slice(0, -2)}, {"name": "Bo`, error: new LlmError('network', 'Cut.') }
  const run = streamElements(mockProvider({ answers: [broken] }), person, 'Who?', { retry: false })
  const given: unknown[] = []
  const failure = await failureOf(
    (async () => {
      for await (const element of run) given.push(element)
    })(),
  )
  expect([given.length, failure.code]).toEqual([1, 'network'])
})

it('lets go of the call when its reader leaves', async () => {
  const provider = mockProvider({ answers: [people(eve, bob, eve)] })
  for await (const { name } of streamElements(provider, person, 'Who?')) {
    expect([name, provider.running]).toEqual(['Eve', 1])
    break
  }
  await expect.poll(() => provider.running).toBe(0)
})

it.each(['[]', people()])('gives none for %s', async (answer) => {
  const provider = mockProvider({ answers: [answer] })
  expect((await streamElements(provider, person, 'Who?').result()).object).toEqual([])
})

it('ends with the first element that does not fit, after those that did', async () => {
  const provider = mockProvider({ answers: [people(eve, { name: 'Bob', age: 'four' }, eve)] })
  const run = streamElements(provider, person, 'Who?')
  const given: unknown[] = []
  const failure = await failureOf(
    (async () => {
      for await (const element of run) given.push(element)
    })(),
  )
  expect(given).toEqual([{ name: 'Eve', age: '30 years' }])
  expect(failure).toMatchObject({
    code: 'structured-output',
    message: expect.stringMatching(/^Element 1 .*age/),
  })
  expect(provider.requests).toHaveLength(1)
})

it('is refused for an answer that is no list', async () => {
  const provider = mockProvider({ answers: ['Sorry!'] })
  expect(await failureOf(streamElements(provider, person, 'Who?').result())).toMatchObject({
    code: 'structured-output',
  })
})

it('keeps references inside the element where they lead to', async () => {
  const tree = { type: 'object', properties: { children: { type: 'array', items: { $ref: '#' } } } } as const
  const provider = mockProvider({ answers: [people({ children: [{}] }), people({ children: [1] })] })
  expect((await streamElements(provider, tree, 'Tree?').result()).object).toHaveLength(1)
  expect(provider.requests[0]?.output?.schema).toMatchObject({
    properties: {
      value: { items: { properties: { children: { items: { $ref: '#/properties/value/items' } } } } },
    },
  })
  expect(await failureOf(streamElements(provider, tree, 'Tree?').result())).toMatchObject({
    message: expect.stringContaining('children[0]'),
  })
})

it('fails rather than gives what another value of the answer says', async () => {
  const answer =
    'First {"value": [{"name": "Eve", "age": 30}, {"name": "Bob"}]}, no: {"value": [{"name": "Bob", "age": 4}]}'
  const run = streamElements(mockProvider({ answers: [answer] }), person, 'Who?')
  const given: unknown[] = []
  const failure = await failureOf(
    (async () => {
      for await (const element of run) given.push(element)
    })(),
  )
  expect([given, failure.code]).toEqual([[{ name: 'Eve', age: '30 years' }], 'structured-output'])
})

it('loses no element to a word of another language', async () => {
  const rows = '{"value": [{"id": 1, "ok": true}, {"id": 2, "ok": True}, {"id": 3}]}'
  const row = z.object({ id: z.number(), ok: z.boolean().optional() })
  const ids: number[] = []
  for await (const { id } of streamElements(mockProvider({ answers: [rows] }), row, 'Which?')) ids.push(id)
  expect(ids).toEqual([1, 2, 3])
})
