// Random conversations of everything the contract can say: each is accepted by the published rules, or one typed error before
// anything is sent; with `onUnsupported: 'warn'` the error is left for what nothing can be left out of.
import { type ChatRequest, isLlmError, type Message, type Part } from '@patchbay/core'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { brokenModelRules, brokenRules } from '../test/judge.js'
import { sse } from '../test/server.js'
import { options, serve, start, stop, text } from '../test/wire.js'
import { claude } from './index.js'

const models = [
  'claude-fable-5-2',
  'claude-opus-5-5',
  'claude-sonnet-5-5',
  'claude-haiku-5-5',
  'claude-opus-5',
  'claude-sonnet-5',
  'claude-opus-4-8',
  'claude-opus-4-7',
  'claude-opus-4-6',
  'claude-sonnet-4-6',
  'claude-haiku-4-5',
  'claude-opus-4-1',
  'claude-3-haiku-20240307',
]

const words = fc.constantFrom('', ' ', '\n\n', 'Hi', 'Hi ', 'x\ud83d', 'Wörld 🦀')
const id = fc.constantFrom('', 'a', 'a.1', 'a:1', 'call_0', 'functions.x:0')
const image: Part = { type: 'image', data: 'iVBORw0KGgo=', mediaType: 'image/png' }
const opaque = fc.constantFrom(
  undefined,
  { provider: 'openai', data: { id: 'rs_1' } },
  { provider: 'claude', data: { signature: 'sig' } },
  { provider: 'claude', data: { signature: '' } },
  { provider: 'claude', host: 'elsewhere', data: { signature: 'sig' } },
)
const media: fc.Arbitrary<Part> = fc.constantFrom<Part>(
  image,
  { type: 'image', data: 'AAAA', mediaType: 'image/tiff' },
  { type: 'image', url: 'https://example.com/a.png' },
  { type: 'file', data: 'JVBERi0=', mediaType: 'application/pdf', name: 'a.pdf' },
  { type: 'file', data: 'YSxi', mediaType: 'text/csv' },
  { type: 'file', data: 'UEsDBA==', mediaType: 'application/zip' },
)
const spoken = words.map((said): Part => ({ type: 'text', text: said }))
const reasoning = fc
  .tuple(words, opaque)
  .map(([said, state]): Part => ({ type: 'reasoning', text: said, ...(state && { opaque: state }) }))
const cited = words.map(
  (said): Part => ({ type: 'text', text: said, opaque: { provider: 'claude', data: { citations: [{}] } } }),
)
const input = fc.constantFrom<unknown>({}, { a: 1 }, [], ['a'], 'London', 7, null, { $unparsed: '{' })
const call = fc
  .tuple(id, input, fc.constantFrom('f', 'g'.repeat(250)))
  .map(([callId, value, name]): Part => ({ type: 'tool-call', id: callId, name, input: value }))
const output = fc.oneof(words, fc.array(fc.oneof(spoken, media), { maxLength: 3 }))
const cache = fc.constantFrom(undefined, true, { ttl: '1h' as const }, { ttl: '5m' as const })

const user = fc
  .tuple(fc.array(fc.oneof(spoken, media, cited), { minLength: 1, maxLength: 3 }), cache)
  .map(([content, mark]): Message[] => [{ role: 'user', content, ...(mark && { cache: mark }) }])
const system = words.map((content): Message[] => [{ role: 'system', content }])
const answer = fc
  .array(fc.oneof(spoken, reasoning, media, cited), { minLength: 1, maxLength: 3 })
  .map((content): Message[] => [{ role: 'assistant', content }])
const tools = fc
  .tuple(
    fc.array(fc.oneof(spoken, reasoning), { maxLength: 2 }),
    fc.array(call, { minLength: 1, maxLength: 3 }),
    fc.array(fc.tuple(output, fc.boolean()), { minLength: 3, maxLength: 3 }),
  )
  .map(([said, calls, outputs]): Message[] => [
    { role: 'assistant', content: [...said, ...calls] },
    {
      role: 'tool',
      content: calls.map((part, index) => {
        const [value, isError] = outputs[index] ?? ['', false]
        return { type: 'tool-result', id: (part as { id: string }).id, output: value, isError }
      }),
    },
  ])
const schema = fc.constantFrom<object>(
  {},
  { type: 'object' },
  { type: 'object', properties: { a: { type: 'string', minLength: 2 } } },
  {
    oneOf: [
      { type: 'object', properties: { a: { const: 1 } } },
      { type: 'object', properties: { b: {} } },
    ],
  },
  { type: 'object', properties: { 'a b': {} } },
)
const maybe = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: undefined })

const request = fc
  .record({
    messages: fc.array(fc.oneof(user, system, answer, tools), { minLength: 1, maxLength: 6 }),
    tools: maybe(schema.map((one) => [{ name: 'f', input: one as Record<string, unknown> }])),
    choice: maybe(fc.constantFrom('auto', 'none', 'required', { name: 'f' } as const)),
    parallelToolCalls: maybe(fc.boolean()),
    output: maybe(schema.map((one) => ({ schema: one as Record<string, unknown> }))),
    temperature: maybe(fc.constantFrom(0, 1, 1.5)),
    topP: maybe(fc.constantFrom(0.5, 0.99)),
    topK: maybe(fc.constant(5)),
    stop: maybe(fc.constant(['END'])),
    maxOutputTokens: maybe(fc.constantFrom(50, 2_000, 500_000)),
    reasoning: maybe(
      fc.constantFrom('off', 'low', 'max', { budgetTokens: 500 } as const, { budgetTokens: 3_000 } as const),
    ),
  })
  .map(({ messages, choice, ...rest }): ChatRequest => {
    const given = { ...rest, ...(rest.tools && choice !== undefined && { toolChoice: choice }) }
    return { messages: messages.flat(), ...(JSON.parse(JSON.stringify(given)) as object) }
  })

it.each(models)('is kept for %s', async (model) => {
  const server = await serve(sse([start(), ...text(0, '{}'), ...stop()]))
  const provider = claude(model, { ...options, baseURL: server.url })
  let sent = 0
  const judge = async (asked: ChatRequest) => {
    const before = server.requests.length
    const error: unknown = await provider.chat(asked).then(
      () => undefined,
      (failure) => failure,
    )
    const { json: body, headers = {} } = server.requests[before] ?? {}
    if (body === undefined) {
      expect(isLlmError(error), String(error)).toBe(true)
      return error
    }
    sent++
    const judged = { body: body as Record<string, unknown>, version: headers['anthropic-version'] }
    expect([...brokenRules(judged), ...brokenModelRules(model, judged)]).toEqual([])
    expect(JSON.stringify(body)).not.toMatch(/\\ud83d(?!\\ud)/i)
    return undefined
  }
  await fc.assert(
    fc.asyncProperty(request, async (asked) => {
      await judge(asked)
      const error = await judge({ ...asked, onUnsupported: 'warn' })
      // Nothing can be left out of a message that would then be empty, nor of a conversation of nothing.
      if (isLlmError(error)) expect(['invalid-request', 'unsupported']).toContain(error.code)
      if (isLlmError(error, 'unsupported')) expect(error.message).toMatch(/would be empty/)
    }),
    { numRuns: Number(process.env.PATCHBAY_LAW_RUNS ?? 60) },
  )
  expect(sent).toBeGreaterThan(40)
})
