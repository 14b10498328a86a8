// Random requests of everything the contract can say: sound ones, as apps write them.
import type { ChatRequest, Message, Part } from '@patchbay/core'
import fc from 'fast-check'
import { audio, file, image } from '../../../packages/testing/src/contract/media.js'

const sentence = fc.constantFrom(
  'Hi.',
  'What is in it?',
  'Look again, please.',
  '  Two words  ',
  'Zoë 🦀 中文',
  'Half \ud83d of a pair.',
)
const text = sentence.map((value): Part => ({ type: 'text', text: value }))
const blank = fc.constantFrom(' ', '\n').map((value): Part => ({ type: 'text', text: value }))
const id = fc.constantFrom(
  ...['call_1', 'toolu_01', 'functions.look:0', 'a|b', 'a.b', 'a:b', 'x'.repeat(70), 'abcdefgh1'],
)
const input = fc.constantFrom<unknown>(
  ...[{}, { at: 'this' }, { $unparsed: '{"at": ' }, [], 'London', null, 7, { path: 'x\ud83d' }],
)
const cache = fc.constantFrom<Message['cache'][]>(undefined, undefined, true, { ttl: '1h' }, { ttl: '5m' })
const marked = (message: Message) =>
  cache.map((mark): Message => (mark === undefined ? message : { ...message, cache: mark }))

// The bytes are never looked at: a service's rules go by the type.
const otherMedia: Part[] = [
  { type: 'image', mediaType: 'image/gif', data: 'R0lGODlhAQABAAAAACw=' },
  { type: 'file', mediaType: 'text/csv', data: 'YSxiCjEsMg==', name: 'a.csv' },
  { type: 'file', mediaType: 'text/plain; charset=utf-8', data: 'SGku' },
  { type: 'audio', mediaType: 'audio/mpeg', data: '//uQxAAA' },
  { type: 'audio', mediaType: 'audio/flac', data: 'ZkxhQwAA' },
  { type: 'image', mediaType: 'image/webp', data: 'UklGRgAAAABXRUJQ' },
  {
    type: 'file',
    mediaType: 'application/vnd.openxmlformats-officedocument.wordprocessingml.document',
    data: 'UEsDBAAA',
    name: 'a.docx',
  },
]
const userPart = fc.oneof(
  { weight: 6, arbitrary: text },
  { weight: 1, arbitrary: fc.constantFrom<Part>(image, file, audio, ...otherMedia) },
)
const user = fc
  .array(userPart, { minLength: 1, maxLength: 2 })
  .map((content): Message => ({ role: 'user', content: [{ type: 'text', text: 'Well?' }, ...content] }))
  .chain(marked)
/** Rules within the conversation, which most services take at its beginning only. */
const rule = sentence.map((content): Message => ({ role: 'system', content }))
const foreign = { provider: 'somebody-else', data: { signature: 'x' } }
const thought = fc.constantFrom<Part>(
  { type: 'reasoning', text: 'Hm.' },
  { type: 'reasoning', text: 'Hm.', opaque: foreign },
  { type: 'reasoning', text: '', opaque: foreign },
)
const spoken = fc.oneof(
  { weight: 6, arbitrary: text },
  { weight: 2, arbitrary: thought },
  { weight: 1, arbitrary: blank },
  { weight: 1, arbitrary: fc.constant<Part>({ type: 'refusal', text: 'No.' }) },
  {
    weight: 1,
    arbitrary: fc.constant<Part>({ type: 'provider-block', kind: 'web_search', opaque: foreign }),
  },
  {
    weight: 1,
    arbitrary: fc.constant<Part>({
      ...{ type: 'text', text: 'Paris.', citations: [{ url: 'https://example.com', title: 'E' }] },
    }),
  },
)
const assistant = fc
  .array(spoken, { minLength: 1, maxLength: 3 })
  .map((content): Message => ({ role: 'assistant', content }))
  .chain(marked)
/** A turn of tools: one or two calls, some with the same id, and their results. */
const toolTurn = fc
  .tuple(
    fc.array(spoken, { maxLength: 2 }),
    fc.array(fc.tuple(id, input), { minLength: 1, maxLength: 2 }),
    fc.boolean(),
    fc.constantFrom<string | Part[]>(
      ...['Seen.', '', ' ', [{ type: 'text' as const, text: 'Seen.' }], [image], [file]],
      [{ type: 'text', text: 'boom' }, image],
    ),
  )
  .map(([said, calls, isError, output]): Message[] => [
    {
      role: 'assistant',
      content: [
        ...said,
        ...calls.map(([id, input]): Part => ({ type: 'tool-call', id, name: 'look', input })),
      ],
    },
    {
      role: 'tool',
      content: calls.map(([id]): Part => ({ type: 'tool-result', id, output, ...(isError && { isError }) })),
    },
  ])
const turns = fc
  .array(
    fc.oneof<fc.Arbitrary<Message[]>[]>(
      fc.tuple(user, assistant),
      fc.tuple(user, toolTurn).map(([asked, looked]) => [asked, ...looked]),
      fc.tuple(user, toolTurn, toolTurn).map(([asked, looked, again]) => [asked, ...looked, ...again]),
      fc.tuple(rule, user, assistant),
    ),
    { maxLength: 3 },
  )
  .map((all) => all.flat())

const looks = fc.constantFrom<object>(
  { type: 'object', properties: {} },
  { type: 'object', properties: { at: { type: 'string', minLength: 1 } }, required: ['at'] },
  {
    type: 'object',
    properties: {
      at: { type: 'string', format: 'uri' },
      deep: { type: 'array', items: { type: 'object', properties: { a: { type: 'integer', minimum: 1 } } } },
    },
  },
  { anyOf: [{ type: 'object', properties: { at: { type: 'string' } } }] },
  {},
  { type: 'object' },
  { type: 'object', properties: { list: { type: 'array' }, any: {} }, additionalProperties: true },
  { $schema: 'https://json-schema.org/draft/2020-12/schema', type: 'object', properties: {} },
)
const answers = fc.constantFrom<object>(
  { type: 'object', properties: { a: { type: 'string', maxLength: 5 } }, required: ['a'] },
  {
    type: 'object',
    properties: { a: { type: 'string', format: 'date' }, b: { type: 'integer', minimum: 0 } },
  },
  {
    type: 'object',
    additionalProperties: false,
    required: ['a'],
    properties: { a: { oneOf: [{ type: 'string' }, { const: 'x', type: 'string' }] } },
  },
  { type: 'object', properties: { a: { type: 'object', additionalProperties: { type: 'number' } } } },
  {
    type: 'object',
    additionalProperties: false,
    required: ['url'],
    properties: { url: { type: 'string', format: 'uri' } },
  },
  {
    type: 'object',
    $defs: { node: { type: 'object', properties: { next: { $ref: '#/$defs/node' } } } },
    properties: { a: { $ref: '#/$defs/node' }, b: {} },
  },
  { type: 'array', items: { type: 'string' } },
)
/** Absent most of the time: each option more makes it likelier that one of them alone decides. */
const optional = <T>(arbitrary: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> =>
  fc.oneof({ weight: 6, arbitrary: fc.constant(undefined) }, { weight: 1, arbitrary })

const options = fc.record({
  system: optional(sentence),
  tools: optional(
    fc
      .tuple(looks, fc.boolean())
      .map(([schema, isTwo]) => [
        { name: 'look', description: 'Looks.', input: schema as { type: string } },
        ...(isTwo ? [{ name: 'say_it', input: { type: 'object' } }] : []),
      ]),
  ),
  toolChoice: optional(fc.constantFrom('auto', 'none', 'required', { name: 'look' })),
  parallelToolCalls: optional(fc.boolean()),
  cache: optional(fc.constantFrom('auto' as const, 'off' as const)),
  output: optional(
    fc.oneof(
      fc.constant('json' as const),
      fc.tuple(answers, fc.constantFrom(undefined, true, false)).map(([schema, strict]) => ({
        schema: schema as { type: string },
        ...(strict !== undefined && { strict }),
      })),
    ),
  ),
  maxOutputTokens: optional(fc.constantFrom(1, 100, 5000)),
  temperature: optional(fc.constantFrom(0, 0.5, 1, 1.5)),
  topP: optional(fc.constantFrom(0.5, 1)),
  topK: optional(fc.constant(5)),
  minP: optional(fc.constant(0.1)),
  seed: optional(fc.constant(1)),
  logprobs: optional(fc.constantFrom(true, 2)),
  stop: optional(fc.constantFrom(['END'], ['a', 'b', 'c', 'd', 'e'])),
  frequencyPenalty: optional(fc.constant(0.5)),
  presencePenalty: optional(fc.constant(0.5)),
  reasoning: optional(
    fc.constantFrom('off', 'minimal', 'low', 'medium', 'high', 'max', { budgetTokens: 2000 }),
  ),
  onUnsupported: fc.constantFrom('error', 'warn', 'warn'),
})

/** Sometimes another question, with media by their addresses. */
export const linkedMedia: fc.Arbitrary<Message[]> = fc.oneof(
  { weight: 4, arbitrary: fc.constant<Message[]>([]) },
  {
    weight: 1,
    arbitrary: fc
      .constantFrom<Part>(
        { type: 'image', url: 'https://example.com/a.png' },
        { type: 'file', url: 'https://example.com/a.pdf', mediaType: 'application/pdf' },
      )
      .map((part): Message[] => [{ role: 'user', content: [{ type: 'text', text: 'And this?' }, part] }]),
  },
)

/** A request that ends with a question, a tool result, or sometimes words of the assistant. */
export const conversation: fc.Arbitrary<ChatRequest> = fc
  .tuple(turns, fc.oneof({ weight: 5, arbitrary: user }, { weight: 1, arbitrary: assistant }), options)
  .map(([before, last, { tools, toolChoice, parallelToolCalls, ...rest }]) => {
    const given = { ...rest, ...(tools && { tools, toolChoice, parallelToolCalls }) }
    const entries = Object.entries(given).filter(([, value]) => value !== undefined)
    return {
      ...Object.fromEntries(entries),
      messages: [
        ...before,
        ...(before.length === 0 ? [{ role: 'user' as const, content: 'Hi.' }] : []),
        last,
      ],
    }
  })
