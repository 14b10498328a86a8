// Valibot: its schemas need the converter of its own project, which is loaded if it is installed.
import { toStandardJsonSchema } from '@valibot/to-json-schema'
import * as v from 'valibot'
import { expect, expectTypeOf, it, onTestFinished, vi } from 'vitest'
import { mockProvider } from '../../../testing/src/mock.js'
import { failureOf } from '../../test/world.js'
import { generateObject, runTools, streamElements, streamObject, tool } from '../index.js'

const city = v.object({ name: v.string(), people: v.pipe(v.string(), v.transform(Number)) })
const call = { toolCalls: [{ name: 'city', input: { name: 'Lima', people: '10' } }] }

it('works with that converter: as output, in generateObject and as the input of a tool, with its types', async () => {
  const schema = toStandardJsonSchema(city)
  const llm = mockProvider({
    answers: ['{"name": "Lima", "people": "10"}', '{"name": "Lima", "people": "10"}', call, 'done'],
  })
  const { output } = await llm.chat({ messages: 'x', output: { schema } })
  expectTypeOf(output).toEqualTypeOf<{ name: string; people: number } | undefined>()
  expect(output).toEqual({ name: 'Lima', people: 10 })
  expect((await generateObject(llm, schema, 'x')).object.people).toBe(10)
  const lookUp = tool({ name: 'city', input: schema, run: ({ people }) => people + 1 })
  const { toolResults } = await runTools(llm, { messages: 'x', tools: [lookUp] })
  expect(toolResults).toMatchObject([{ isError: false, value: 11 }])
  expect(llm.requests[0]?.output?.schema).toMatchObject({ properties: { people: { type: 'string' } } })
})

it('is taken as it is where the converter is installed', async () => {
  const answer = '{"name": "Lima", "people": "10"}'
  const mock = mockProvider({ answers: [answer, answer, answer, call, 'done', `{"value":[${answer}]}`] })
  const { output } = await mock.chat({ messages: 'x', output: { schema: city } })
  expect(output).toEqual({ name: 'Lima', people: 10 })
  expect((await generateObject(mock, city, 'x')).object.people).toBe(10)
  expect((await streamObject(mock, city, 'x')).object.people).toBe(10)
  const lookUp = tool({ name: 'city', input: city, run: ({ people }) => people + 1 })
  const { toolResults } = await runTools(mock, { messages: 'x', tools: [lookUp] })
  expect(toolResults).toMatchObject([{ isError: false, value: 11 }])
  expect((await streamElements(mock, city, 'x')).object).toEqual([{ name: 'Lima', people: 10 }])
})

it('without the converter, the error names it', async () => {
  vi.doMock('@valibot/to-json-schema', () => {
    throw new Error('not installed')
  })
  onTestFinished(() => void vi.doUnmock('@valibot/to-json-schema'))
  const failure = await failureOf(mockProvider().chat({ messages: 'x', output: { schema: city } }))
  expect(failure.message).toContain(
    'Install the package @valibot/to-json-schema, or pass its toStandardJsonSchema(schema)',
  )
})
