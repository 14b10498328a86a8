// Conversations that OpenAI's own forms have a place for, as property tests make them.
import type { Message, Part } from '@patchbay/core'
import fc from 'fast-check'

const text = fc.string({ minLength: 1, maxLength: 8 })
const base64 = fc
  .uint8Array({ minLength: 1, maxLength: 12 })
  .map((bytes) => Buffer.from(bytes).toString('base64'))
export const clean = <T>(value: T): T => JSON.parse(JSON.stringify(value))

const shown: fc.Arbitrary<Part> = fc.oneof(
  base64.map((data): Part => ({ type: 'image', data, mediaType: 'image/png' })),
  fc.constant<Part>({ type: 'image', url: 'https://example.com/a.png' }),
  base64.map((data): Part => ({ type: 'audio', data, mediaType: 'audio/wav' })),
  base64.map((data): Part => ({ type: 'file', data, mediaType: 'application/pdf', name: 'a.pdf' })),
)
const question = fc.oneof(
  text.map((content): Message => ({ role: 'user', content })),
  fc
    .tuple(text, fc.array(shown, { minLength: 1, maxLength: 2 }))
    .map(([text, media]): Message => ({ role: 'user', content: [{ type: 'text', text }, ...media] })),
)
const answer = fc
  .record({
    type: fc.constantFrom('text' as const, 'refusal' as const),
    text,
    calls: fc.array(fc.record({ input: fc.dictionary(text, text), output: text }), { maxLength: 2 }),
  })
  .map(({ type, text, calls }): Message[] => [
    {
      role: 'assistant',
      content: [
        { type, text },
        ...calls.map(
          ({ input }, index): Part => ({ type: 'tool-call', id: `call_${index}`, name: 'look', input }),
        ),
      ],
    },
    ...(calls.length === 0
      ? []
      : [
          {
            role: 'tool' as const,
            content: calls.map(
              ({ output }, index): Part => ({
                type: 'tool-result',
                id: `call_${index}`,
                name: 'look',
                output,
              }),
            ),
          },
        ]),
  ])
/** The turn with ids of calls that no other turn has. */
const withOwnIds = (turn: [Message, Message[]], index: number): Message[] =>
  JSON.parse(JSON.stringify(turn.flat()).replaceAll('"call_', `"call_${index}_`))

/** Conversations that both of OpenAI's forms have a place for. */
export const common: fc.Arbitrary<Message[]> = fc
  .tuple(
    fc.array(
      text.map((content): Message => ({ role: 'system', content })),
      { maxLength: 1 },
    ),
    fc.array(fc.tuple(question, answer), { minLength: 1, maxLength: 3 }),
  )
  // Each turn has ids of its own.
  .map(([system, turns]) => clean([...system, ...turns.flatMap(withOwnIds)]))
