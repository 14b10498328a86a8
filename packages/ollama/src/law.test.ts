// Random conversations of everything the contract can say: each becomes a body that Ollama's decoder takes, or one typed error
// before it is sent. Rules: ollama/ollama, api/types.go and server/routes.go, August 2026.
import { type ChatRequest, isLlmError, type Message, type Part } from '@patchbay/core'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { json } from '../test/server.js'
import { done, ndjson, say, serve } from '../test/wire.js'
import { ollama } from './index.js'

interface Body {
  messages: {
    role: string
    content: unknown
    images?: string[]
    thinking?: unknown
    tool_calls?: { id: unknown; function: { name: unknown; arguments: unknown } }[]
  }[]
  think?: unknown
  tools?: { function: { parameters: unknown } }[]
  options?: Record<string, unknown>
}

const isObject = (value: unknown) => typeof value === 'object' && value !== null && !Array.isArray(value)

/** What Ollama would refuse to decode. */
function brokenRules({ messages, think, tools = [], options = {} }: Body, thinks: boolean): string[] {
  const broken: string[] = []
  const check = (rule: string, isKept: boolean) => {
    if (!isKept) broken.push(rule)
  }
  for (const { role, content, images = [], tool_calls: calls = [], thinking } of messages) {
    check('role', ['system', 'user', 'assistant', 'tool'].includes(role))
    check('content is a string', typeof content === 'string')
    check('thinking is a string', thinking === undefined || typeof thinking === 'string')
    for (const image of images) check('images are base64', /^[A-Za-z0-9+/]+=*$/.test(image))
    for (const { function: called } of calls) check('arguments are an object', isObject(called.arguments))
  }
  check('think value', [undefined, true, false, 'low', 'medium', 'high', 'max'].includes(think as string))
  check('"x" does not support thinking', thinks || !think)
  for (const tool of tools) check('parameters are an object', isObject(tool.function.parameters))
  for (const [name, value] of Object.entries(options))
    check(`options.${name}`, name === 'stop' ? Array.isArray(value) : typeof value === 'number')
  return broken
}

const words = fc.constantFrom('', ' ', 'Hi', 'x\ud83d', 'Wörld 🦀')
const spoken = words.map((text): Part => ({ type: 'text', text }))
const reasoning = words.map(
  (text): Part => ({ type: 'reasoning', text, opaque: { provider: 'claude', data: { signature: 's' } } }),
)
const media = fc.constantFrom<Part>(
  { type: 'image', data: new Uint8Array([1, 2]), mediaType: 'image/png' },
  { type: 'image', data: 'data:image/png;base64,iVBORw0KGgo=', mediaType: 'image/png' },
  { type: 'file', data: 'YQ==', mediaType: 'text/plain' },
)
const input = fc.constantFrom<unknown>({}, { a: 1 }, [], 'London', 7, null, true)
const id = fc.constantFrom('', 'a', 'a.1', 'functions.x:0')
const calls = fc
  .array(fc.tuple(id, input), { minLength: 1, maxLength: 3 })
  .map((all): Part[] => all.map(([one, value]) => ({ type: 'tool-call', id: one, name: 'f', input: value })))
const output = fc.oneof(words, fc.array(fc.oneof(spoken, media), { maxLength: 2 }))
const turn = fc.oneof(
  fc
    .array(fc.oneof(spoken, media), { minLength: 1, maxLength: 3 })
    .map((content): Message[] => [{ role: 'user', content }]),
  fc
    .array(fc.oneof(spoken, reasoning, media), { minLength: 1, maxLength: 3 })
    .map((content): Message[] => [{ role: 'assistant', content }]),
  words.map((content): Message[] => [{ role: 'system', content }]),
  fc
    .tuple(calls, fc.array(fc.tuple(output, fc.boolean()), { minLength: 3, maxLength: 3 }))
    .map(([content, outputs]): Message[] => [
      { role: 'assistant', content },
      {
        role: 'tool',
        content: content.map((part, index) => {
          const [value = '', isError = false] = outputs[index] ?? []
          return { type: 'tool-result', id: (part as { id: string }).id, output: value, isError }
        }),
      },
    ]),
)
const maybe = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: undefined })
const request = fc
  .record({
    messages: fc.array(turn, { minLength: 1, maxLength: 5 }),
    tools: maybe(fc.constantFrom([{ name: 'f', input: {} }], [{ name: 'f', input: { type: 'object' } }])),
    parallelToolCalls: maybe(fc.boolean()),
    reasoning: maybe(fc.constantFrom('off', 'minimal', 'max', { budgetTokens: 2_000 } as const)),
    temperature: maybe(fc.constantFrom(0, 2)),
    stop: maybe(fc.constant(['END'])),
    seed: maybe(fc.constant(1)),
  })
  .map(
    ({ messages, ...rest }): ChatRequest => ({
      messages: messages.flat(),
      ...(JSON.parse(JSON.stringify(rest)) as object),
    }),
  )

it.each([
  ['that can do everything', ['completion', 'tools', 'vision', 'thinking'], true],
  ['that can only write text', ['completion'], false],
  ['of a server that does not say', undefined, true],
])('is kept for a model %s', async (_, capabilities, thinks) => {
  const server = await serve(({ path }) =>
    path === '/api/show' ? json({ capabilities }) : ndjson(say('Hi'), done()),
  )
  const provider = ollama('tiny', { baseURL: server.url, retry: false })
  let sent = 0
  const judge = async (asked: ChatRequest): Promise<unknown> => {
    const before = server.requests.length
    const error: unknown = await provider.chat(asked).then(
      () => undefined,
      (failure) => failure,
    )
    const chat = server.requests.slice(before).find(({ path }) => path === '/api/chat')
    if (chat === undefined) {
      expect(isLlmError(error), String(error)).toBe(true)
      return error
    }
    sent++
    expect(error).toBeUndefined()
    expect(brokenRules(chat.json as Body, thinks)).toEqual([])
    expect(String(chat.body)).not.toMatch(/\\ud83d(?!\\ud)/i)
    return undefined
  }
  await fc.assert(
    fc.asyncProperty(request, async (asked) => {
      await judge(asked)
      const error = await judge({ ...asked, onUnsupported: 'warn' })
      if (isLlmError(error, 'unsupported')) expect(error.message).toMatch(/would be empty/)
      else if (error !== undefined) expect(error).toMatchObject({ code: 'invalid-request' })
    }),
    { numRuns: Number(process.env.PATCHBAY_LAW_RUNS ?? 60) },
  )
  expect(sent).toBeGreaterThan(20)
})
