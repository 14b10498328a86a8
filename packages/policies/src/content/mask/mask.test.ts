// What leaves, and what comes back: nothing that was found may stand in the one, and everything must in the other.
import type { ChatEvent, ChatRequest, MessageInput } from '@patchbay/core'
import { mockProvider } from '@patchbay/testing'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { failureOf } from '../../../test/failure.js'
import { lettersEmbedder } from '../../../test/letters.js'
import { type MaskOptions, mask } from '../../index.js'

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

  it('the password of an address, and a bearer token, and nothing around them', async () => {
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

  it('what else it is told to', async () => {
    const inner = mockProvider()
    const provider = mask(inner, { find: [], also: { NAME: ['Ann Lee', 'Ann'], ORDER: /\bA-\d{4}\b/ } })
    const { text } = await provider.chat('Ann Lee, or Ann, ordered A-1234 as ann@b.co.')
    expect(text).toBe('Ann Lee, or Ann, ordered A-1234 as ann@b.co.')
    expect(asText(inner.requests)).toContain('[NAME_1], or [NAME_2], ordered [ORDER_1] as ann@b.co.')
    expect(() => mask(inner, { also: { 'no good': [] } })).toThrow(/also/)
  })
})

it('looks into what a tool is called with, whatever its names are', async () => {
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

it('takes it out of everything that leaves', async () => {
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

it('brings it back in text, reasoning, tool calls and values', async () => {
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

it('numbers the same in a conversation that goes on, and leaves what looks like a placeholder alone', async () => {
  const inner = mockProvider({ answers: ['one', 'two', 'I see [EMAIL_1].'] })
  const provider = mask(inner)
  await provider.chat(['a@b.co'])
  await provider.chat(['a@b.co', { role: 'assistant', content: 'one' }, 'and c@d.co'])
  expect(asText(inner.requests[1])).toMatch(/\[EMAIL_1\].*\[EMAIL_2\]/)
  const spoken = await provider.chat('What is [EMAIL_1]? Not a@b.co!')
  expect(asText(inner.requests[2])).toContain('What is [EMAIL_1]? Not [EMAIL_2]!')
  expect(spoken.text).toBe('I see [EMAIL_1].')
})

it('brings it back in what had arrived when it broke', async () => {
  const inner = mockProvider({ answers: [{ text: 'To [EMAIL_1] and', error: new Error('cut') }] })
  expect(await failureOf(mask(inner).chat('a@b.co'))).toMatchObject({ partial: { text: 'To a@b.co and' } })
})

it('refuses what it cannot look into, or lets it through as it is', async () => {
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
  ['a data URL that never says its type', `data:a;${'='.repeat(5000)}`],
  ['what goes on after its end', `AQI=${' '.repeat(5000)}YUBiLmNv`],
])('bytes that nobody can read do not leave: %s', async (_, data) => {
  const audio = { type: 'audio' as const, data, mediaType: 'audio/wav' }
  const inner = mockProvider()
  const asked = mask(inner, { media: 'allow' }).chat({ messages: [{ role: 'user', content: [audio] }] })
  expect(await failureOf(asked)).toMatchObject({ code: 'invalid-request' })
  expect(inner.requests).toHaveLength(0)
})

describe('files', () => {
  const mail = 'ann@example.com'
  const bytes = (text: string) => new TextEncoder().encode(text)
  const zip = new Uint8Array([80, 75, 3, 4, 0, 200, 201, 255])
  const sentOf = async (part: object, options: MaskOptions = {}) => {
    const inner = mockProvider()
    const request = { messages: [{ role: 'user', content: [part] }] } as ChatRequest
    const error = await mask(inner, options)
      .chat(request)
      .catch((thrown) => thrown)
    return { error, content: inner.requests[0]?.messages[0]?.content[0] }
  }

  it.each([
    ['application/vnd.openxmlformats-officedocument.wordprocessingml.document', zip],
    ['application/vnd.openxmlformats-officedocument.spreadsheetml.sheet', zip],
    ['text/plain', zip],
    ['text/plain', bytes([...mail].join('\0'))],
    ['application/pdf', bytes(mail)],
  ])('that are no texts are refused, or leave as they are: %s', async (mediaType, data) => {
    const part = { type: 'file', data, mediaType }
    expect((await sentOf(part)).error).toMatchObject({
      code: 'unsupported',
      message: expect.stringContaining('documents'),
    })
    expect((await sentOf(part, { media: 'allow' })).content).toMatchObject({ data, mediaType })
  })

  it.each([
    'text/markdown',
    'text/plain; charset=utf-8',
    'application/json',
    'application/x-ndjson',
    'application/ld+json',
    'image/svg+xml',
  ])('of text are looked into: %s', async (mediaType) => {
    const { content } = await sentOf({ type: 'file', data: bytes(`"${mail}"`), mediaType })
    expect(content).toMatchObject({ data: bytes('"[EMAIL_1]"') })
  })

  // Its base64 has a sign that is another one in addresses, and needs padding.
  const text = `>>>???${mail}`
  const base64 = btoa(text)
  const types = [
    'text/plain',
    'Text/Plain',
    ' text/plain ; charset=utf-8',
    'application/json',
    'image/svg+xml',
  ]
  const forms: [form: string, of: (mediaType: string) => object][] = [
    ['bytes', (mediaType) => ({ data: bytes(text), mediaType })],
    ['base64', (mediaType) => ({ data: base64, mediaType })],
    ['without padding', (mediaType) => ({ data: base64.replace(/=+$/, ''), mediaType })],
    ['as in addresses', (mediaType) => ({ data: base64.replace(/\+/g, '-').replace(/\//g, '_'), mediaType })],
    ['in lines', (mediaType) => ({ data: base64.replace(/.{8}/g, '$&\r\n'), mediaType })],
    ['a data URL', (mediaType) => ({ url: `data:${mediaType};base64,${base64}` })],
    ['a data URL in capitals', (mediaType) => ({ url: `DATA:${mediaType};BASE64,${base64}` })],
    ['a data URL of no type', (mediaType) => ({ url: `data:;base64,${base64}`, mediaType })],
    ['a data URL as data', (type) => ({ data: `data:${type};base64,${encodeURIComponent(base64)}` })],
  ]
  describe.each(['file', 'image', 'audio'])('of text, given as %s,', (type) => {
    it.each(forms)('are read in each form a request may have: %s', async (_, of) => {
      for (const media of ['refuse', 'allow'] as const)
        for (const mediaType of types) {
          const part = { type, name: `of ${mail}`, ...of(mediaType) }
          const { content, error } = await sentOf(part, { media })
          expect(error.code).toBeUndefined()
          expect(content).toMatchObject({
            type,
            data: bytes('>>>???[EMAIL_1]'),
            mediaType: expect.stringMatching(/^(text\/plain|application\/json|image\/svg\+xml)/),
          })
          expect(JSON.stringify(content)).not.toContain('example')
          const result = { type: 'tool-result', id: 'a', output: [part] }
          expect(JSON.stringify(await sentOf(result, { media }))).not.toContain(base64.slice(0, 8))
        }
    })

    it.each([
      '\t',
      ' ',
      '\n',
      '\u0001',
    ])('do not leave by an address that only some take for data: %j', async (odd) => {
      for (const url of [`${odd}data:text/plain;base64,${base64}`, `da${odd}ta:text/plain;base64,${base64}`])
        expect(await sentOf({ type, url, mediaType: 'text/plain' }, { media: 'allow' })).toMatchObject({
          error: { code: 'invalid-request' },
          content: undefined,
        })
    })
  })

  it.each([
    'text/plain',
    'application/pdf',
  ])('that cannot be read are told with their place: %s', async (mediaType) => {
    for (const data of ['not base64!', 'AAAAA'])
      expect((await sentOf({ type: 'file', data, mediaType }, { media: 'allow' })).error).toMatchObject({
        code: 'invalid-request',
        message: expect.stringMatching(/messages\[0\]\.content\[0\]\.data must be bytes .* or base64 text/),
      })
  })
})

it('takes it out of texts to embed and of requests to count', async () => {
  const asked: string[] = []
  await mask(lettersEmbedder(asked)).embed(['Mail a@b.co', 'a@b.co'])
  expect(asked).toEqual(['Mail [EMAIL_1]', '[EMAIL_1]'])
  expect(await mask(mockProvider()).countTokens('one a@b.co')).toBe(2)
})

it('law: however a stream is cut, its pieces put together are the restored text, and arguments stay JSON', async () => {
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
