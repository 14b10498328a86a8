// Schemas that OpenAI's strict mode accepts.
import { describe, expect, it } from 'vitest'
import { json } from '../test/server.js'
import { failureOf, serve } from '../test/wire.js'
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
})
