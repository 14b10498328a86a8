// Requests to the Gemini API: what the contract says, in its fields, and what models refuse.
import type { ChatRequest, Message, Part } from '@patchbay/core'
import { describe, expect, it } from 'vitest'
import { json } from '../test/server.js'
import { failureOf, options, sentFor, serve } from '../test/wire.js'
import { gemini } from './index.js'

const tool = {
  name: 'look',
  description: 'Looks.',
  input: { type: 'object' as const, properties: { at: { type: 'string' as const } } },
}
const schema = { type: 'object' as const, properties: { a: { type: 'string' as const } } }
const config = async (request: Partial<ChatRequest>, model?: string) => {
  const { body, warnings } = await sentFor(request, model)
  return { config: body.generationConfig, warnings, body }
}
const refusal = async (request: Partial<ChatRequest>, model = 'gemini-3.6-flash') => {
  const server = await serve(json({}))
  const error = await failureOf(
    gemini(model, { ...options, baseURL: server.url }).chat({ messages: 'x', ...request } as ChatRequest),
  )
  expect(server.requests).toEqual([])
  return error
}

describe('reasoning', () => {
  it.each([
    ['gemini-3.6-flash', 'minimal', { includeThoughts: true, thinkingLevel: 'MINIMAL' }],
    ['gemini-3.1-pro-preview', 'minimal', { includeThoughts: true, thinkingLevel: 'LOW' }],
    ['gemini-3-pro-preview', 'medium', { includeThoughts: true, thinkingLevel: 'HIGH' }],
    ['gemini-3.6-flash', 'max', { includeThoughts: true, thinkingLevel: 'HIGH' }],
    ['gemini-3.6-flash', { budgetTokens: 500 }, { includeThoughts: true, thinkingBudget: 500 }],
    ['gemini-2.5-flash', 'low', { includeThoughts: true, thinkingBudget: 4_096 }],
    ['gemini-2.5-flash', 'off', { thinkingBudget: 0 }],
    ['gemini-2.5-pro', 'max', { includeThoughts: true, thinkingBudget: 32_768 }],
    ['gemini-2.5-flash-lite', 'minimal', { includeThoughts: true, thinkingBudget: 512 }],
    ['gemini-2.0-flash', 'off', undefined],
  ] as const)('of %s as %j is %j', async (model, reasoning, thinkingConfig) => {
    const { config: sent } = await config({ reasoning }, model)
    expect((sent as { thinkingConfig?: unknown } | undefined)?.thinkingConfig).toEqual(thinkingConfig)
  })

  it.each([
    ['gemini-3.6-flash', 'off', /always thinks.*'minimal'/],
    ['gemini-2.5-pro', 'off', /always thinks.*'low'/],
    ['gemini-2.5-pro', { budgetTokens: 50 }, /128 to 32768/],
  ] as const)('that %s does not take is refused before anything is sent: %j', async (model, reasoning, message) => {
    expect(await refusal({ reasoning }, model)).toMatchObject({
      code: 'unsupported',
      message: expect.stringMatching(message),
    })
  })
})

describe('tools', () => {
  it.each([
    ['none', { mode: 'NONE' }],
    ['required', { mode: 'ANY' }],
    [{ name: 'look' }, { mode: 'ANY', allowedFunctionNames: ['look'] }],
  ] as const)('toolChoice %j is %j', async (toolChoice, functionCallingConfig) => {
    const { body } = await sentFor({ tools: [tool], toolChoice })
    expect(body.toolConfig).toEqual({ functionCallingConfig })
  })

  it('of the service stand beside functions', async () => {
    const providerOptions = { gemini: { tools: [{ googleSearch: {} }] } }
    const { body } = await sentFor({ tools: [tool], providerOptions })
    expect(body.tools).toMatchObject([{ functionDeclarations: [{ name: 'look' }] }, { googleSearch: {} }])
  })

  it('beside a form of the answer are refused by older models, and sent to newer ones', async () => {
    const request = { tools: [tool], output: { schema } }
    expect(await refusal(request, 'gemini-2.5-flash')).toMatchObject({ code: 'unsupported' })
    const { body } = await sentFor(request)
    expect(body.generationConfig).toEqual({
      responseMimeType: 'application/json',
      responseJsonSchema: schema,
    })
  })

  it('a call of another provider goes without a signature that it never had, as the documentation says', async () => {
    const turn: Message[] = [
      {
        role: 'assistant',
        content: [1, 2].map((n): Part => ({ type: 'tool-call', id: `c${n}`, name: 'look', input: {} })),
      },
      {
        role: 'tool',
        content: [1, 2].map((n): Part => ({ type: 'tool-result', id: `c${n}`, output: 'Seen.' })),
      },
    ]
    const parts = async (model: string) => {
      const { body } = await sentFor({ messages: ['x', ...turn] }, model)
      return (body.contents as { parts: object[] }[])[1]?.parts
    }
    const bare = { functionCall: { name: 'look', args: {} } }
    expect(await parts('gemini-3.6-flash')).toEqual([
      { ...bare, thoughtSignature: 'skip_thought_signature_validator' },
      bare,
    ])
    expect(await parts('gemini-2.5-flash')).toEqual([bare, bare])
  })

  it('the result of a tool that failed is its error, and media stand in results where the model reads them there', async () => {
    const image: Part = { type: 'image', data: 'iVBORw0KGgo=', mediaType: 'image/png' }
    const messages: Message[] = [
      { role: 'user', content: 'x' },
      { role: 'assistant', content: [{ type: 'tool-call', id: 'c', name: 'look', input: {} }] },
      {
        role: 'tool',
        content: [
          { type: 'tool-result', id: 'c', output: [{ type: 'text', text: 'No.' }, image], isError: true },
        ],
      },
    ]
    const inline = { inlineData: { mimeType: 'image/png', data: 'iVBORw0KGgo=' } }
    const last = async (model: string) => {
      const { body } = await sentFor({ messages }, model)
      return (body.contents as { parts: object[] }[])[2]?.parts
    }
    const response = { name: 'look', response: { error: 'No.' } }
    expect(await last('gemini-3.6-flash')).toEqual([{ functionResponse: { ...response, parts: [inline] } }])
    expect(await last('gemini-2.5-flash')).toEqual([{ functionResponse: response }, inline])
  })
})

describe('a schema', () => {
  it('has only the keywords that the service takes; others are named', async () => {
    const { config: sent, warnings } = await config({
      output: {
        schema: {
          $schema: 'https://json-schema.org/draft/2020-12/schema',
          type: 'object',
          properties: {
            a: { type: 'string', pattern: '^a', minLength: 1 },
            b: { const: 'x' },
            c: { $ref: '#/definitions/c' },
            d: {
              type: 'array',
              items: { anyOf: [{ type: 'null' }, { type: 'integer', exclusiveMinimum: 1 }] },
            },
          },
          definitions: { c: { type: 'number', minimum: 1 } },
          additionalProperties: false,
        } as never,
        strict: false,
      },
    }).catch((error) => {
      throw error
    })
    expect(sent).toEqual({
      responseMimeType: 'application/json',
      responseJsonSchema: {
        type: 'object',
        properties: {
          a: { type: 'string' },
          b: { enum: ['x'] },
          c: { $ref: '#/$defs/c' },
          d: { type: 'array', items: { anyOf: [{ type: 'null' }, { type: 'integer' }] } },
        },
        $defs: { c: { type: 'number', minimum: 1 } },
        additionalProperties: false,
      },
    })
    expect(warnings).toMatchObject([
      { feature: 'json', message: expect.stringContaining('pattern, minLength') },
    ])
  })
})

describe('media', () => {
  const user = (...content: Part[]) => ({ messages: [{ role: 'user' as const, content }] })
  it.each([
    ['video/mp4', 'file'],
    ['audio/mpeg', 'file'],
    ['application/pdf', 'file'],
    ['image/heic', 'image'],
    ['audio/flac', 'audio'],
  ] as const)('of type %s goes as bytes', async (mediaType, type) => {
    const { body } = await sentFor(
      user({ type, data: 'AAAA', mediaType } as Part, { type: 'text', text: 'x' }),
    )
    expect(body.contents).toEqual([
      { role: 'user', parts: [{ inlineData: { mimeType: mediaType, data: 'AAAA' } }, { text: 'x' }] },
    ])
  })

  it.each([
    'https://generativelanguage.googleapis.com/v1beta/files/abc',
    'https://www.youtube.com/watch?v=9hE5-98ZeCg',
  ])('at %s goes by reference', async (url) => {
    const { body } = await sentFor(user({ type: 'file', url, mediaType: 'video/mp4' }))
    expect(body.contents).toEqual([
      { role: 'user', parts: [{ fileData: { fileUri: url, mimeType: 'video/mp4' } }] },
    ])
  })

  it.each([
    [{ type: 'image', data: 'AAAA', mediaType: 'image/gif' }, /PNG, JPEG/],
    [{ type: 'file', data: 'AAAA', mediaType: 'application/zip' }, /Send PDF/],
  ] as [Part, RegExp][])('that Gemini does not read is refused: %j', async (part, message) => {
    expect(await refusal(user(part))).toMatchObject({
      code: 'unsupported',
      message: expect.stringMatching(message),
    })
  })
})

it('settings of the service are merged field by field', async () => {
  const { body } = await sentFor({
    temperature: 0.5,
    providerOptions: {
      gemini: {
        generationConfig: { mediaResolution: 'MEDIA_RESOLUTION_LOW' },
        cachedContent: 'cachedContents/x',
      },
    },
  })
  expect(body).toMatchObject({
    generationConfig: { temperature: 0.5, mediaResolution: 'MEDIA_RESOLUTION_LOW' },
    cachedContent: 'cachedContents/x',
  })
})

it.each([
  [{ system_instruction: {} }, /systemInstruction/],
  [{ generationConfig: { max_output_tokens: 1 } }, /maxOutputTokens/],
])('a field in another spelling is refused with the right name: %j', async (fields, message) => {
  expect(await refusal({ providerOptions: { gemini: fields } })).toMatchObject({
    code: 'invalid-request',
    message: expect.stringMatching(message),
  })
})

it('the key goes in a header, never in the address', async () => {
  const { path, headers } = await sentFor({})
  expect(headers['x-goog-api-key']).toBe(options.apiKey)
  expect(path).not.toContain(options.apiKey)
})

it('a batch has a result for each request, in order, and its errors', async () => {
  const done = {
    name: 'batches/b1',
    done: true,
    metadata: {
      state: 'BATCH_STATE_SUCCEEDED',
      batchStats: { requestCount: '3', successfulRequestCount: '1', failedRequestCount: '1' },
    },
    response: {
      inlinedResponses: {
        inlinedResponses: [
          { metadata: { key: '1' }, error: { code: 8, message: 'Quota.', status: 'RESOURCE_EXHAUSTED' } },
          {
            metadata: { key: '0' },
            response: {
              candidates: [{ content: { parts: [{ text: 'Hi' }] }, finishReason: 'STOP' }],
              usageMetadata: {},
            },
          },
        ],
      },
    },
  }
  const server = await serve(() => json(done))
  const { batches } = gemini('gemini-3.6-flash', { ...options, baseURL: server.url })
  expect(await batches.submit(['a', 'b', 'c'])).toBe('b1')
  expect(await batches.status('b1')).toEqual({ state: 'ended', total: 3, answered: 1, failed: 2 })
  const results = []
  for await (const { response, error } of batches.results('b1')) results.push(response?.text ?? error?.code)
  expect(results).toEqual(['Hi', 'rate-limited', expect.any(String)])
})

it('a tool whose input is a map keeps its schema', async () => {
  const input = { type: 'object' as const, additionalProperties: { type: 'string' as const } }
  const { body } = await sentFor({ tools: [{ name: 'set', input }] })
  expect(body.tools).toEqual([{ functionDeclarations: [{ name: 'set', parametersJsonSchema: input }] }])
})

it('other settings of tools leave the choice as it is', async () => {
  const providerOptions = { gemini: { toolConfig: { includeServerSideToolInvocations: true } } }
  const { body } = await sentFor({ tools: [tool], toolChoice: 'required', providerOptions })
  expect(body.toolConfig).toEqual({
    includeServerSideToolInvocations: true,
    functionCallingConfig: { mode: 'ANY' },
  })
})

it.each([
  'x/../../cachedContents?a=',
  'gemini-3?key=z&',
  'models/',
  'a b',
  'models/%2e%2e',
])('a name that would be another path is refused: %s', (name) => {
  expect(() => gemini(name, options)).toThrow(/is not the name of a Gemini model/)
})

it('a batch on Vertex AI is refused before anything is sent', async () => {
  const server = await serve(json({}))
  const { batches } = gemini('gemini-3.6-flash', { ...options, baseURL: server.url, vertex: true })
  expect(await failureOf(batches.submit(['x']))).toMatchObject({ code: 'unsupported' })
  expect(server.requests).toEqual([])
})

it('a batch that failed as a whole says so', async () => {
  const server = await serve(json({ name: 'batches/b', metadata: { state: 'BATCH_STATE_FAILED' } }))
  const { batches } = gemini('gemini-3.6-flash', { ...options, baseURL: server.url })
  const read = async () => {
    for await (const _ of batches.results('b'));
  }
  expect(await failureOf(read())).toMatchObject({ code: 'server-error' })
})
