// Answers of a schema that no placeholder fits, answers that only look like JSON, and placeholders in other spellings.
import { type ChatRequest, generateObject, type JsonSchema } from '@patchbay/core'
import { mockProvider } from '@patchbay/testing'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { failureOf } from '../../../test/failure.js'
import { mask } from '../../index.js'

const card = '4111 1111 1111 1111'
const said = `I am ann@example.com, my card is ${card}.`
const object = (properties: Record<string, JsonSchema>): JsonSchema => ({
  type: 'object',
  properties,
  required: Object.keys(properties),
  additionalProperties: false,
})
const number = object({ n: { type: 'integer', minimum: 1 } })

/** The whole answer and what of it was streamed, in pieces of one character. */
async function answered(answer: string, request: ChatRequest, options = {}) {
  const events = [...answer].map((text) => ({ type: 'text' as const, text }))
  const make = () => mask(mockProvider({ answers: [{ events }] }), options)
  let streamed = ''
  for await (const piece of make().stream(request).text) streamed += piece
  return { ...(await make().chat(request)), streamed }
}

describe('an answer of a schema', () => {
  it.each<[string, JsonSchema, string, unknown]>([
    ['a pattern', { type: 'string', pattern: '^\\S+@\\S+$' }, '[EMAIL_1]', 'ann@example.com'],
    ['a least length', { type: 'string', minLength: 12 }, '[EMAIL_1]', 'ann@example.com'],
    ['its words', { enum: ['ann@example.com', 'x'] }, '[EMAIL_1]', 'ann@example.com'],
    [
      'one of two patterns',
      {
        oneOf: [
          { type: 'string', pattern: '@' },
          { type: 'string', pattern: '^\\d' },
        ],
      },
      '[EMAIL_1]',
      'ann@example.com',
    ],
    ['no other pattern', { type: 'string', not: { pattern: 'EMAIL' } }, '[EMAIL_1]', 'ann@example.com'],
    ['an integer', { type: 'integer' }, '[CARD_1]', 4111111111111111],
    ['a number or nothing', { anyOf: [{ type: 'number' }, { type: 'null' }] }, '[CARD_1]', 4111111111111111],
  ])('with %s is judged by its values', async (_, schema, v, value) => {
    const { output, text, streamed } = await answered(JSON.stringify({ v, w: 7 }), {
      messages: said,
      output: { schema: object({ v: schema, w: { type: 'integer' } }) },
    })
    const right = { v: value, w: 7 }
    expect(output).toEqual(right)
    expect(JSON.parse(text)).toEqual(right)
    expect(streamed).toBe(text)
  })

  it('of another library too; what does not fit is still refused', async () => {
    const schema = z.object({ to: z.email(), note: z.string().min(3) })
    const ask = (answer: object) =>
      mask(mockProvider({ answers: [JSON.stringify(answer)] })).chat({ messages: said, output: { schema } })
    expect((await ask({ to: '[EMAIL_1]', note: 'abc' })).output).toEqual({
      to: 'ann@example.com',
      note: 'abc',
    })
    expect((await failureOf(ask({ to: '[EMAIL_1]', note: 'a' }))).code).toBe('structured-output')
    expect((await failureOf(ask({ to: 'nobody', note: 'abc' }))).code).toBe('structured-output')
  })

  it.each([
    '{"n":"[CARD_1]"}',
    '```json\n{ "n": "[CARD_1]" }\n```',
  ])('gives generateObject the number of %s', async (answer) => {
    const inner = mockProvider({ answers: [answer] })
    const { object: got } = await generateObject(mask(inner), number, said, { repairs: 0 })
    expect(got).toEqual({ n: 4111111111111111 })
    expect(inner.requests[0]?.output?.schema).toMatchObject({
      properties: { n: { type: ['integer', 'string'], minimum: 1 } },
    })
  })

  it('keeps its schema where nothing is masked', async () => {
    const inner = mockProvider({ answers: ['{"n":1}'] })
    await mask(inner).chat({ messages: 'One.', output: { schema: number } })
    expect(inner.requests[0]?.output?.schema).toEqual(number)
  })
})

describe('a text that begins like JSON and is none', () => {
  it.each(['[1] You are [USER_1].', '{ user } is [USER_1]', '[USER_1] it is'])('%s', async (answer) => {
    const { text, streamed } = await answered(
      answer,
      { messages: 'I am CORP\\new.' },
      { also: { USER: ['CORP\\new'] } },
    )
    expect(text).toBe(answer.replace('[USER_1]', 'CORP\\new'))
    expect(streamed).toBe(text)
  })
})

it('brings back a placeholder that was written small, or for Markdown', async () => {
  const answer = 'A \\[EMAIL\\_1\\], [EMAIL\\_1] or [email_1]; \\[not this\\], [EMAIL_2], a\\b \\'
  const { text, streamed } = await answered(answer, { messages: said })
  expect(text).toBe(
    'A ann@example.com, ann@example.com or ann@example.com; \\[not this\\], [EMAIL_2], a\\b \\',
  )
  expect(streamed).toBe(text)
})

it('reads arguments with a placeholder in the place of a number', async () => {
  const $unparsed = '{"n":[CARD_1],"s":"it is [CARD_1]"}'
  const events = [{ type: 'tool-call' as const, id: 'c', name: 'pay', input: { $unparsed } }]
  const { toolCalls } = await mask(mockProvider({ answers: [{ events }] })).chat({
    messages: said,
    tools: [{ name: 'pay', input: object({ n: { type: 'integer' }, s: { type: 'string' } }) }],
  })
  expect(toolCalls[0]?.input).toEqual({ n: 4111111111111111, s: `it is ${card}` })
})
