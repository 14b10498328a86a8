// Schemas of structured output and of tools, as the service accepts them.
import { type ChatRequest, generateObject, type JsonSchema, tool } from '@patchbay/core'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { json, sse } from '../../test/server.js'
import { bodyOf, failureOf, options, sentFor, serve, start, stop, text } from '../../test/wire.js'
import { claude } from '../index.js'
import { strictSchema } from './schema.js'

const strict = (schema: JsonSchema) => {
  const result = strictSchema(schema)
  return 'schema' in result ? result.schema : result.problem
}
const object = (properties: object, more: object = {}) => ({ type: 'object', properties, ...more })
const closed = (properties: object, more: object = {}) => ({
  ...object(properties, more),
  additionalProperties: false,
})

describe('a schema of structured output', () => {
  it.each<[string, JsonSchema, JsonSchema]>([
    [
      'alternatives',
      object({ a: { oneOf: [object({ k: { type: 'string', const: 'x' } }), { type: 'null' }] } }),
      closed({ a: { anyOf: [closed({ k: { type: 'string', const: 'x' } }), { type: 'null' }] } }),
    ],
    [
      'several objects at once',
      { allOf: [object({ a: { type: 'string' } }, { required: ['a'] }), object({ b: { type: 'null' } })] },
      closed({ a: { type: 'string' }, b: { type: 'null' } }, { required: ['a'] }),
    ],
    [
      'limits, patterns and formats it does not know',
      object({
        a: { type: 'string', minLength: 1, pattern: '^a', format: 'regex' },
        b: { type: 'array', items: { type: 'integer', minimum: 1 }, minItems: 2, maxItems: 3 },
        c: { type: 'string', format: 'date' },
        d: { type: 'array', items: { type: 'string' }, minItems: 1 },
      }),
      closed({
        a: { type: 'string' },
        b: { type: 'array', items: { type: 'integer' } },
        c: { type: 'string', format: 'date' },
        d: { type: 'array', items: { type: 'string' }, minItems: 1 },
      }),
    ],
    [
      'definitions',
      { ...object({ a: { $ref: '#/$defs/A', description: 'x' } }), $defs: { A: object({}) } },
      { ...closed({ a: { $ref: '#/$defs/A' } }), $defs: { A: closed({}) } },
    ],
    [
      'properties with names of keywords',
      object({ type: { enum: ['a'] }, anyOf: { type: 'string' } }),
      closed({ type: { enum: ['a'] }, anyOf: { type: 'string' } }),
    ],
    [
      'types beside null',
      object({ a: { type: ['object', 'null'], properties: {} } }),
      closed({ a: { type: ['object', 'null'], properties: {}, additionalProperties: false } }),
    ],
  ])('with %s is closed and has known keywords only', (_, schema, expected) =>
    expect(strict(schema)).toEqual(expected))

  it.each<[string, JsonSchema]>([
    [
      'a record',
      object({
        a: { type: 'object', propertyNames: { type: 'string' }, additionalProperties: { type: 'number' } },
      }),
    ],
    ['an object of any kind', object({ a: { type: 'object' } })],
    ['any properties', object({ a: { type: 'object', properties: {}, additionalProperties: true } })],
    ['a required property without a schema', object({ x: object({}, { required: ['a'] }) })],
    ['any value', object({ a: {} })],
    ['a tuple', object({ a: { type: 'array', prefixItems: [{ type: 'string' }] } })],
    [
      'a circle',
      { ...object({ a: { $ref: '#/$defs/A' } }), $defs: { A: object({ next: { $ref: '#/$defs/A' } }) } },
    ],
    ['itself', object({ a: { $ref: '#' } })],
    ['an enum of objects', object({ a: { enum: [{}] } })],
    ['a reference to elsewhere', object({ a: { $ref: 'https://example.com/a' } })],
    [
      '25 optional properties',
      object(Object.fromEntries(Array.from({ length: 25 }, (_, index) => [`p${index}`, { type: 'string' }]))),
    ],
    [
      '17 alternatives',
      object(
        Object.fromEntries(
          Array.from({ length: 17 }, (_, index) => [`p${index}`, { type: ['string', 'null'] }]),
        ),
      ),
    ],
    [
      'objects and alternatives at once',
      object({ a: object({ b: { type: 'string' } }, { anyOf: [{ required: ['b'] }] }) }),
    ],
  ])('of %s is refused before anything is sent, or described in words with a warning', async (_, schema) => {
    const server = await serve(json({}))
    const provider = claude('claude-x', { ...options, baseURL: server.url })
    const error = await failureOf(provider.chat({ messages: 'x', output: { schema } }))
    expect(error).toMatchObject({ code: 'unsupported', message: expect.stringContaining('Schema') })
    expect(server.requests).toEqual([])
    const request: Partial<ChatRequest> = { output: { schema }, onUnsupported: 'warn' }
    const { body, warnings } = await sentFor(request)
    expect(body).not.toHaveProperty('output_config')
    expect(JSON.stringify(body.system)).toContain('JSON Schema')
    expect(warnings).toMatchObject([{ code: 'unsupported', feature: 'json' }])
  })

  it.each([
    [
      'a discriminated union',
      z.object({
        cars: z.discriminatedUnion('brand', [
          z.object({ brand: z.literal('BMW') }),
          z.object({ brand: z.literal('VW') }),
        ]),
      }),
      { cars: { brand: 'VW' } },
    ],
    ['a record', z.object({ marks: z.record(z.string(), z.number()) }), { marks: { a: 1 } }],
  ])('generateObject gives %s', async (_, schema, value) => {
    const server = await serve(sse([start(), ...text(0, JSON.stringify(value)), ...stop()]))
    const { object } = await generateObject(
      claude('claude-x', { ...options, baseURL: server.url }),
      schema,
      'x',
    )
    expect(object).toEqual(value)
    expect(server.requests).toHaveLength(1)
    expect(String(server.requests[0]?.body)).not.toContain('"oneOf"')
  })

  it('generateObject asks in words where the service finds the schema too large', async () => {
    const words = 'The compiled grammar is too large, which would cause performance issues.'
    const refusal = json({ type: 'error', error: { type: 'invalid_request_error', message: words } }, 400)
    const server = await serve(({ json: body }) =>
      'output_config' in (body as object) ? refusal : sse([start(), ...text(0, '{"a":1}'), ...stop()]),
    )
    const provider = claude('claude-x', { ...options, baseURL: server.url })
    expect((await generateObject(provider, z.object({ a: z.number() }), 'x')).object).toEqual({ a: 1 })
  })
})

describe('a schema of a tool', () => {
  const toolOf = async (input: JsonSchema, more: Partial<ChatRequest> = {}) => {
    const { body, warnings } = await sentFor({
      tools: [{ name: 'f', description: 'Does it.', input }],
      ...more,
    })
    const [one] = (body.tools ?? []) as { description: string; input_schema: JsonSchema }[]
    return { ...one, warnings }
  }

  it.each<[JsonSchema]>([
    [{}],
    [{ type: 'object' }],
    [object({ a: { oneOf: [{ type: 'string' }] } })],
  ])('is an object, and otherwise as it was: %j', async (schema) => {
    expect((await toolOf(schema)).input_schema).toEqual({ ...schema, type: 'object' })
  })

  it.each<[string, JsonSchema, JsonSchema]>([
    [
      'oneOf',
      {
        oneOf: [
          object({ k: { const: 'a' }, x: { type: 'string' } }, { required: ['k'] }),
          object({ k: { const: 'b' } }),
        ],
      },
      object({ k: { anyOf: [{ const: 'a' }, { const: 'b' }] }, x: { type: 'string' } }),
    ],
    [
      'anyOf beside properties',
      object(
        { a: { type: 'string' }, b: { type: 'string' } },
        { required: ['a'], anyOf: [{ required: ['b'] }] },
      ),
      object({ a: { type: 'string' }, b: { type: 'string' } }, { required: ['a'] }),
    ],
    [
      'allOf',
      {
        allOf: [object({ a: { type: 'string' } }, { required: ['a'] }), { $ref: '#/$defs/B' }],
        $defs: { B: object({ b: {} }) },
      },
      { ...object({ a: { type: 'string' }, b: {} }, { required: ['a'] }), $defs: { B: object({ b: {} }) } },
    ],
    [
      'a reference',
      { $ref: '#/$defs/A', $defs: { A: object({ a: {} }) } },
      { ...object({ a: {} }), $defs: { A: object({ a: {} }) } },
    ],
  ])('with %s at its top is one object', async (name, schema, expected) => {
    const { input_schema, description, warnings } = await toolOf(schema)
    expect(input_schema).toEqual(expected)
    const isOpen = name.startsWith('oneOf') || name.startsWith('anyOf')
    expect(description?.includes('JSON Schema')).toBe(isOpen)
    expect(warnings.map(({ feature }) => feature)).toEqual(isOpen ? ['tools'] : [])
  })

  it('that goes round in circles has an end', async () => {
    const schema = { $ref: '#/$defs/A', $defs: { A: { anyOf: [{ $ref: '#/$defs/A' }, object({ a: {} })] } } }
    expect((await toolOf(schema)).input_schema).toMatchObject({ type: 'object', properties: { a: {} } })
  })

  it('with a property whose name the service refuses is refused, or its tool is left out with a warning', async () => {
    const input = object({ 'a b': { type: 'string' } })
    const provider = claude('claude-x', { ...options, baseURL: (await serve(json({}))).url })
    const tools = [tool({ name: 'f', input })]
    expect(await failureOf(provider.chat({ messages: 'x', tools }))).toMatchObject({ code: 'unsupported' })
    const { body, warnings } = await sentFor({ tools, toolChoice: 'required', onUnsupported: 'warn' })
    expect(body).not.toHaveProperty('tools')
    expect(body).not.toHaveProperty('tool_choice')
    expect(warnings).toMatchObject([{ code: 'unsupported', feature: 'tools' }])
  })
})

it('JSON without a schema is asked for in words, with a warning', async () => {
  const { body, warnings } = await sentFor({ output: 'json', onUnsupported: 'warn' })
  expect(JSON.stringify(body.system)).toContain('JSON')
  expect(warnings).toMatchObject([{ code: 'unsupported', feature: 'json' }])
  expect(await bodyOf({ messages: 'x' })).not.toHaveProperty('system')
})
