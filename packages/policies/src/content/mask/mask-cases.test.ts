// Edge cases of `mask`: numbers that are not sensitive, numbers restored as numbers, values restored into JSON.
import type { BackendEvent, ChatEvent, ChatRequest } from '@patchbay/core'
import { mockProvider } from '@patchbay/testing'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { batch, mask } from '../../index.js'

const card = '4111111111111111'
const asText = (value: unknown) => JSON.stringify(value)

describe('no cards', () => {
  it('are times and ids, whatever their last digit', async () => {
    const inner = mockProvider()
    const numbers = [
      ...Array.from({ length: 200 }, (_, index) => 1732700000000 + index),
      ...Array.from({ length: 200 }, (_, index) => 1732700000000000 + index),
      ...Array.from({ length: 200 }, (_, index) => `17327000000000000${100 + index}`),
      ...Array.from({ length: 200 }, (_, index) => 1732700000 + index),
      ...Array.from({ length: 200 }, (_, index) => `${20261127093000 + index}`),
      ...Array.from({ length: 200 }, (_, index) => `1000000000000${1000 + index}`),
      '9007199254740991',
      '0000000000000000',
      '550e8400-e29b-41d4-a716-446655440000',
    ].join(' ; ')
    await mask(inner).chat(numbers)
    expect(asText(inner.requests)).not.toMatch(/CARD|PHONE|IBAN|SSN|\[ID/)
  })

  it('and a time in a tool call and its result goes out as it is', async () => {
    const inner = mockProvider()
    const request: ChatRequest = {
      messages: [
        'When?',
        {
          role: 'assistant',
          content: [{ type: 'tool-call', id: 'a', name: 't', input: { since: 1732700000000 } }],
        },
        { role: 'tool', content: [{ type: 'tool-result', id: 'a', output: '{"next":1732700000000}' }] },
        'And my address is ann@example.com',
      ],
      tools: [{ name: 't', input: { type: 'object' } }],
    }
    await mask(inner).chat(request)
    const sent = asText(inner.requests)
    expect(sent).toContain('"since":1732700000000')
    expect(sent).toContain('{\\"next\\":1732700000000}')
  })
})

describe('numbers that are no integers', () => {
  const sent = async (text: string) => {
    const inner = mockProvider()
    await mask(inner).chat(text)
    const part = inner.requests[0]?.messages[0]?.content[0]
    return part?.type === 'text' ? part.text : ''
  }

  it('law: are never changed in JSON, whatever their digits and whatever else is in it', async () => {
    // Digits that are a card or a telephone by themselves, before and after the point too.
    const digits = fc.oneof(
      fc.constantFrom('4532015112830366', card, '4155552671', '030901820', '1234567', '44051401359'),
      fc.stringMatching(/^[1-9]\d{0,17}$/),
    )
    const number = fc
      .tuple(
        fc.constantFrom('', '-'),
        fc.oneof(
          fc.constantFrom('0', '333', '2'),
          digits.map((text) => text.replace(/^0/, '7')),
        ),
        digits,
        fc.constantFrom('', 'e5', 'E-7', 'e+3'),
      )
      .map(([sign, whole, rest, power]) => `${sign}${whole}.${rest}${power}`)
    await fc.assert(
      fc.asyncProperty(fc.array(number, { minLength: 1, maxLength: 5 }), async (numbers) => {
        const list = `[${numbers.join(',')},1.4111111111111111e5]`
        expect(await sent(list)).toBe(list)
        const more = (one: string, two: string) => `{"tel":${list},"card":${one},"same":"it is ${two}"}`
        const masked = await sent(more(card, card))
        expect(masked).toBe(more('"[CARD_1]"', '[CARD_1]'))
        JSON.parse(masked)
      }),
      { numRuns: 150 },
    )
  })

  it('longer integers with the same digits in them are not changed either', async () => {
    expect(await sent(`{"card":"${card}","id":9${card},"n":-${card}}`)).toBe(
      `{"card":"[CARD_1]","id":9${card},"n":-${card}}`,
    )
  })
})

describe('cards', () => {
  it.each([
    ['Visa', '4111 1111 1111 1111'],
    ['Mastercard', '5500-0055-5555-5559'],
    ['Mastercard of the second range', '2221000000000009'],
    ['American Express', '3782 822463 10005'],
    ['Diners Club', '30569309025904'],
    ['Discover', '6011111111111117'],
    ['JCB', '3530111333300000'],
    ['UnionPay', '6200000000000005'],
  ])('of %s are found, also between other numbers', async (_, number) => {
    const inner = mockProvider()
    const { text } = await mask(inner).chat(`No. 25 ${number} 12/27 123`)
    expect(asText(inner.requests)).toContain('No. 25 [CARD_1] 12/27 123')
    expect(text).toBe(`No. 25 ${number} 12/27 123`)
  })

  it('in JSON leave it valid JSON', async () => {
    const inner = mockProvider()
    const result = `{"card":${card},"cards":[${card}],"note":"it is: ${card}, yes"}`
    await mask(inner).chat({
      messages: [
        'x',
        { role: 'assistant', content: [{ type: 'tool-call', id: 'a', name: 't', input: {} }] },
        { role: 'tool', content: [{ type: 'tool-result', id: 'a', output: result }] },
      ],
      tools: [{ name: 't', input: { type: 'object' } }],
    })
    const sent = inner.requests[0]?.messages.at(-1)?.content[0]
    const output = sent?.type === 'tool-result' ? sent.output : undefined
    const text =
      typeof output === 'string' ? output : output?.map((part) => ('text' in part ? part.text : '')).join('')
    expect(JSON.parse(text ?? '')).toEqual({
      card: '[CARD_1]',
      cards: ['[CARD_1]'],
      note: 'it is: [CARD_1], yes',
    })
  })
})

describe('a tool with a number in its schema gets a number', () => {
  const schema = {
    type: 'object',
    properties: {
      card: { $ref: '#/$defs/number' },
      cards: { type: 'array', items: { type: 'integer' } },
      either: { type: ['string', 'integer'] },
      text: { type: 'string' },
      maybe: { anyOf: [{ type: 'integer' }, { type: 'null' }] },
      free: {},
    },
    $defs: { number: { type: 'integer' } },
  }
  const input = {
    card: '[CARD_1]',
    cards: ['[CARD_1]', 7],
    either: '[CARD_1]',
    text: '[CARD_1]',
    maybe: '[CARD_1]',
    free: '[CARD_1]',
  }
  const right = {
    card: 4111111111111111,
    cards: [4111111111111111, 7],
    either: '4111 1111 1111 1111',
    text: '4111 1111 1111 1111',
    maybe: 4111111111111111,
    free: '4111 1111 1111 1111',
  }

  it.each([1, 3, 1000])('whole and streamed, in deltas of %i characters', async (size) => {
    const json = JSON.stringify(input)
    const cut = json.match(new RegExp(`.{1,${size}}`, 'g')) ?? []
    const events = [
      { type: 'tool-call-start' as const, id: 'c', name: 'pay' },
      ...cut.map((one) => ({ type: 'tool-call-delta' as const, id: 'c', json: one })),
      { type: 'tool-call' as const, id: 'c', name: 'pay', input },
    ]
    const request = { messages: 'Pay with 4111 1111 1111 1111.', tools: [{ name: 'pay', input: schema }] }
    const response = await mask(mockProvider({ answers: [{ events }] })).chat(request)
    expect(response.toolCalls[0]?.input).toEqual(right)
    expect(response.message.content).toMatchObject([{ input: right }])
    const seen: ChatEvent[] = []
    for await (const event of mask(mockProvider({ answers: [{ events }] })).stream(request)) seen.push(event)
    const args = seen.map((event) => (event.type === 'tool-call-delta' ? event.json : '')).join('')
    expect(JSON.parse(args)).toEqual(right)
    expect(seen.find(({ type }) => type === 'tool-call')).toMatchObject({ input: right })
  })
})

it('interleaved arguments of two tool calls are each restored', async () => {
  const events = [
    { type: 'tool-call-start' as const, id: 'a', name: 't' },
    { type: 'tool-call-start' as const, id: 'b', name: 't' },
    { type: 'tool-call-delta' as const, id: 'a', json: '{"to":"[EMA' },
    { type: 'tool-call-delta' as const, id: 'b', json: '{"to":"[EMAIL' },
    { type: 'tool-call-delta' as const, id: 'a', json: 'IL_1]"}' },
    { type: 'tool-call-delta' as const, id: 'b', json: '_2]"}' },
    { type: 'tool-call' as const, id: 'a', name: 't', input: { to: '[EMAIL_1]' } },
    { type: 'tool-call' as const, id: 'b', name: 't', input: { to: '[EMAIL_2]' } },
  ]
  const args: Record<string, string> = {}
  const provider = mask(mockProvider({ answers: [{ events }] }))
  for await (const event of provider.stream({
    messages: 'a@b.co and c@d.co',
    tools: [{ name: 't', input: { type: 'object' } }],
  }))
    if (event.type === 'tool-call-delta') args[event.id] = (args[event.id] ?? '') + event.json
  expect(args).toEqual({ a: '{"to":"a@b.co"}', b: '{"to":"c@d.co"}' })
})

describe('values restored into JSON are escaped', () => {
  const key = '-----BEGIN PRIVATE KEY-----\nMIIEow==\nab/+\n-----END PRIVATE KEY-----'
  it.each<[string, Partial<ChatRequest>, string]>([
    ['asked for as JSON', { output: 'json' }, '{"value":"[SECRET_1]"}'],
    ['asked for by a schema', { output: { schema: { type: 'object' } } }, '{"value":"[SECRET_1]"}'],
    ['not asked for in so many words', {}, '{"value":"[SECRET_1]"}'],
    ['in a fence', {}, '```json\n{"value":"[SECRET_1]"}\n```'],
  ])('where it was %s', async (_, more, answer) => {
    const make = () => mask(mockProvider({ answers: [answer] }))
    const request = { messages: `As JSON: ${key}`, ...more }
    const { text, output } = await make().chat(request)
    expect(JSON.parse(text.replace(/```(json)?/g, ''))).toEqual({ value: key })
    if (more.output !== undefined) expect(output).toEqual({ value: key })
    let streamed = ''
    for await (const piece of make().stream(request).text) streamed += piece
    expect(streamed).toBe(text)
  })

  it('a word with a backslash comes back unchanged', async () => {
    const provider = mask(mockProvider({ answers: ['{"user":"[USER_1]"}'] }), {
      also: { USER: ['CORP\\new'] },
    })
    const { output } = await provider.chat({ messages: 'I am CORP\\new.', output: 'json' })
    expect(output).toEqual({ user: 'CORP\\new' })
  })

  it('plain text is not escaped', async () => {
    const { text } = await mask(mockProvider({ answers: ['It is [SECRET_1].'] })).chat(`Keep ${key}`)
    expect(text).toBe(`It is ${key}.`)
  })

  it('an escaped value in a tool result is found, and is the same value', async () => {
    const inner = mockProvider({
      answers: [{ toolCalls: [{ name: 't', input: { user: '[USER_1]', key: '[SECRET_1]' } }] }],
    })
    const provider = mask(inner, { also: { USER: ['CORP\\new'] } })
    const { toolCalls } = await provider.chat({
      messages: [
        'x',
        { role: 'assistant', content: [{ type: 'tool-call', id: 'a', name: 't', input: {} }] },
        {
          role: 'tool',
          content: [{ type: 'tool-result', id: 'a', output: JSON.stringify({ user: 'CORP\\new', key }) }],
        },
      ],
      tools: [{ name: 't', input: { type: 'object' } }],
    })
    expect(asText(inner.requests)).not.toMatch(/CORP|MIIEow/)
    expect(toolCalls[0]?.input).toEqual({ user: 'CORP\\new', key })
  })
})

it('a private key without its end is masked as far as it goes', async () => {
  const inner = mockProvider()
  await mask(inner).chat('-----BEGIN RSA PRIVATE KEY-----\nMIIEowIBAAKCAQEA\nabcdef')
  expect(asText(inner.requests)).not.toMatch(/MIIEow|abcdef/)
})

it('names of people are found on request', async () => {
  const inner = mockProvider({ answers: ['Dear [NAME_1]!'] })
  const { text } = await mask(inner, { find: ['name'] }).chat('Write to Mary Jones, who lives in London.')
  expect(asText(inner.requests)).toContain('Write to [NAME_1], who lives in London.')
  expect(text).toBe('Dear Mary Jones!')
})

it('a tool whose schema refers to a percent-encoded name gets its number', async () => {
  const input = {
    type: 'object',
    properties: { card: { $ref: '#/$defs/a%20b~1c' }, other: { $ref: '#/$defs/toString' } },
    $defs: { 'a b/c': { type: 'integer' } },
  }
  const call = { name: 'pay', input: { card: '[CARD_1]', other: '[CARD_1]' } }
  const inner = mockProvider({ answers: [{ toolCalls: [call] }] })
  const { toolCalls } = await mask(inner).chat({
    messages: `Pay with ${card}.`,
    tools: [{ name: 'pay', input }],
  })
  expect(toolCalls[0]?.input).toEqual({ card: Number(card), other: card })
})

it('structured output is restored, in a batch too', async () => {
  const answers = ['{"to":"[EMAIL_1]","list":["[EMAIL_1]"]}']
  const request: ChatRequest = {
    messages: 'Write to ann@example.com.',
    output: { schema: { type: 'object', properties: { to: { type: 'string' } } } },
  }
  const value = { to: 'ann@example.com', list: ['ann@example.com'] }
  expect((await mask(mockProvider({ answers })).chat(request)).output).toEqual(value)
  const provider = mask(batch(mockProvider({ answers })))
  const id = await provider.batches.submit([request])
  await expect.poll(async () => (await provider.batches.status(id)).state).toBe('ended')
  for await (const { response } of provider.batches.results(id)) expect(response?.output).toEqual(value)
  expect.assertions(3)
})

it('log-probabilities are those of the tokens that the model wrote, each once, also where a part of a text is held', async () => {
  const events = (logprobs: boolean): BackendEvent[] =>
    ['Write to EMA', 'IL_1 or', ' call.'].map((text) => ({
      type: 'text',
      text,
      ...(logprobs && { logprobs: [{ token: text, logprob: -1, top: [] }] }),
    }))
  const stream = mask(mockProvider({ answers: [{ events: events(true) }] })).stream({
    messages: 'My address is ann@example.com.',
    logprobs: true,
  })
  const shown: string[] = []
  const tokens: string[] = []
  for await (const event of stream)
    if (event.type === 'text') {
      shown.push(event.text)
      tokens.push(...(event.logprobs ?? []).map(({ token }) => token))
    }
  expect(tokens).toEqual(['Write to EMA', 'IL_1 or', ' call.'])
  const { logprobs } = await stream.response()
  expect(logprobs?.map(({ token }) => token)).toEqual(tokens)
  expect(shown.length).toBeGreaterThan(1)
})
