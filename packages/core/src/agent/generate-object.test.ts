// Values of a schema: whole, streamed, repaired, and from models without constrained decoding.
import { describe, expect, it } from 'vitest'
import * as z from 'zod'
import { mockProvider } from '../../../testing/src/mock.js'
import { failureOf } from '../../test/world.js'
import {
  cosineSimilarity,
  type ErrorCode,
  generateObject,
  LlmError,
  type Provider,
  streamObject,
} from '../index.js'

const person = z.object({ name: z.string(), age: z.number().int() })
const eve = '{"name": "Eve Adams", "age": 30}'

describe('generateObject', () => {
  it('gives the value, checked and typed', async () => {
    const provider = mockProvider({ answers: [eve] })
    const { object, response, repairs } = await generateObject(provider, person, 'Who?', { name: 'person' })
    expect(object satisfies { name: string; age: number }).toEqual({ name: 'Eve Adams', age: 30 })
    expect(response.text).toBe(eve)
    expect(repairs).toBe(0)
    expect(provider.requests[0]?.output).toMatchObject({
      name: 'person',
      schema: { required: ['name', 'age'] },
    })
  })

  it('gives what the schema makes of it', async () => {
    const provider = mockProvider({ answers: ['{"at": "2026-01-02"}'] })
    const schema = z.object({ at: z.string().transform((text) => new Date(text)) })
    const { object } = await generateObject(provider, schema, 'When?')
    expect(object.at.getUTCFullYear()).toBe(2026)
  })

  it('sends an answer back that does not fit, with what is wrong, and adds up the usage', async () => {
    const provider = mockProvider({ answers: ['{"name": "Eve"}', 'Sorry!', eve] })
    const { object, repairs, usage } = await generateObject(provider, person, 'Who?')
    expect(object.age).toBe(30)
    expect(repairs).toBe(2)
    const said = provider.requests[2]?.messages.map(({ content }) => content[0])
    expect(said).toMatchObject([
      { text: 'Who?' },
      { text: '{"name": "Eve"}' },
      { text: expect.stringContaining('age') },
      { text: 'Sorry!' },
      { text: expect.stringContaining('contains no JSON') },
    ])
    expect(usage.outputTokens).toBe(2 + 1 + 5)
  })

  it('gives up after so many repairs, with the last answer', async () => {
    const provider = mockProvider({ answers: Array(3).fill('{"name": 1}') })
    const error = await failureOf(generateObject(provider, person, 'Who?', { repairs: 1 }))
    expect(error).toMatchObject({ code: 'structured-output', partial: { text: '{"name": 1}' } })
    expect(error.message).toContain('in 2 tries')
    expect(provider.requests).toHaveLength(2)
  })

  it.each<[string, object, RegExp]>([
    ['was cut off', { text: '{"na', finishReason: 'length' }, /raise maxOutputTokens/],
    ['was declined', { text: 'No.', finishReason: 'refusal' }, /declined/],
    ['called a tool', { toolCalls: [{ name: 'x', input: {} }], finishReason: 'tool-calls' }, /called a tool/],
  ])('does not ask again when the answer %s', async (_, answer, message) => {
    const provider = mockProvider({ answers: [answer] })
    const error = await failureOf(generateObject(provider, person, 'Who?'))
    expect(error).toMatchObject({ code: 'structured-output', message: expect.stringMatching(message) })
    expect(provider.requests).toHaveLength(1)
  })

  it.each([
    ['between words', `Sure! Here it is: ${eve} Anything else?`],
    ['in a fence', `Sure:\n\`\`\`json\n${eve}\n\`\`\``],
    ['in a fence alone', `\`\`\`\n${eve}\n\`\`\`\n`],
    ['after a byte order mark', `\uFEFF${eve}`],
    ['after a think block', `<think>\nPerhaps {"name": "Bob", "age": 1}?\n</think>\n${eve}`],
    ['after the end of a think block', `Perhaps {"name": "Bob", "age": 1}?\n</think>\n${eve}`],
    ['after other brackets', `As I said [1] in {this} and [see above], the JSON {"name": 5} is ${eve} [2]`],
    ['before another that fits', `${eve}\n{"name": "Bob", "age": 1}`],
    ['with single quotes, comments and a comma too many', `{'name': 'Eve Adams', // }"\n age: 30, /* ] */ }`],
    ...[
      'As in refs [1-3], the answer is ',
      '[12:30]: ',
      '[2024-05-01]: ',
      'See [1, p. 3], then ',
      'Score [4/5]: ',
      '["Smith 2020" p. 3], so ',
      '```json\n{"name": "Ev\n```\nAgain:\n```json\n',
      '```json\n{"name": "Ev"\n```\n```json\n',
    ].map((prose) => [`after ${prose}`, `${prose}${eve}`] as [string, string]),
    ['in digit groups', '{"name": "Eve Adams", "age": 3_0}'],
  ])('finds the value %s, streamed and in a plain call', async (_, text) => {
    const { object, repairs } = await generateObject(mockProvider({ answers: [text] }), person, 'Who?')
    expect(object).toEqual(JSON.parse(eve))
    expect(repairs).toBe(0)
    const call = { messages: 'Who?', output: { schema: person } }
    expect((await mockProvider({ answers: [text] }).chat(call)).output).toEqual(JSON.parse(eve))
  })

  it.each<[string, z.ZodType, string, unknown]>([
    [
      'a word of Python',
      z.object({ rows: z.array(z.object({ id: z.number(), ok: z.boolean().optional() })) }),
      '{"rows": [{"id":1,"ok":true},{"id":2,"ok":True},{"id":3,"ok":False}]}',
      {
        rows: [
          { id: 1, ok: true },
          { id: 2, ok: true },
          { id: 3, ok: false },
        ],
      },
    ],
    ['None', z.object({ a: z.null() }), "{'a': None}", { a: null }],
    [
      'words in texts',
      z.object({ a: z.string() }),
      "{'a': 'None, True \\' 1_000'}",
      { a: "None, True ' 1_000" },
    ],
    [
      'the end of thinking in a text',
      z.array(z.string()),
      'So: {"value": ["</think> see [\\"a\\"]", "b"]}',
      ['</think> see ["a"]', 'b'],
    ],
    ['a scalar in a fence', z.number(), '```json\n5\n```', 5],
    [
      'brackets in texts',
      z.object({ a: z.string() }),
      'So: {"a": "] } </think> \\" {"} [x]',
      { a: '] } </think> " {' },
    ],
  ])('reads %s as it is meant, whole', async (_, schema, text, expected) => {
    const { object, repairs } = await generateObject(mockProvider({ answers: [text] }), schema, 'What?')
    expect([object, repairs]).toEqual([expected, 0])
  })

  it.each([
    ['a word in a list', '{"value": ["a", None, "c"]}'],
    ['NaN', '{"value": ["a", NaN]}'],
    ['a list that is not closed', '{"value": ["a", "b"'],
    ['a list that is not closed, then another', 'So [1, "a" and {"value": ["a"]}'],
    ['smart quotes', '{“value”: ["a"]}'],
    ['a text without quotes', '{"value": [a, ["b"]]}'],
    ['a bracket too many, then more keys', '{"odd": }, "last": {"value": ["a"]}, "n": 1}'],
    ['a bracket of another kind', '[{"a": }}, {"value": ["a"]}]'],
    ['a bracket too many', '{"value": ["a"]]}'],
    ['a line break in a text', '{"value": ["a\nb", "c"]}'],
    ['no brackets that are JSON', '[see above] {a b}'],
  ])('asks again for %s, and never takes the part that parses', async (_, broken) => {
    const provider = mockProvider({ answers: [broken, '{"value": ["whole"]}'] })
    const { object, repairs } = await generateObject(provider, z.array(z.string()), 'What?')
    expect([object, repairs]).toEqual([['whole'], 1])
    const call = { messages: 'What?', output: { schema: z.object({ value: z.array(z.string()) }) } }
    expect(await failureOf(mockProvider({ answers: [broken] }).chat(call))).toMatchObject({
      code: 'structured-output',
      partial: { text: broken },
    })
  })

  it('tells the model what is broken', async () => {
    const provider = mockProvider({ answers: ['{"name": undefined}', eve] })
    await generateObject(provider, person, 'Who?')
    expect(provider.requests[1]?.messages.at(-1)?.content[0]).toMatchObject({
      text: expect.stringMatching(/JSON is broken: .*Unexpected token/),
    })
  })

  it.each([
    ['a list', z.array(person), `{"value": [${eve}]}`, [JSON.parse(eve)]],
    ['a choice', z.enum(['yes', 'no']), '{"value": "yes"}', 'yes'],
    ['a union', z.union([z.number(), person]), '{"value": 5}', 5],
    ['a list without its wrapping', z.array(z.number()), '[1, 2]', [1, 2]],
  ])('gives %s, which services do not constrain by itself', async (_, schema, text, expected) => {
    const provider = mockProvider({ answers: [text] })
    const { object } = await generateObject(provider, schema as z.ZodType, 'What?')
    expect(object).toEqual(expected)
    expect(provider.requests[0]?.output?.schema).toMatchObject({ type: 'object', required: ['value'] })
  })

  it('takes a recursive list: references follow the schema into its wrapping', async () => {
    const tree = {
      type: 'array',
      items: { type: 'object', properties: { children: { $ref: '#' }, tag: { $ref: '#/$defs/tag' } } },
      $defs: { tag: { type: 'string' } },
    }
    const provider = mockProvider({ answers: ['{"value": [{"children": [{"tag": "a"}]}]}'] })
    expect((await generateObject(provider, tree, 'x')).object).toEqual([{ children: [{ tag: 'a' }] }])
    const schema = JSON.stringify(provider.requests[0]?.output?.schema)
    expect(schema).toContain('"#/properties/value"')
    expect(schema).toContain('"#/$defs/tag"')
    const wrong = mockProvider({ answers: ['{"value": [{"children": [{"tag": 1}]}]}'] })
    expect(await failureOf(generateObject(wrong, tree, 'x', { repairs: 0 }))).toMatchObject({
      message: expect.stringContaining('tag'),
    })
  })

  it.each<[string, object]>([
    [
      'the name of its document',
      { $id: 'https://example.com/list', items: { $ref: 'https://example.com/list#/$defs/n' } },
    ],
    ['its document alone', { $id: 'list', items: { anyOf: [{ $ref: '#/$defs/n' }, { $ref: 'list' }] } }],
    ['an anchor', { items: { $ref: '#number' } }],
    ['a place outside of the definitions', { items: { $ref: '#/other' }, other: { type: 'number' } }],
  ])('follows a reference of a list by %s', async (_, keywords) => {
    const $defs = { n: { $anchor: 'number', type: 'number' } }
    const schema = { type: 'array', $defs, examples: [{ $ref: '#' }], ...keywords }
    const answers = ['{"value": [1, "a"]}', '{"value": [1, 2]}']
    const { object, repairs } = await generateObject(mockProvider({ answers }), schema, 'x')
    expect([object, repairs]).toEqual([[1, 2], 1])
  })

  it('prompts for JSON if a model, or its server, has no constrained decoding', async () => {
    const cannot = mockProvider({ capabilities: { json: false }, answers: [eve] })
    expect((await generateObject(cannot, person, { messages: 'Who?', system: 'Be brief.' })).object.age).toBe(
      30,
    )
    expect(cannot.requests[0]?.output).toBeUndefined()
    expect(cannot.requests[0]?.messages[0]?.content[0]).toMatchObject({
      text: expect.stringMatching(/^Be brief\.\n\n.*JSON Schema.*"required":\["name","age"\]/s),
    })
    const refuses = new LlmError('invalid-request', 'unknown field response_format', { status: 400 })
    const server = mockProvider({ answers: [refuses, eve] })
    expect((await generateObject(server, person, 'Who?')).object.age).toBe(30)
    // The field is named at the end of a long refusal, beyond what the message quotes.
    const long = `${'Something is wrong. '.repeat(50)}Unknown field: response_format`
    const cut = new LlmError('invalid-request', long.slice(0, 100), { status: 400, responseBody: long })
    expect((await generateObject(mockProvider({ answers: [cut, eve] }), person, 'Who?')).object.age).toBe(30)
  })

  it('asks once where the service has refused something else, though it repeats the request', async () => {
    const sent = { response_format: { json_schema: {} } }
    const said = (message: string) => JSON.stringify({ error: { message }, request: sent })
    const about = (code: ErrorCode, message: string) =>
      new LlmError(code, message, { status: 400, responseBody: said(message) })
    for (const refused of [
      about('invalid-request', 'temperature is too high'),
      about('context-length', 'The json_schema and the prompt are too long'),
      about('unsupported', 'no images'),
      new LlmError('server-error', 'x', { status: 500, responseBody: said('response_format broke') }),
    ]) {
      const provider = mockProvider({ answers: [refused, eve] })
      expect(await failureOf(generateObject(provider, person, 'Who?', { retry: false }))).toMatchObject({
        code: refused.code,
      })
      expect(provider.requests).toHaveLength(1)
    }
    const meant = about('invalid-request', 'response_format is not known')
    expect((await generateObject(mockProvider({ answers: [meant, eve] }), person, 'Who?')).object.age).toBe(
      30,
    )
  })

  it('passes other failures on', async () => {
    const provider = mockProvider({ answers: [new LlmError('authentication', 'No key.')] })
    expect(await failureOf(generateObject(provider, person, 'Who?'))).toMatchObject({
      code: 'authentication',
    })
    expect(await failureOf(generateObject(provider, person, 'Who?', { repairs: -1 }))).toMatchObject({
      code: 'invalid-request',
    })
  })
})

describe('streamObject', () => {
  it('gives the value as it grows, then the whole one', async () => {
    const run = streamObject(mockProvider({ answers: [eve] }), person, 'Who?')
    const seen: string[] = []
    for await (const partial of run) seen.push(JSON.stringify(partial))
    expect(seen).toEqual(['{}', '{"name":"Eve "}', '{"name":"Eve Adams"}', '{"name":"Eve Adams","age":30}'])
    expect((await run.result()).object).toEqual(JSON.parse(eve))
  })

  it('shows nothing of what stands before the object, and another object as another one', async () => {
    const texts = [
      'As I said [1], {"name": "Bob"} is not {"name": "Eve", "age": 30}',
      '<think>{"name": "No"}</think>{"name": "Eve", "age": 30}',
    ]
    const seen: unknown[][] = []
    for (const text of texts) {
      const objects: unknown[] = []
      const run = streamObject(mockProvider({ answers: [text] }), person, 'Who?')
      for await (const partial of run) objects.push(partial)
      seen.push(objects)
      expect((await run.result()).object).toEqual({ name: 'Eve', age: 30 })
    }
    const growing = [{}, { name: 'Eve' }, { name: 'Eve', age: 30 }]
    expect(seen).toEqual([[{}, { name: 'Bob' }, ...growing], growing])
  })

  it.each<[string, string, z.ZodType]>([
    ['another object that does not fit', `${eve} is not {"name": 5}`, person],
    ['another object that fits', `${eve} Corrected: {"name": "Bob", "age": 1}`, person],
    ['a list of prose', `As in [1-3], ${eve}`, person],
    ['a default', '{}', z.object({ name: z.string().default('Eve') })],
    [
      'a value that is no JSON',
      '{"at": "2026-01-01"}',
      z.object({ at: z.string().transform((text) => new Date(text)) }),
    ],
    ['a bare list', '[1, 2]', z.array(z.number())],
    ['a doubled key', '{"a": "first", "a": "second"}', z.object({ a: z.string() })],
  ])('gives the final value last as the model wrote it, whatever came before: %s', async (_, text, schema) => {
    const run = streamObject(mockProvider({ answers: [text] }), schema, 'Who?')
    const seen: unknown[] = []
    for await (const partial of run) seen.push(partial)
    expect(schema.parse(seen.at(-1))).toEqual((await run.result()).object)
  })

  it('passes on what breaks the stream', async () => {
    const broken = { text: '{"name": "Ev', error: new LlmError('network', 'Cut.') }
    const run = streamObject(mockProvider({ answers: [broken] }), person, 'Who?', { retry: false })
    expect(await failureOf(run.result())).toMatchObject({ code: 'network' })
  })

  it('gives a list item by item', async () => {
    const run = streamObject(
      mockProvider({ answers: ['{"value": [1, 2, 3]}'] }),
      z.array(z.number()),
      'Count.',
    )
    const lengths: number[] = []
    for await (const partial of run) lengths.push(partial.length)
    expect(lengths).toEqual([1, 2, 3])
  })

  it('asks nothing before it is read, and ends the call when its reader leaves', async () => {
    const provider = mockProvider({ answers: [eve] })
    const run = streamObject(provider, person, 'Who?')
    expect(provider.requests).toHaveLength(0)
    for await (const _ of run) break
    while (provider.running > 0) await new Promise((resolve) => setImmediate(resolve))
    expect(await failureOf(run.result())).toMatchObject({ code: 'aborted' })
  })
})

describe("output: 'json'", () => {
  it.each<[string, unknown]>([
    ['[1, 2]', [1, 2]],
    ['```json\n{"a": 1}\n```', { a: 1 }],
    ['Here: {"a": [1]} Done.', { a: [1] }],
    ['5', 5],
  ])('takes %j', async (text, value) => {
    const call = { messages: 'x', output: 'json' } as const
    expect((await mockProvider({ answers: [text] }).chat(call)).output).toEqual(value)
  })

  it.each([
    'As I said [1], it is {"a": 1}',
    'Sorry!',
    '{"a": [1, }',
    '{"a": 1',
    '{"a": 1e400}',
    `{"a": 1${'0'.repeat(400)}}`,
  ])('refuses %j', async (text) => {
    const call = { messages: 'x', output: 'json' } as const
    expect(await failureOf(mockProvider({ answers: [text] }).chat(call))).toMatchObject({
      code: 'structured-output',
    })
  })
})

it('cosineSimilarity tells how alike two vectors are', () => {
  expect(cosineSimilarity([1, 0], Float32Array.of(2, 0))).toBe(1)
  expect(cosineSimilarity([1, 0], [0, 3])).toBe(0)
  expect(cosineSimilarity([1, 1], [-1, -1])).toBeCloseTo(-1)
  expect(cosineSimilarity([0, 0], [1, 1])).toBe(0)
  expect(() => cosineSimilarity([1], [1, 2])).toThrow(expect.objectContaining({ code: 'invalid-request' }))
})

it.each([
  ['generateObject', (provider: Provider, all: never) => generateObject(provider, all, undefined as never)],
  [
    'streamObject',
    (provider: Provider, all: never) => streamObject(provider, all, undefined as never).result(),
  ],
])('%s with everything in one object, as in other SDKs, names the order of its arguments', async (_, run) => {
  const provider = mockProvider()
  const all = { messages: 'x', schema: { type: 'object' } } as never
  await expect(run(provider, all)).rejects.toMatchObject({
    code: 'invalid-request',
    message: expect.stringContaining('a provider, then the schema, then the request'),
  })
})
