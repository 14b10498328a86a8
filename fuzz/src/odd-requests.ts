// A sound request and its options with values of wrong types anywhere in them, for how they are refused: `requests.ts` has
// those that are typed. Bytes decide which, so that what was found can be kept as bytes.
import { claude } from '@patchbay/claude'
import {
  type CallOptions,
  type ChatRequest,
  generateObject,
  isLlmError,
  type Provider,
  runTools,
} from '@patchbay/core'
import { ollama } from '@patchbay/ollama'
import { openai } from '@patchbay/openai'
import { Broken } from './broken.js'
import * as corpus from './corpus.js'
import { options, sound, type Target } from './invariants.js'

/** A request of every kind of thing, as an app may write it, and the options of its call. */
const whole = (): { request: ChatRequest; options: CallOptions } => ({
  request: {
    system: 'Be short.',
    messages: [
      {
        role: 'user',
        content: [
          { type: 'text', text: 'Hi' },
          { type: 'image', data: 'iVBORw0KGgo=', mediaType: 'image/png' },
          { type: 'file', url: 'https://example.com/a.pdf', mediaType: 'application/pdf', name: 'a.pdf' },
        ],
        cache: { ttl: '1h' },
      },
      {
        role: 'assistant',
        content: [
          { type: 'reasoning', text: 'Hm.', opaque: { provider: 'claude', data: { signature: 'c2ln' } } },
          { type: 'text', text: 'I look.', citations: [{ url: 'https://example.com', start: 0, end: 1 }] },
          { type: 'tool-call', id: 'call_1', name: 'wave', input: { to: ['you'] } },
          { type: 'provider-block', kind: 'x', opaque: { provider: 'claude', data: { type: 'x' } } },
        ],
      },
      {
        role: 'tool',
        content: [
          { type: 'tool-result', id: 'call_1', output: [{ type: 'text', text: 'Done.' }], isError: false },
        ],
      },
      { role: 'user', content: 'And now?', visibility: 'both', cache: true },
    ],
    tools: [
      {
        name: 'wave',
        description: 'Waves.',
        input: { type: 'object', properties: { to: { type: 'array' } } },
      },
    ],
    toolChoice: { name: 'wave' },
    output: { schema: { type: 'object', properties: { a: { type: 'string' } } }, name: 'it', strict: true },
    reasoning: { budgetTokens: 1024 },
    ...{
      parallelToolCalls: false,
      maxOutputTokens: 2000,
      temperature: 0.5,
      topP: 0.9,
      topK: 5,
      minP: 0.1,
      seed: 1,
      logprobs: 2,
    },
    ...{ stop: ['END'], frequencyPenalty: 0.1, presencePenalty: 0.1, onUnsupported: 'warn' },
    providerOptions: { claude: { a: { b: [1] } }, openai: { a: 1 }, ollama: { a: 1 } },
  },
  options: {
    signal: new AbortController().signal,
    timeout: { total: 20_000, first: 10_000, idle: 5_000 },
    retry: { retries: 0, baseDelay: 1, maxDelay: 1, maxRetryAfter: 1 },
    headers: { 'x-a': '1' },
    onStatus: () => {},
    metadata: { key: 'k', tenant: 't' },
  },
})

const thrower = () => {
  throw new Error('trap')
}

/** One of each kind of value that is not what was asked for. */
const odd: (() => unknown)[] = [
  ...[
    undefined,
    null,
    true,
    false,
    0,
    -1,
    1.5,
    1e300,
    Number.NaN,
    Number.POSITIVE_INFINITY,
    '',
    ' ',
    'x',
    '\ud800',
  ].map((value) => () => value),
  ...['__proto__', 'constructor', '\r\nx: y', 'x'.repeat(10_000)].map((value) => () => value),
  () => 1n,
  () => Symbol('odd'),
  () => () => {},
  () => thrower,
  () => [],
  () => ({}),
  () => [null],
  () => Object.create(null),
  () => ({ toString: 1, valueOf: 1 }),
  () => ({ toJSON: thrower }),
  () => new Proxy({}, { get: thrower, ownKeys: thrower, has: thrower }),
  () => Object.defineProperty({}, 'type', { get: thrower, enumerable: true }),
  () => new Date(Number.NaN),
  () => new Map([[1, 2]]),
  () => new Uint8Array(3),
  () => Promise.resolve('late'),
  () => {
    const cycle: Record<string, unknown> = { type: 'text', role: 'user' }
    cycle.self = cycle
    return cycle
  },
  () => {
    let deep: unknown = 'deep'
    for (let level = 0; level < 3000; level++) deep = [deep]
    return deep
  },
]

/** Numbers that the bytes decide, without an end. */
function numbersOf(bytes: Uint8Array): (below: number) => number {
  let state = 2166136261
  for (const byte of bytes) state = Math.imul(state ^ byte, 16777619)
  return (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) | 0
    return ((state >>> 8) % 65_536) % below
  }
}

/** The request with one to three odd values in it, and what else the bytes decide. */
function oddRequest(bytes: Uint8Array): {
  request: unknown
  options: unknown
  pick: (below: number) => number
} {
  const pick = numbersOf(bytes)
  const root: Record<string, unknown> = whole()
  const placed = new Set<unknown>()
  for (let changes = 1 + pick(3); changes > 0; changes--) {
    let at: object = root
    for (;;) {
      const keys = Reflect.ownKeys(at).filter((key) => !(Array.isArray(at) && key === 'length'))
      const key = keys[pick(Math.max(1, keys.length))]
      if (key === undefined) break
      const inner: unknown = (at as Record<PropertyKey, unknown>)[key]
      const open =
        typeof inner === 'object' && inner !== null && !placed.has(inner) && !(inner instanceof AbortSignal)
      // Deeper, most of the time, where there is something to go into.
      if (open && pick(5) > 0) {
        at = inner
        continue
      }
      const value = odd[pick(odd.length)]?.()
      placed.add(value)
      ;(at as Record<PropertyKey, unknown>)[key] = value
      break
    }
  }
  const { request, options } = root
  return { request, options, pick }
}

/** An answer for every backend, whatever it asks for. */
const servers: [type: string, body: string, make: (fetch: typeof globalThis.fetch) => Provider][] = [
  ['text/event-stream', corpus.claudeStreams[0] ?? '', (fetch) => claude('m', { ...options, fetch })],
  [
    'text/event-stream',
    corpus.chatStreams[0] ?? '',
    (fetch) => openai('m', { ...options, api: 'chat', fetch }),
  ],
  [
    'text/event-stream',
    corpus.responsesStreams[0] ?? '',
    (fetch) => openai('m', { ...options, api: 'responses', fetch }),
  ],
  ['application/x-ndjson', corpus.ollamaStreams[0] ?? '', (fetch) => ollama('m', { ...options, fetch })],
]

const asks: ((provider: Provider, request: never, options: CallOptions) => Promise<unknown>)[] = [
  (provider, request, options) => provider.chat(request, options),
  async (provider, request, options) => {
    for await (const _ of provider.stream(request, options));
  },
  (provider, request, options) => provider.countTokens(request, options),
  (provider, request, options) => provider.embed(request, options),
  (provider, request, options) => provider.rerank(request, options),
  (provider, request, options) => provider.transcribe(request, options),
  (provider, request, options) => provider.batches.submit([request], options),
  (provider, request, options) => runTools(provider, request, options).result(),
  (provider, request, options) => generateObject(provider, { type: 'object' }, request, options),
]

/** Odd values anywhere in a request and its options: an answer or a typed error that somebody has foreseen, in time. */
export const oddRequests: Target = {
  corpus: ['requests'],
  async check(bytes) {
    const { request, options, pick } = oddRequest(bytes)
    const [type, body, make] = servers[pick(servers.length)] as (typeof servers)[number]
    const ask = asks[pick(asks.length)] as (typeof asks)[number]
    const provider = make(async () => new Response(body, { headers: { 'content-type': type } }))
    const hung = new Promise<never>((_, reject) => {
      setTimeout(() => reject(new Broken('it hung')), 10_000).unref()
    })
    try {
      await Promise.race([ask(provider, request as never, options as CallOptions), hung])
    } catch (error) {
      if (error instanceof Broken) throw error
      if (!isLlmError(error)) throw new Broken('something else than an LlmError was thrown', { cause: error })
      // A limit of a millisecond may well have run out.
      if (error.code !== 'timeout') sound(error)
    }
  },
}
