// Random requests of everything the contract can say: sound ones, as apps write them.
import type { ChatRequest, Message, Part } from '@patchbay/core'
import fc from 'fast-check'
import { file, image } from '../../../packages/testing/src/contract/media.js'

const sentence = fc.constantFrom(
  'Hi.',
  'What is in it?',
  'Look again, please.',
  '  Two words  ',
  'Zoë 🦀 中文',
)
const text = sentence.map((value): Part => ({ type: 'text', text: value }))
const blank = fc.constantFrom(' ', '\n').map((value): Part => ({ type: 'text', text: value }))
const id = fc.constantFrom('call_1', 'toolu_01', 'functions.look:0', 'a|b', 'x'.repeat(70), 'abcdefgh1')
const input = fc.constantFrom<unknown>({}, { at: 'this' }, { $unparsed: '{"at": ' })
const cache = fc.constantFrom<Message['cache'][]>(undefined, undefined, true, { ttl: '1h' }, { ttl: '5m' })
const marked = (message: Message) =>
  cache.map((mark): Message => (mark === undefined ? message : { ...message, cache: mark }))

const userPart = fc.oneof(
  { weight: 6, arbitrary: text },
  { weight: 1, arbitrary: fc.constantFrom<Part>(image, file) },
)
const user = fc
  .array(userPart, { minLength: 1, maxLength: 2 })
  .map((content): Message => ({ role: 'user', content: [{ type: 'text', text: 'Well?' }, ...content] }))
  .chain(marked)
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
    fc.constantFrom<string | Part[]>('Seen.', '', [{ type: 'text', text: 'Seen.' }], [image]),
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
    fc.oneof(
      fc.tuple(user, assistant),
      fc.tuple(user, toolTurn).map(([asked, looked]) => [asked, ...looked]),
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
)
const answers = fc.constantFrom<object>(
  { type: 'object', properties: { a: { type: 'string', maxLength: 5 } }, required: ['a'] },
  {
    type: 'object',
    properties: { a: { type: 'string', format: 'date' }, b: { type: 'integer', minimum: 0 } },
  },
)
/** Absent most of the time: each option more makes it likelier that one of them alone decides. */
const optional = <T>(arbitrary: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> =>
  fc.oneof({ weight: 6, arbitrary: fc.constant(undefined) }, { weight: 1, arbitrary })

const options = fc.record({
  system: optional(sentence),
  tools: optional(
    looks.map((schema) => [{ name: 'look', description: 'Looks.', input: schema as { type: string } }]),
  ),
  toolChoice: optional(fc.constantFrom('auto', 'none', 'required', { name: 'look' })),
  parallelToolCalls: optional(fc.boolean()),
  output: optional(
    fc.oneof(
      fc.constant('json' as const),
      answers.map((schema) => ({ schema: schema as { type: string } })),
    ),
  ),
  maxOutputTokens: optional(fc.constantFrom(1, 100, 5000)),
  temperature: optional(fc.constantFrom(0, 0.5, 1, 1.5)),
  topP: optional(fc.constantFrom(0.5, 1)),
  topK: optional(fc.constant(5)),
  seed: optional(fc.constant(1)),
  stop: optional(fc.constantFrom(['END'], ['a', 'b', 'c', 'd', 'e'])),
  frequencyPenalty: optional(fc.constant(0.5)),
  presencePenalty: optional(fc.constant(0.5)),
  reasoning: optional(
    fc.constantFrom('off', 'minimal', 'low', 'medium', 'high', 'max', { budgetTokens: 2000 }),
  ),
  onUnsupported: fc.constantFrom('error', 'warn', 'warn'),
})

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
