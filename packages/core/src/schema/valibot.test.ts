// Valibot: its schemas need the converter of its own project.
import { toStandardJsonSchema } from '@valibot/to-json-schema'
import * as v from 'valibot'
import { expect, expectTypeOf, it } from 'vitest'
import { mockProvider } from '../../../testing/src/mock.js'
import { failureOf } from '../../test/world.js'
import { generateObject, runTools, tool } from '../index.js'

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

it('without it, the error names it', async () => {
  const failure = await failureOf(mockProvider().chat({ messages: 'x', output: { schema: city } }))
  expect(failure.message).toContain(
    'Pass toStandardJsonSchema(schema) of the package @valibot/to-json-schema',
  )
})
