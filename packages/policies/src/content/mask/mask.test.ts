// `mask`: no detected value is sent, and every value comes back in the answer.
import type { ChatEvent, ChatRequest, MessageInput } from '@patchbay/core'
import { mockProvider } from '@patchbay/testing'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { failureOf } from '../../../test/failure.js'
import { lettersEmbedder } from '../../../test/letters.js'
import { mask } from '../../index.js'

const key = `sk-proj-${'aB3dE'.repeat(8)}`
const secrets = {
  SECRET: key,
  EMAIL: 'ann.lee+news@mail.example.com',
  PHONE: '+49 30 901820 55',
  CARD: '4111 1111 1111 1111',
  IBAN: 'DE89 3704 0044 0532 0130 00',
  SSN: '078-05-1120',
}
const asText = (value: unknown) =>
  JSON.stringify(value, (_, item) => (item instanceof Uint8Array ? new TextDecoder().decode(item) : item))

describe('finds', () => {
  it.each(Object.entries(secrets))('%s: %s', async (kind, secret) => {
    const inner = mockProvider()
    const { text } = await mask(inner).chat(`It is ${secret}, you know.`)
    expect(text).toBe(`It is ${secret}, you know.`)
    expect(asText(inner.requests)).toContain(`It is [${kind}_1], you know.`)
  })

  it.each([
    ['a key of GitHub', `ghp_${'a1'.repeat(18)}`],
    ['a key of AWS', 'AKIAIOSFODNN7EXAMPLE'],
    ['a token', 'eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.abcdefghij_klmno'],
    ['a private key', '-----BEGIN RSA PRIVATE KEY-----\nMIIEow==\n-----END RSA PRIVATE KEY-----'],
    ['a telephone of the USA', '(415) 555-2671'],
    ['a card without spaces', '5500005555555559'],
  ])('%s', async (_, secret) => {
    const inner = mockProvider()
    expect((await mask(inner).chat(`a ${secret} b`)).text).toBe(`a ${secret} b`)
    expect(asText(inner.requests)).not.toContain(asText(secret).slice(1, -1))
  })

  it('the password of a URL and a bearer token, and nothing around them', async () => {
    const inner = mockProvider()
    await mask(inner).chat('postgres://app:hunter22@db/x and Authorization: Bearer abcdefghij0123456789klm')
    expect(asText(inner.requests)).toContain(
      'postgres://app:[SECRET_2]@db/x and Authorization: Bearer [SECRET_1]',
    )
  })

  it.each([
    '4111 1111 1111 1112',
    'DE89 3704 0044 0532 0130 01',
    'at 12:30 on 2026-11-25',
    'version 1.2.3.4',
    '1234567890123456',
    'call me@home',
    'order 000-12-3456',
    'sk-short',
  ])('nothing in %s', async (text) => {
    const inner = mockProvider()
    await mask(inner).chat(text)
    expect(asText(inner.requests)).toContain(text)
  })

  it('what `also` names', async () => {
    const inner = mockProvider()
    const provider = mask(inner, { find: [], also: { NAME: ['Ann Lee', 'Ann'], ORDER: /\bA-\d{4}\b/ } })
    const { text } = await provider.chat('Ann Lee, or Ann, ordered A-1234 as ann@b.co.')
    expect(text).toBe('Ann Lee, or Ann, ordered A-1234 as ann@b.co.')
    expect(asText(inner.requests)).toContain('[NAME_1], or [NAME_2], ordered [ORDER_1] as ann@b.co.')
    expect(() => mask(inner, { also: { 'no good': [] } })).toThrow(/also/)
  })
})

it('searches tool inputs, whatever their property names', async () => {
  const inner = mockProvider()
  const input = { opaque: { provider: 'acme', email: 'alice@example.com' }, type: 'text' }
  const call = {
    type: 'tool-call' as const,
    id: '1',
    name: 'f',
    input,
    opaque: { provider: 'mock', data: 'a@b.co' },
  }
  const messages: MessageInput[] = [
    'hi',
    { role: 'assistant', content: [call] },
    { role: 'tool', content: [{ type: 'tool-result', id: '1', name: 'f', output: 'ok' }] },
  ]
  await mask(inner).chat({ messages })
  const sent = JSON.stringify(inner.requests)
  expect(sent).not.toContain('alice@example.com')
  expect(sent).toContain('a@b.co')
})

it('masks everything that is sent', async () => {
  const inner = mockProvider({ answers: ['well'] })
  const mail = secrets.EMAIL
  const request: ChatRequest = {
    system: `You work for ${mail}.`,
    messages: [
      {
        role: 'user',
        content: [
          {
            type: 'file',
            data: new TextEncoder().encode(`a,${mail}`),
            mediaType: 'text/csv',
            name: `${mail}.csv`,
          },
        ],
      },
      {
        role: 'assistant',
        content: [
          {
            type: 'tool-call',
            id: 'c',
            name: 'send',
            input: { to: [mail], [mail]: 1, card: 4111111111111111 },
          },
        ],
      },
      {
        role: 'tool',
        content: [{ type: 'tool-result', id: 'c', output: [{ type: 'text', text: `sent to ${mail}` }] }],
      },
      'And now?',
    ],
    tools: [
      {
        name: 'send',
        description: `Not to ${mail}`,
        input: { type: 'object', properties: { to: { enum: [mail], default: mail } } },
      },
    ],
    stop: [mail],
    providerOptions: { mock: { user: mail } },
  }
  await mask(inner).chat(request)
  await mask(
    mockProvider({
      defaults: { system: `Ask ${mail}.` },
      answers: [
        ({ messages }) => {
          expect(asText(messages)).toContain('Ask [EMAIL_1].')
          return 'well'
        },
      ],
    }),
  ).chat('x')
  const left = asText(inner.requests)
  expect(left).not.toMatch(/ann\.lee|4111111111111111/)
  expect(left.match(/\[EMAIL_1\]/g)?.length).toBeGreaterThanOrEqual(10)
  expect(left).toContain('"card":"[CARD_1]"')
})

it('restores values in text, reasoning, tool calls and structured output', async () => {
  const mail = secrets.EMAIL
  const inner = mockProvider({
    answers: [
      {
        reasoning: 'Ask [EMAIL_1].',
        text: 'Wrote to [EMAIL_1].',
        toolCalls: [{ name: 'send', input: { to: '[EMAIL_1]', cc: ['[EMAIL_9]'] } }],
      },
      '{"mail":"[EMAIL_1]"}',
    ],
  })
  const provider = mask(inner)
  const tools = [{ name: 'send', input: { type: 'object' } }]
  const response = await provider.chat({ messages: `Write to ${mail}.`, tools })
  expect(response).toMatchObject({
    reasoning: `Ask ${mail}.`,
    text: `Wrote to ${mail}.`,
    toolCalls: [{ input: { to: mail, cc: ['[EMAIL_9]'] } }],
    message: { content: [{ text: `Ask ${mail}.` }, { text: `Wrote to ${mail}.` }, { input: { to: mail } }] },
  })
  const schema = z.object({ mail: z.string().transform((text) => text.toUpperCase()) })
  const value = await provider.chat({ messages: `Who? ${mail}`, output: { schema } })
  expect(value.output).toEqual({ mail: mail.toUpperCase() })
})

it('uses the same numbers in a longer conversation, and leaves texts that look like placeholders alone', async () => {
  const inner = mockProvider({ answers: ['one', 'two', 'I see [EMAIL_1].'] })
  const provider = mask(inner)
  await provider.chat(['a@b.co'])
  await provider.chat(['a@b.co', { role: 'assistant', content: 'one' }, 'and c@d.co'])
  expect(asText(inner.requests[1])).toMatch(/\[EMAIL_1\].*\[EMAIL_2\]/)
  const spoken = await provider.chat('What is [EMAIL_1]? Not a@b.co!')
  expect(asText(inner.requests[2])).toContain('What is [EMAIL_1]? Not [EMAIL_2]!')
  expect(spoken.text).toBe('I see [EMAIL_1].')
})

it('restores values in a partial response', async () => {
  const inner = mockProvider({ answers: [{ text: 'To [EMAIL_1] and', error: new Error('cut') }] })
  expect(await failureOf(mask(inner).chat('a@b.co'))).toMatchObject({ partial: { text: 'To a@b.co and' } })
})

it('refuses media it cannot search, or passes them on unchanged', async () => {
  const image = { type: 'image' as const, data: btoa('\u0001\u0002'), mediaType: 'image/png' }
  const messages = [{ role: 'user' as const, content: [image] }]
  const inner = mockProvider()
  expect(await failureOf(mask(inner).chat({ messages }))).toMatchObject({
    code: 'unsupported',
    message: expect.stringMatching(/images.*media: 'allow'/),
  })
  expect(inner.requests).toHaveLength(0)
  await mask(inner, { media: 'allow' }).chat({ messages })
  expect(inner.requests[0]?.messages[0]?.content).toMatchObject([{ data: new Uint8Array([1, 2]) }])
  await expect(
    mask(inner).transcribe({ audio: new Uint8Array(1), mediaType: 'audio/wav' }),
  ).rejects.toMatchObject({ code: 'unsupported' })
})

it.each([
  ['a data URL whose media type has no end', `data:a;${'='.repeat(5000)}`],
  ['text after the end of base64', `AQI=${' '.repeat(5000)}YUBiLmNv`],
])('bytes that cannot be decoded are not sent: %s', async (_, data) => {
  const audio = { type: 'audio' as const, data, mediaType: 'audio/wav' }
  const inner = mockProvider()
  const asked = mask(inner, { media: 'allow' }).chat({ messages: [{ role: 'user', content: [audio] }] })
  expect(await failureOf(asked)).toMatchObject({ code: 'invalid-request' })
  expect(inner.requests).toHaveLength(0)
})

it('masks texts to embed and requests to count', async () => {
  const asked: string[] = []
  await mask(lettersEmbedder(asked)).embed(['Mail a@b.co', 'a@b.co'])
  expect(asked).toEqual(['Mail [EMAIL_1]', '[EMAIL_1]'])
  expect(await mask(mockProvider()).countTokens('one a@b.co')).toBe(2)
})

it('law: however a stream is cut, its chunks together are the restored text, and arguments stay JSON', async () => {
  const values = ['a@b.co', `"${'quoted'}"@x`, key, '4111 1111 1111 1111']
  const piece = fc.oneof(
    fc.constantFrom(
      '[EMAIL_1]',
      '[SECRET_1]',
      '[CARD_1]',
      '[EMAIL_7]',
      '[',
      '[EMAIL',
      'EMAIL_1]',
      '[[EMAIL_1]]',
    ),
    fc.string({ maxLength: 5 }),
  )
  await fc.assert(
    fc.asyncProperty(
      fc.array(piece, { maxLength: 12 }),
      fc.infiniteStream(fc.integer({ min: 1, max: 7 })),
      async (pieces, sizes) => {
        const whole = pieces.join('')
        const cut = (text: string) => {
          const parts: string[] = []
          for (let at = 0; at < text.length; ) {
            const size = sizes.next().value as number
            parts.push(text.slice(at, at + size))
            at += size
          }
          return parts
        }
        const input = { note: whole }
        const json = JSON.stringify(input)
        const events = [
          ...cut(whole).map((text) => ({ type: 'text' as const, text })),
          ...cut(whole).map((text) => ({ type: 'reasoning' as const, text })),
          { type: 'tool-call-start' as const, id: 'c', name: 'note' },
          ...cut(json).map((json) => ({ type: 'tool-call-delta' as const, id: 'c', json })),
          { type: 'tool-call' as const, id: 'c', name: 'note', input },
        ]
        const provider = mask(mockProvider({ answers: [{ events }] }))
        const seen: ChatEvent[] = []
        for await (const event of provider.stream({
          messages: values.join(' '),
          tools: [{ name: 'note', input: { type: 'object' } }],
        }))
          seen.push(event)
        const restored = whole
          .replaceAll('[EMAIL_1]', 'a@b.co')
          .replaceAll('[SECRET_1]', key)
          .replaceAll('[CARD_1]', '4111 1111 1111 1111')
        const put = (type: 'text' | 'reasoning') =>
          seen.map((event) => (event.type === type ? event.text : '')).join('')
        expect(put('text')).toBe(restored)
        expect(put('reasoning')).toBe(restored)
        const args = seen.map((event) => (event.type === 'tool-call-delta' ? event.json : '')).join('')
        expect(JSON.parse(args)).toEqual({ note: restored })
        expect(seen.filter((event) => 'text' in event && event.text === '')).toEqual([])
      },
    ),
    { numRuns: 150 },
  )
}, 30_000)
