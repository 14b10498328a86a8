// Contract tests of immutability: every operation accepts deeply frozen requests and options, and changes nothing of those that
// are not frozen.
import {
  type CallOptions,
  type ChatRequest,
  generateObject,
  isLlmError,
  type Message,
  type Part,
  type Provider,
  runTools,
} from '@patchbay/core'
import { describe, expect, it } from 'vitest'
import { deepFreeze } from './deep-freeze.js'
import { person, type Subject } from './subject.js'

/** A copy of a value as text, with its bytes and the sources of its functions. */
const snapshot = (value: unknown): string =>
  JSON.stringify(value, (_, part: unknown) =>
    ArrayBuffer.isView(part)
      ? [...new Uint8Array(part.buffer, part.byteOffset, part.byteLength)]
      : typeof part === 'function'
        ? String(part)
        : part,
  )

/**
 * A conversation with every kind of part that the provider accepts: with its own state and that of another provider, cache
 * breakpoints, two calls of one id, and a tool whose schema some services need in another form.
 */
function wholeRequest({ provider: { provider }, capabilities, short: text }: Subject): ChatRequest {
  // The capability check refuses media that the model lacks, and nothing would read such a request.
  const features = { image: 'vision', file: 'files', audio: 'audio' } as const
  const accepts = ({ type }: Part) => capabilities[features[type as 'image']] !== false
  const bytes = Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a)
  const resultImage: Part = { type: 'image', data: bytes.slice(), mediaType: 'image/png' }
  const block = (name: string) => ({
    ...{ type: 'server_tool_use', id: 'srvtoolu_1', name, input: { query: 'x' } },
    cache_control: { type: 'ephemeral' },
  })
  const turns = (owner: string): Message[] => [
    {
      role: 'assistant',
      content: [
        { type: 'reasoning', text: 'Let me see.', opaque: { provider: owner, data: { signature: 'c2ln' } } },
        {
          type: 'reasoning',
          text: 'Hm.',
          opaque: { provider: owner, data: { type: 'redacted_thinking', field: 'reasoning' } },
        },
        { type: 'text', text: 'I look.', citations: [{ url: 'https://example.com', start: 0, end: 1 }] },
        {
          type: 'provider-block',
          kind: 'server_tool_use',
          opaque: { provider: owner, data: block('search') },
        },
      ],
      cache: true,
    },
    { role: 'user', content: text, cache: { ttl: '1h' } },
    {
      role: 'assistant',
      content: [
        { type: 'refusal', text: 'No.' },
        {
          type: 'tool-call',
          id: 'call_1',
          name: 'look',
          input: { at: ['this'] },
          opaque: { provider: owner, data: { id: 'fc_1' } },
        },
        { type: 'tool-call', id: 'call_1', name: 'look', input: { at: [] } },
      ],
    },
    {
      role: 'tool',
      content: [
        {
          ...{ type: 'tool-result', id: 'call_1', name: 'look', isError: true },
          output: [{ type: 'text', text: 'Seen.' }, ...[resultImage].filter(accepts)],
        },
        { type: 'tool-result', id: 'call_1', output: 'Seen.' },
      ],
      cache: true,
    },
    { role: 'assistant', content: [{ type: 'text', text: 'Seen.' }], cache: true },
  ]
  const media: Part[] = [
    { type: 'image', data: bytes, mediaType: 'image/png' },
    { type: 'file', data: 'JVBERi0=', mediaType: 'application/pdf', name: 'a.pdf' },
    { type: 'audio', data: 'UklGRg==', mediaType: 'audio/wav' },
  ]
  const question: Part[] = [{ type: 'text', text }, ...media.filter(accepts)]
  return {
    system: 'Be short.',
    messages: [
      { role: 'user', content: question, cache: true },
      ...turns(provider),
      { role: 'user', content: text, cache: true },
      ...turns('somebody-else'),
      { role: 'user', content: [{ type: 'text', text }], visibility: 'both', cache: true },
    ],
    tools: [
      {
        ...{ name: 'look', description: 'Looks.' },
        input: {
          type: 'object',
          properties: { at: { type: 'array', items: { type: 'string', minLength: 1 } } },
        },
      },
    ],
    ...{ toolChoice: 'auto', parallelToolCalls: true, stop: ['STOP'] },
    providerOptions: { [provider]: {}, 'somebody-else': { nested: { list: [1, { two: 2 }] } } },
    onUnsupported: 'warn',
  }
}

export function immutability(subject: Subject): void {
  const { short } = subject
  const options = (): CallOptions => ({
    timeout: { total: 20_000 },
    retry: { retries: 0 },
    headers: { 'x-of-the-call': '1' },
    metadata: { tenant: 'alice', key: 'k' },
  })
  const whole = () => wholeRequest(subject)

  type Operation<T> = (provider: Provider, input: T, options: CallOptions) => Promise<unknown>
  const operation = <T>(
    name: string,
    input: () => T,
    run: Operation<T>,
  ): [string, () => unknown, Operation<never>] => [name, input, run as Operation<never>]
  const operations = [
    operation('chat', whole, (provider, input, options) => provider.chat(input, options)),
    operation(
      'chat, refusing what it cannot do',
      () => ({ ...whole(), onUnsupported: 'error' as const }),
      (provider, input, options) => provider.chat(input, options),
    ),
    operation(
      'chat, whose last message is of the assistant',
      () => ({
        ...whole(),
        messages: [
          ...(whole().messages as Message[]),
          { role: 'assistant', content: [{ type: 'text', text: 'Well  ' }] } satisfies Message,
        ],
      }),
      (provider, input, options) => provider.chat(input, options),
    ),
    operation(
      'chat, with a schema',
      () => ({
        messages: short,
        output: { schema: { type: 'object', properties: { a: { type: 'string', minLength: 1 } } } },
      }),
      (provider, input, options) => provider.chat(input, options),
    ),
    operation('stream', whole, async (provider, input, options) => {
      for await (const _ of provider.stream(input, options));
    }),
    operation('countTokens', whole, (provider, input, options) => provider.countTokens(input, options)),
    operation('runTools', whole, (provider, input, options) =>
      runTools(provider, input, { ...options, maxSteps: 2 }).result(),
    ),
    operation(
      'batches.submit',
      () => [whole()],
      (provider, input, options) => provider.batches.submit(input, options),
    ),
    operation(
      'generateObject',
      () => ({ schema: structuredClone(person), request: whole() }),
      (provider, { schema, request }, options) =>
        generateObject(provider, schema, request, { ...options, repairs: 0 }),
    ),
    operation(
      'embed',
      () => ({ input: ['one', 'two'], inputType: 'query' as const, providerOptions: { a: { b: [1] } } }),
      (provider, input, options) => provider.embed(input, options),
    ),
    operation(
      'rerank',
      () => ({ query: 'q', documents: ['a', 'b'], providerOptions: { a: { b: [1] } } }),
      (provider, input, options) => provider.rerank(input, options),
    ),
    operation(
      'transcribe',
      () => ({ audio: Uint8Array.of(1, 2, 3), mediaType: 'audio/wav', providerOptions: { a: { b: [1] } } }),
      (provider, input, options) => provider.transcribe(input, options),
    ),
    operation(
      'image',
      () => ({
        prompt: 'A hat',
        images: [{ data: Uint8Array.of(1, 2, 3), mediaType: 'image/png' }],
        providerOptions: { a: { b: [1] } },
      }),
      (provider, input, options) => provider.image(input, options),
    ),
    operation(
      'speak',
      () => ({ text: 'Hello', voice: 'coral', providerOptions: { a: { b: [1] } } }),
      (provider, input, options) => provider.speak(input, options).response(),
    ),
  ]

  /** Waits for an answer or a typed error that is no bug of ours. */
  const settled = async (call: Promise<unknown>): Promise<void> => {
    const error: unknown = await call.then(
      () => undefined,
      (thrown) => thrown,
    )
    if (error === undefined) return
    if (!isLlmError(error)) expect.fail(`expected an LlmError, got ${String(error)}`)
    expect(error.message).not.toMatch(/report this/)
  }

  describe('what the caller passes in', () => {
    it.each(operations)('may be frozen, and does not change: %s', async (_, input, run) => {
      const given = { input: deepFreeze(input()), options: deepFreeze(options()) }
      const before = snapshot(given)
      await settled(run(subject.provider, given.input as never, given.options))
      expect(snapshot(given)).toBe(before)
      // Without the freeze a change would throw nothing.
      const loose = { input: input(), options: options() }
      await settled(run(subject.provider, loose.input as never, loose.options))
      expect(snapshot(loose)).toBe(before)
    })

    it('may hold an earlier answer of the provider, frozen', async () => {
      const first = await subject.provider.chat(short)
      const messages: Message[] = [
        { role: 'user', content: short },
        { ...first.message, cache: true },
        { role: 'user', content: short },
      ]
      const before = snapshot(deepFreeze(messages))
      expect((await subject.provider.chat({ messages, onUnsupported: 'warn' })).text).not.toBe('')
      expect(snapshot(messages)).toBe(before)
    })
  })
}
