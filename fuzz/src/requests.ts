// Typed requests with odd contents, through every backend's request builder: what is sent is JSON without halves of
// characters, and the caller's objects stay as they are. Half of them are sound, so that bodies are made; `odd-requests.ts` has
// those whose values are of wrong types, for how they are refused.
import { isDeepStrictEqual } from 'node:util'
import { claude } from '@patchbay/claude'
import { isLlmError, type Provider } from '@patchbay/core'
import { ollama } from '@patchbay/ollama'
import { openai } from '@patchbay/openai'
import fc from 'fast-check'
import { deepFreeze } from '../../packages/testing/src/contract/deep-freeze.js'

type Fetch = typeof fetch

const json = (value: unknown) =>
  new Response(JSON.stringify(value), { headers: { 'content-type': 'application/json' } })
const ndjson = (value: unknown) =>
  new Response(`${JSON.stringify(value)}\n`, { headers: { 'content-type': 'application/x-ndjson' } })

/** Keeps what is sent, and answers like the service. */
function recorded(answer: (path: string) => Response): { fetch: Fetch; bodies: string[] } {
  const bodies: string[] = []
  const fetch: Fetch = async (input, init) => {
    const url = new URL(input instanceof Request ? input.url : input)
    if (typeof init?.body === 'string') bodies.push(init.body)
    return answer(url.pathname)
  }
  return { fetch, bodies }
}

const options = { apiKey: 'k', retry: false, media: false } as const
const chatAnswer = () => json({ choices: [{ message: { content: '{}' }, finish_reason: 'stop' }] })

export const services: Record<
  string,
  { answer: (path: string) => Response; make: (fetch: Fetch) => Provider }
> = {
  chat: { answer: chatAnswer, make: (fetch) => openai('m', { ...options, api: 'chat', fetch }) },
  mistral: {
    answer: chatAnswer,
    make: (fetch) => openai('m', { ...options, api: 'chat', preset: 'mistral', fetch }),
  },
  responses: {
    answer: () =>
      json({
        status: 'completed',
        output: [{ type: 'message', content: [{ type: 'output_text', text: '{}' }] }],
      }),
    make: (fetch) => openai('gpt-4o', { ...options, api: 'responses', fetch }),
  },
  claude: {
    answer: () => json({ content: [{ type: 'text', text: '{}' }], stop_reason: 'end_turn' }),
    make: (fetch) => claude('claude-x', { ...options, fetch }),
  },
  ollama: {
    answer: (path) =>
      path === '/api/show'
        ? json({ capabilities: ['completion', 'tools', 'vision', 'thinking'] })
        : ndjson({ message: { content: '{}' }, done: true }),
    make: (fetch) => ollama('m', { ...options, fetch }),
  },
}

const words = fc.oneof(
  fc.constantFrom('', ' ', 'a', 'Hi.', '\uD800', 'x\uDFFF', '\\ud800', '\0', '<|im_end|>', '__proto__', '🦀'),
  fc.string({ unit: 'binary', maxLength: 8 }),
)
const value = fc.oneof(
  fc.jsonValue({ maxDepth: 2 }),
  words,
  fc.constantFrom(undefined, Number.NaN, Number.POSITIVE_INFINITY, new Date(0)),
  fc.constant({ toJSON: () => '\uD800' }),
  fc.dictionary(words, words, { maxKeys: 2 }),
)
const id = fc.constantFrom('a', 'b', 'call_1', 'a b', '\uD800', '')
const opaque = fc.option(
  fc.record({
    provider: fc.constantFrom('openai', 'claude', 'ollama', 'else'),
    data: fc.oneof(
      fc.jsonValue({ maxDepth: 2 }),
      fc.constantFrom(
        { type: 'message', id: 'm' },
        { field: 'reasoning' },
        { signature: 's' },
        { type: 'redacted_thinking', data: 'x' },
        { citations: [] },
        { type: 'server_tool_use', cache_control: { type: 'ephemeral' } },
        { encrypted_content: 'e', type: 'reasoning' },
      ),
    ),
  }),
  { nil: undefined },
)
/** Mostly what is sound: a request is refused for the first odd thing in it, and the rest is never reached. */
const mostly = <T, Odd>(sound: fc.Arbitrary<T>, odd: fc.Arbitrary<Odd>): fc.Arbitrary<T | Odd> =>
  fc.oneof({ weight: 20, arbitrary: sound }, { weight: 1, arbitrary: odd })

const bytes = mostly(
  fc.oneof(
    fc.uint8Array({ minLength: 1, maxLength: 8 }),
    fc.constantFrom('AQID', 'AQI=', 'AQI', '_-', 'data:image/png;base64,AQID', 'AQID\n'),
  ),
  fc.oneof(fc.constantFrom('', 'A', 'data:', 'data:;base64,', ' '), words),
)
const media = fc.oneof(
  fc.record(
    {
      type: fc.constant('image'),
      data: bytes,
      mediaType: mostly(fc.constantFrom('image/png', 'IMAGE/GIF; x=y'), words),
    },
    { requiredKeys: ['type', 'data', 'mediaType'] },
  ),
  fc.record(
    {
      type: fc.constant('file'),
      data: bytes,
      mediaType: mostly(fc.constantFrom('application/pdf', 'text/plain', 'TEXT/PLAIN; charset=utf-8'), words),
      name: words,
    },
    { requiredKeys: ['type', 'data', 'mediaType'] },
  ),
  fc.record({
    type: fc.constantFrom('image', 'file'),
    url: mostly(
      fc.constantFrom(
        'https://example.com/a.png',
        'https://example.com/\uD800',
        'data:image/png;base64,AQID',
      ),
      fc.oneof(fc.constantFrom('file:///etc', 'data:,'), words),
    ),
  }),
  fc.record({
    type: fc.constant('audio'),
    data: bytes,
    mediaType: mostly(fc.constantFrom('audio/wav', 'audio/mp3;x=y'), words),
  }),
)
const citation = fc.record(
  { url: words, title: words, quote: words, start: fc.integer(), end: fc.integer() },
  { requiredKeys: [] },
)
const text = fc.record(
  { type: fc.constant('text'), text: words, opaque, citations: fc.array(citation, { maxLength: 2 }) },
  { requiredKeys: ['type', 'text'] },
)
const result = fc.record(
  {
    type: fc.constant('tool-result'),
    id,
    output: fc.oneof(words, fc.array(fc.oneof(text, media), { maxLength: 3 })),
    name: words,
    isError: fc.boolean(),
  },
  { requiredKeys: ['type', 'id', 'output'] },
)
const thought = fc.record({ type: fc.constant('reasoning'), text: words, opaque })
const block = fc.record({ type: fc.constant('provider-block'), kind: words, opaque })
const call = fc.record({
  type: fc.constant('tool-call'),
  id,
  name: words,
  input: mostly(value, fc.constant(10n)),
  opaque,
})
const part = fc.oneof(text, media, result, thought, block, call)
const spoken = fc.oneof(
  text,
  media,
  result,
  thought,
  fc.record({ type: fc.constant('refusal'), text: words, opaque }),
  block,
)
const turn = (role: string, content: fc.Arbitrary<unknown>) =>
  fc.record(
    {
      role: fc.constant(role),
      content: mostly(fc.array(content, { minLength: 1, maxLength: 4 }), words),
      cache: fc.constantFrom(true, false, { ttl: '1h' }),
      visibility: fc.constantFrom('both', 'model', 'user'),
    },
    { requiredKeys: ['role', 'content'] },
  )
const sound = fc.oneof(
  fc.constant('Hi.'),
  turn('system', text),
  turn('user', fc.oneof(text, media)),
  turn('assistant', spoken),
  // Calls and their results.
  fc.tuple(call, spoken, result).map(([asked, said, answer]) => [
    { role: 'assistant', content: [said, asked] },
    { role: 'tool', content: [{ ...answer, id: asked.id }] },
  ]),
)
const message = mostly(
  sound,
  fc.record(
    {
      role: fc.constantFrom('system', 'user', 'assistant', 'tool'),
      content: fc.oneof(words, fc.array(part, { maxLength: 4 })),
      cache: fc.constantFrom(true, false, { ttl: '1h' }),
      visibility: fc.constantFrom('both', 'model', 'user'),
    },
    { requiredKeys: ['role', 'content'] },
  ),
)
const schema = fc.oneof(
  fc.constantFrom({}, { type: 'object' }, { type: 'object', properties: { '\uD800': { type: 'string' } } }),
  mostly(fc.dictionary(words, value, { maxKeys: 3 }), fc.constant({ a: 10n })),
)

const own = fc.dictionary(fc.string(), mostly(fc.jsonValue({ maxDepth: 2 }), fc.constant(10n)), {
  maxKeys: 2,
})

/** Requests of all kinds, about half of them sound. */
export const request = fc.record(
  {
    messages: fc
      .array(message, { minLength: 1, maxLength: 5 })
      .map((messages) => ['Hi.', ...messages.flat(), 'Bye.']),
    system: words,
    tools: fc.array(
      fc.record({
        name: mostly(fc.constantFrom('f', 'g'), fc.constantFrom('a b', '')),
        description: words,
        input: schema,
      }),
      { maxLength: 2 },
    ),
    toolChoice: mostly(
      fc.constantFrom('auto', 'none'),
      fc.constantFrom('required', { name: 'f' }, { name: '' }),
    ),
    parallelToolCalls: fc.boolean(),
    output: fc.oneof(
      fc.constantFrom('text', 'json'),
      fc.record({ schema, name: words, strict: fc.boolean() }, { requiredKeys: ['schema'] }),
    ),
    maxOutputTokens: mostly(fc.constantFrom(1, 100, 5000), fc.constantFrom(0, Number.NaN)),
    temperature: mostly(fc.constantFrom(0, 1), fc.constantFrom(1.5, -1)),
    topP: mostly(fc.constantFrom(0, 1), fc.constant(2)),
    stop: fc.array(mostly(fc.constantFrom('a', '\uD800'), words), { maxLength: 2 }),
    reasoning: mostly(
      fc.constantFrom('off', 'low', 'max'),
      fc.constantFrom({ budgetTokens: 2000 }, { budgetTokens: 0 }, 'huge'),
    ),
    // These are the caller's own words for the wire.
    providerOptions: fc.record({ openai: own, claude: own, ollama: own }, { requiredKeys: [] }),
    onUnsupported: mostly(fc.constant('warn'), fc.constant('error')),
  },
  { requiredKeys: ['messages'] },
)

/** @throws where a law is broken */
export async function checkBodies(
  service: (typeof services)[string],
  given: unknown,
): Promise<'answered' | 'refused'> {
  const { fetch, bodies } = recorded(service.answer)
  const before = structuredCloneOf(given)
  const provider = service.make(fetch)
  for (const work of [
    () => provider.chat(deepFreeze(given) as never),
    () => provider.countTokens(given as never),
    () => provider.batches.submit([given as never]),
  ]) {
    const error: unknown = await work().then(
      () => undefined,
      (thrown: unknown) => thrown,
    )
    if (error !== undefined && !isLlmError(error))
      throw new Error('something else than an LlmError', { cause: error })
    if (isLlmError(error) && /does not know|Please report/.test(error.message))
      throw new Error(`unexpected failure: ${error.message}`, { cause: error.cause })
  }
  if (!isDeepStrictEqual(structuredCloneOf(given), before)) throw new Error('the request was changed')
  for (const body of bodies)
    JSON.parse(body, (key, value) => {
      if (![key, value].every((text) => typeof text !== 'string' || text.isWellFormed()))
        throw new Error('half of a character was sent')
      return value
    })
  return bodies.length > 0 ? 'answered' : 'refused'
}

/** Like `structuredClone`, functions kept as they are. */
function structuredCloneOf(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value) || value instanceof Date)
    return value
  if (Array.isArray(value)) return value.map(structuredCloneOf)
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, structuredCloneOf(inner)]))
}
