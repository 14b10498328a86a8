// Schemas that OpenAI's strict mode accepts.
import { describe, expect, it } from 'vitest'
import { json } from '../test/server.js'
import { bodyOf, failureOf, serve } from '../test/wire.js'
import { openai } from './index.js'

describe('strict mode', () => {
  const closed = { type: 'object', additionalProperties: false }
  it.each([
    [
      { ...closed, properties: { a: { type: 'string', minLength: 2 } }, required: ['a'] },
      'output.schema.properties.a.minLength',
    ],
    [{ ...closed, properties: { a: {} } }, 'output.schema.required must name a'],
    [{ type: 'object', properties: {} }, 'output.schema.additionalProperties'],
    [
      {
        ...closed,
        properties: { a: { anyOf: [{ type: 'null' }, { type: 'array', items: { not: {} } }] } },
        required: ['a'],
      },
      'output.schema.properties.a.anyOf.1.items.not',
    ],
    [
      { ...closed, required: ['url'], properties: { url: { type: 'string', format: 'uri' } } },
      'output.schema.properties.url.format uri',
    ],
    [
      {
        ...closed,
        required: ['a'],
        properties: {
          a: { type: ['object', 'null'], properties: { x: { type: 'string' } }, required: ['x'] },
        },
      },
      'output.schema.properties.a.additionalProperties',
    ],
    [{ ...closed, required: ['a'], properties: { a: {} } }, 'output.schema.properties.a.type is missing'],
    [{ ...closed, required: ['a'], properties: { a: true } }, 'output.schema.properties.a must be an object'],
    [
      { ...closed, required: ['a'], properties: { a: { type: 'array' } } },
      'output.schema.properties.a.items',
    ],
    [{ ...closed, required: ['a', 'b'], properties: { a: { type: 'string' } } }, 'names b'],
    [
      {
        ...closed,
        required: ['a'],
        properties: { a: { $ref: '#/$defs/a', description: 'x' } },
        $defs: { a: { type: 'string' } },
      },
      'output.schema.properties.a.$ref',
    ],
    [{ anyOf: [{ ...closed, properties: {} }] }, 'output.schema.type'],
    [{ type: 'array', items: { type: 'string' } }, 'output.schema.type'],
  ])('is refused for %j with its path where the caller asks for it, and is off otherwise', async (schema, path) => {
    const server = await serve(
      json({ choices: [{ message: { content: '{"a":"bc"}' }, finish_reason: 'stop' }] }),
    )
    const provider = openai('gpt-x', { apiKey: 'k', baseURL: server.url, retry: false })
    const request = { messages: 'Hi', maxOutputTokens: 9 }
    expect(await failureOf(provider.chat({ ...request, output: { schema, strict: true } }))).toMatchObject({
      code: 'unsupported',
      message: expect.stringContaining(path),
    })
    expect(server.requests).toHaveLength(0)
    await provider.chat({ ...request, output: { schema } }).catch(() => {})
    expect(server.requests[0]?.json).toMatchObject({ response_format: { json_schema: { strict: false } } })
  })

  it.each([
    'chat',
    'responses',
  ] as const)('is left out with a warning where the caller prefers that: %s', async (api) => {
    const message = { type: 'message', content: [{ type: 'output_text', text: '{}' }] }
    const server = await serve(
      json(
        api === 'chat'
          ? { choices: [{ message: { content: '{}' }, finish_reason: 'stop' }] }
          : { status: 'completed', output: [message] },
      ),
    )
    const llm = openai('gpt-x', { apiKey: 'k', baseURL: server.url, retry: false, api })
    const output = { schema: { type: 'object', properties: {} }, strict: true }
    const request = { messages: 'Hi', output, onUnsupported: 'warn', maxOutputTokens: 20 } as const
    expect((await llm.chat(request)).warnings).toMatchObject([{ feature: 'strict' }])
    expect(JSON.stringify(server.requests[0]?.json)).toContain('"strict":false')
  })

  it.each([
    'chat',
    'responses',
  ] as const)('schemas of OpenAI are objects, other ones are refused or in words: %s', async (api) => {
    const server = await serve(json({ choices: [{ message: { content: '["a"]' }, finish_reason: 'stop' }] }))
    const llm = openai('gpt-4o', { apiKey: 'k', baseURL: server.url, retry: false, api, preset: 'openai' })
    const request = { messages: 'Hi', output: { schema: { type: 'array', items: { type: 'string' } } } }
    expect(await failureOf(llm.chat(request))).toMatchObject({ code: 'unsupported' })
    expect(server.requests).toHaveLength(0)
    await llm.chat({ ...request, onUnsupported: 'warn', maxOutputTokens: 20 }).catch(() => {})
    const sent = server.requests[0]?.json
    expect(sent).not.toHaveProperty('response_format')
    expect(sent).not.toHaveProperty('text')
    expect(JSON.stringify(sent)).toContain('Answer with one JSON value')
  })

  it('is on for a schema with all that it takes', async () => {
    const schema = {
      ...closed,
      required: ['a', 'b', 'c', 'd', 'e'],
      properties: {
        a: { type: ['string', 'null'], format: 'date-time' },
        b: { type: 'array', items: { $ref: '#/$defs/b' }, minItems: 1 },
        c: { anyOf: [{ type: 'null' }, { ...closed, properties: {} }] },
        d: { enum: ['x', 'y'] },
        e: { const: 5 },
      },
      $defs: { b: { type: 'integer', minimum: 1 } },
    }
    const { response_format } = await bodyOf({ messages: 'x', output: { schema } })
    expect(response_format).toMatchObject({ json_schema: { strict: true } })
  })
})
