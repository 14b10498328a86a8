// Conversations as property tests make them: every part where it may stand.
import type { Message, Part } from '@patchbay/core'
import fc from 'fast-check'

const text = fc.string({ minLength: 1, maxLength: 8 })
const base64 = fc
  .uint8Array({ minLength: 1, maxLength: 12 })
  .map((bytes) => Buffer.from(bytes).toString('base64'))
const opaque = fc.option(
  fc.record({ provider: fc.constantFrom('claude', 'gemini'), data: fc.jsonValue({ maxDepth: 1 }) }),
  { nil: undefined },
)
const clean = <T>(value: T): T => JSON.parse(JSON.stringify(value))
const name = fc.option(fc.constantFrom('a.pdf', 'b.txt'), { nil: undefined })
const textPart = text.map((text): Part => ({ type: 'text', text }))
const image = base64.map((data): Part => ({ type: 'image', data, mediaType: 'image/png' }))
const file = fc
  .record({ data: base64, name })
  .map((rest): Part => clean({ type: 'file', mediaType: 'application/pdf', ...rest } as Part))
const audio = base64.map((data): Part => ({ type: 'audio', data, mediaType: 'audio/wav' }))
const address = fc.constantFrom<Part>(
  { type: 'image', url: 'https://example.com/a.png' },
  { type: 'image', url: 'https://example.com/b', mediaType: 'image/jpeg' },
  { type: 'file', url: 'https://example.com/c.pdf', mediaType: 'application/pdf', name: 'c.pdf' },
)
const bytes = fc.oneof(image, file, audio)

const said: fc.Arbitrary<Part> = fc.oneof(
  fc.record({
    type: fc.constantFrom('text' as const, 'reasoning' as const, 'refusal' as const),
    text,
    opaque,
  }),
  // Redacted reasoning; without its state it would be nothing.
  fc.record({
    type: fc.constant('reasoning' as const),
    text: fc.constant(''),
    opaque: opaque.filter(Boolean),
  }),
  fc.record({
    ...{ type: fc.constant('text' as const), text },
    citations: fc.constant([{ url: 'https://example.com', title: 'E' }]),
  }),
  fc.record({ type: fc.constant('provider-block' as const), kind: text, opaque }),
  bytes,
  address,
) as fc.Arbitrary<Part>

const output = fc.oneof(
  { weight: 3, arbitrary: fc.record({ output: text }) },
  { weight: 1, arbitrary: fc.record({ output: text, isError: fc.constant(true) }) },
  {
    weight: 1,
    arbitrary: fc.record({
      output: fc.array(fc.oneof(textPart, image, file), { minLength: 1, maxLength: 2 }),
    }),
  },
)
const call = fc.record({ name: fc.constantFrom('look', 'find'), input: fc.dictionary(text, text), output })

const cache = fc.option(fc.constantFrom<NonNullable<Message['cache']>>(true, { ttl: '1h' }), {
  nil: undefined,
})
const user = fc
  .record({
    content: fc.oneof(text, fc.array(fc.oneof(textPart, bytes, address), { minLength: 1, maxLength: 3 })),
  })
  .map(({ content }): Message[] => [{ role: 'user', content }])
const turn = fc
  .record({ said: fc.array(said, { minLength: 1, maxLength: 4 }), calls: fc.array(call, { maxLength: 2 }) })
  .map(({ said, calls }): Message[] => {
    const ids = calls.map((_, index) => `call_${index}`)
    const results = calls.map(
      ({ name, output }, index): Part => ({ type: 'tool-result', id: ids[index] as string, name, ...output }),
    )
    const asked = calls.map(
      ({ name, input }, index): Part => ({ type: 'tool-call', id: ids[index] as string, name, input }),
    )
    return [
      { role: 'assistant', content: [...said, ...asked] },
      ...(results.length > 0 ? [{ role: 'tool' as const, content: results }] : []),
    ]
  })
const system = text.map((content): Message[] => [{ role: 'system', content }])

/** A conversation; `mark` marks some of its first messages. */
export const conversations: fc.Arbitrary<Message[]> = fc
  .tuple(
    fc.oneof(system, fc.constant<Message[]>([])),
    fc.array(fc.tuple(user, turn), { minLength: 1, maxLength: 3 }),
    cache,
  )
  .map(([first, turns, mark]) => {
    const messages = clean([...first, ...turns.flat(2)]) as Message[]
    if (mark !== undefined) messages[0] = { ...(messages[0] as Message), cache: mark }
    return messages
  })

/** The same conversation for comparison: every text as a part. */
export function inParts(messages: readonly Message[]): Message[] {
  return clean(messages).map(({ content, ...message }) => ({
    ...message,
    content: typeof content === 'string' ? [{ type: 'text', text: content }] : content,
  }))
}
