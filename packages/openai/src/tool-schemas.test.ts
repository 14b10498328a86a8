// Schemas of tools and answers in the form that each server takes; what they mean stays, or a warning says what does not.
import type { JsonSchema } from '@patchbay/core'
import { describe, expect, it } from 'vitest'
import { sse } from '../test/server.js'
import { bodyOf, chunk, end, serve } from '../test/wire.js'
import { type OpenAIOptions, openai } from './index.js'

const parametersOf = async (input: JsonSchema, options: Partial<OpenAIOptions>) => {
  const { tools } = await bodyOf({ messages: 'x', tools: [{ name: 'look', input }] }, options)
  const [tool] = tools as {
    parameters?: JsonSchema
    function?: { parameters: JsonSchema; description?: string }
  }[]
  return tool?.function ?? tool
}
const union: JsonSchema = {
  anyOf: [
    { type: 'object', properties: { a: { type: 'string' } }, required: ['a'] },
    { type: 'object', properties: { b: { type: 'string' } }, required: ['b'] },
  ],
}

describe('alternatives at the top of a schema', () => {
  it.each<Partial<OpenAIOptions>>([
    { preset: 'openai', api: 'chat' },
    { preset: 'openai', api: 'responses' },
    { preset: 'openrouter' },
  ])('become one object with the properties of all, and words: %j', async (options) => {
    expect(await parametersOf(union, options)).toMatchObject({
      description: expect.stringContaining('"anyOf"'),
      parameters: { type: 'object', properties: { a: { type: 'string' }, b: { type: 'string' } } },
    })
  })

  it('are a warning, and stay as they are for servers that take them', async () => {
    const server = await serve(sse([chunk({ content: 'y' }), end(), '[DONE]']))
    const ask = (preset: 'openrouter' | 'vllm') =>
      openai('m', { apiKey: 'k', baseURL: server.url, preset }).chat({
        messages: 'x',
        tools: [{ name: 'look', input: union }],
      })
    expect((await ask('openrouter')).warnings).toMatchObject([{ feature: 'tools' }])
    expect((await ask('vllm')).warnings).toEqual([])
    expect((await parametersOf(union, { preset: 'vllm' }))?.parameters).toEqual(union)
  })
})

it.each<[string, JsonSchema, object]>([
  ['anything', {}, { anyOf: expect.arrayContaining([{ type: 'string' }, { type: 'object' }]) }],
  ['an enum', { enum: ['a', 'b'] }, { enum: ['a', 'b'], type: 'string' }],
  ['a constant', { const: 1 }, { const: 1, type: 'number' }],
  [
    'alternatives',
    { type: 'string', anyOf: [{ format: 'date' }, { type: 'null' }] },
    { anyOf: [{ type: 'string', format: 'date' }, { type: 'null' }] },
  ],
  ['a list', { type: 'array', items: {} }, { type: 'array', items: { anyOf: expect.any(Array) } }],
])('Moonshot gets a type for %s', async (_, property, expected) => {
  const schema = { type: 'object', properties: { x: property } }
  const sent = await parametersOf(schema, { preset: 'moonshot', model: 'kimi-k2.5' })
  expect(sent?.parameters).toEqual({ type: 'object', properties: { x: expected } })
})

it('Cerebras gets only closed schemas of answers; others go in words, and the answer is checked', async () => {
  const closed = {
    type: 'object',
    properties: { a: { type: 'string' } },
    required: ['a'],
    additionalProperties: false,
  }
  const format = async (schema: JsonSchema) =>
    (await bodyOf({ messages: 'x', output: { schema } }, { preset: 'cerebras', model: 'gpt-oss-120b' }))
      .response_format
  expect(await format(closed)).toMatchObject({ type: 'json_schema' })
  expect(await format({ type: 'object', properties: { a: { type: 'string' } } })).toEqual({
    type: 'json_object',
  })
  const long = { ...closed, properties: { a: { type: 'array', items: { type: 'string' }, minItems: 1 } } }
  expect(await format(long)).toEqual({ type: 'json_object' }) // A property may be named as a keyword is.
  const named = { ...closed, properties: { pattern: { type: 'string' } }, required: ['pattern'] }
  expect(await format(named)).toMatchObject({ type: 'json_schema' })
})

it('Moonshot gets types in the schemas of tuples too', async () => {
  const schema = {
    type: 'object',
    properties: { x: { type: 'array', prefixItems: [{}], items: { enum: [1] } } },
  }
  const sent = await parametersOf(schema, { preset: 'moonshot', model: 'kimi-k2.5' })
  expect(sent?.parameters).toMatchObject({
    properties: { x: { prefixItems: [{ anyOf: expect.any(Array) }], items: { type: 'number' } } },
  })
})
