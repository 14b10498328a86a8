// Conversations as the service accepts them: ids, empty texts, results, state, documents.
import type { Message, MessageInput, Part } from '@patchbay/core'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { json, sse } from '../../test/server.js'
import { block, bodyOf, failureOf, options, sentFor, serve, start, stop, text } from '../../test/wire.js'
import { claude } from '../index.js'

type Block = Record<string, unknown>

/** The blocks that a conversation becomes, of all its messages. */
async function blocksOf(messages: MessageInput[], model?: string): Promise<Block[]> {
  const { messages: wire } = (await bodyOf({ messages }, model)) as { messages: { content: Block[] }[] }
  return wire.flatMap(({ content }) => content)
}

const call = (id: string, input: unknown = {}): Part => ({ type: 'tool-call', id, name: 'f', input })
const turn = (calls: Part[], outputs: string[]): Message[] => [
  { role: 'assistant', content: calls },
  {
    role: 'tool',
    content: calls.map((part, index) => ({
      type: 'tool-result',
      id: (part as { id: string }).id,
      output: outputs[index] ?? 'ok',
    })),
  },
]

describe('ids of tool calls', () => {
  it.each<[string, Message[]]>([
    ['that come again in a later turn', [...turn([call('call_0')], ['1']), ...turn([call('call_0')], ['2'])]],
    ['that differ only in refused characters', turn([call('call.1'), call('call:1')], ['1', '2'])],
    ['of other alphabets', turn([call('functions.x:0'), call('日本')], ['1', '2'])],
    ['that are empty', turn([call(''), call('_')], ['1', '2'])],
    ['that look like renamed ones', turn([call('a'), call('a_2'), call('a')], ['1', '2', '3'])],
  ])('%s are unique, and each result stays with its call', async (_, messages) => {
    const blocks = await blocksOf(['x', ...messages])
    const calls = blocks.filter(({ type }) => type === 'tool_use').map(({ id }) => id)
    const results = blocks.filter(({ type }) => type === 'tool_result')
    expect(new Set(calls).size).toBe(calls.length)
    for (const id of calls) expect(id).toMatch(/^[a-zA-Z0-9_-]+$/)
    expect(results.map(({ tool_use_id: id }) => id)).toEqual(calls)
    expect(results.map(({ content }) => content)).toEqual(calls.map((_, index) => String(index + 1)))
  })

  it('stay the same when the conversation goes on', async () => {
    const id = fc.constantFrom('a', 'a.', 'a:', 'a_2', '')
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.array(id, { minLength: 1, maxLength: 3 }), { maxLength: 4 }),
        async (turns) => {
          const messages = [
            'x',
            ...turns.flatMap((ids) =>
              turn(
                ids.map((one) => call(one)),
                [],
              ),
            ),
          ]
          const before = await blocksOf(messages)
          expect((await blocksOf([...messages, ...turn([call('a')], [])])).slice(0, before.length)).toEqual(
            before,
          )
        },
      ),
      { numRuns: 20 },
    )
  })
})

it.each([
  [[]],
  [['a']],
  ['London'],
  [7],
  [true],
  [null],
])('the input %j of a call goes as an object', async (input) => {
  const blocks = await blocksOf(['x', ...turn([call('a', input)], [])])
  expect(blocks[1]?.input).toEqual(input === null ? {} : { $unparsed: JSON.stringify(input) })
})

it('names of calls are at most 200 characters, none of them halved', async () => {
  const sent = async (name: string) =>
    (await blocksOf(['x', ...turn([{ type: 'tool-call', id: 'a', name, input: {} }], [])]))[1]?.name
  expect(await sent('f'.repeat(300))).toBe('f'.repeat(200))
  expect(await sent(`f${'🦀'.repeat(150)}`)).toBe(`f${'🦀'.repeat(99)}\ufffd`)
})

describe('text of white space', () => {
  it.each<[string, MessageInput[]]>([
    [
      'beside a call',
      [
        'x',
        { role: 'assistant', content: [{ type: 'text', text: '\n\n' }, call('a')] },
        ...turn([call('a')], []).slice(1),
      ],
    ],
    ['alone in an answer', ['a', { role: 'assistant', content: '\n\n' }, 'b']],
    [
      'in a question',
      [
        'a',
        {
          role: 'user',
          content: [
            { type: 'text', text: ' ' },
            { type: 'text', text: 'b' },
          ],
        },
      ],
    ],
    ['in a system message', [{ role: 'system', content: '\t' }, 'a']],
    ['at the end', ['a', { role: 'assistant', content: ' \n ' }]],
    ['in a refusal', ['a', { role: 'assistant', content: [{ type: 'refusal', text: ' ' }] }, 'b']],
    [
      'in a result',
      [
        'x',
        { role: 'assistant', content: [call('a')] },
        { role: 'tool', content: [{ type: 'tool-result', id: 'a', output: [{ type: 'text', text: ' ' }] }] },
      ],
    ],
  ])('%s is not sent', async (_, messages) => {
    const { system = [], messages: wire } = (await bodyOf({ messages })) as {
      system?: Block[]
      messages: { role: string; content: Block[] }[]
    }
    const blocks = [...system, ...wire.flatMap(({ content }) => content)]
    const inner = blocks.flatMap(({ content }) => (Array.isArray(content) ? content : []))
    for (const { type, text } of [...blocks, ...inner] as { type: string; text?: string }[])
      if (type === 'text') expect(text?.trim()).not.toBe('')
    for (const { content } of wire) expect(content).not.toEqual([])
    expect(wire.map(({ role }) => role)).toEqual(
      wire.map((_, index) => (index % 2 === 0 ? 'user' : 'assistant')),
    )
  })

  it('alone is an error before anything is sent', async () => {
    const server = await serve(json({}))
    const error = await failureOf(claude('claude-x', { ...options, baseURL: server.url }).chat(' '))
    expect(error.code).toBe('invalid-request')
    expect(server.requests).toEqual([])
  })

  it('keeps its cache mark on the block before it', async () => {
    const content: Part[] = [
      { type: 'text', text: 'a' },
      { type: 'text', text: '\n' },
    ]
    expect(await blocksOf([{ role: 'user', content, cache: true }])).toEqual([
      { type: 'text', text: 'a', cache_control: { type: 'ephemeral' } },
    ])
  })
})

it('a conversation that begins with an answer has a message of the user before it, and a warning', async () => {
  const { body, warnings } = await sentFor({ messages: [{ role: 'assistant', content: 'Hi.' }, 'x'] })
  expect(body.messages).toMatchObject([{ role: 'user' }, { role: 'assistant' }, { role: 'user' }])
  expect(warnings).toMatchObject([{ code: 'repaired', feature: 'messages' }])
})

describe('the result of a tool that failed', () => {
  const failed = (output: string | Part[]): MessageInput[] => [
    'x',
    { role: 'assistant', content: [call('a')] },
    { role: 'tool', content: [{ type: 'tool-result', id: 'a', output, isError: true }] },
  ]

  it('holds text alone; images follow after it', async () => {
    const image: Part = { type: 'image', data: 'AAAA', mediaType: 'image/png' }
    const blocks = await blocksOf(failed([{ type: 'text', text: 'boom' }, image]))
    expect(blocks.slice(2)).toEqual([
      { type: 'tool_result', tool_use_id: 'a', is_error: true, content: [{ type: 'text', text: 'boom' }] },
      { type: 'image', source: { type: 'base64', media_type: 'image/png', data: 'AAAA' } },
    ])
  })

  it.each([
    [''],
    [' '],
    [[]],
    [[{ type: 'text' as const, text: '\n' }]],
  ])('has words where it is %j', async (output) => {
    expect((await blocksOf(failed(output)))[2]).toEqual({
      type: 'tool_result',
      tool_use_id: 'a',
      is_error: true,
      content: 'The tool failed.',
    })
  })
})

it('a result without words has no content', async () => {
  expect((await blocksOf(['x', ...turn([call('a')], [''])]))[2]).toEqual({
    type: 'tool_result',
    tool_use_id: 'a',
  })
})

describe('a document', () => {
  const document = (mediaType: string, data: string | Uint8Array) =>
    blocksOf([{ role: 'user', content: [{ type: 'file', data, mediaType, name: 'a' }] }])

  it.each([
    'text/csv',
    'text/plain',
    'text/plain; charset=utf-8',
    'TEXT/MARKDOWN',
    'application/json',
    'application/ld+json',
    'application/yaml',
    'image/svg+xml',
  ])('of type %s is text in the request', async (mediaType) => {
    for (const data of [new TextEncoder().encode('a,ü\n1,2'), Buffer.from('a,ü\n1,2').toString('base64')])
      expect(await document(mediaType, data)).toEqual([
        {
          type: 'document',
          title: 'a',
          source: { type: 'text', media_type: 'text/plain', data: 'a,ü\n1,2' },
        },
      ])
  })

  it('of another type is refused, or left out with a warning', async () => {
    const file: Part = { type: 'file', data: 'UEsDBA==', mediaType: 'application/zip' }
    const messages: Message[] = [{ role: 'user', content: [file, { type: 'text', text: 'x' }] }]
    const server = await serve(json({}))
    const provider = claude('claude-x', { ...options, baseURL: server.url })
    expect(await failureOf(provider.chat(messages))).toMatchObject({
      code: 'unsupported',
      message: expect.stringContaining('application/zip'),
    })
    expect(server.requests).toEqual([])
    const { body, warnings } = await sentFor({ messages, onUnsupported: 'warn' })
    expect(body.messages).toEqual([{ role: 'user', content: [{ type: 'text', text: 'x' }] }])
    expect(warnings).toMatchObject([{ code: 'unsupported', feature: 'files' }])
  })

  it('of text that is given as an address is fetched by us, and PDF by the service', async () => {
    const server = await serve(({ path }) =>
      path === '/a.csv'
        ? { headers: { 'content-type': 'text/csv' }, body: 'a,b' }
        : sse([start(), ...text(0, 'ok'), ...stop()]),
    )
    const media = { allowHosts: [new URL(server.url).host] }
    await claude('claude-x', { ...options, baseURL: server.url, media }).chat([
      {
        role: 'user',
        content: [
          { type: 'file', url: `${server.url}/a.csv`, mediaType: 'text/csv' },
          { type: 'file', url: 'https://example.com/a.pdf' },
        ],
      },
    ])
    expect(server.requests.at(-1)?.json).toMatchObject({
      messages: [
        {
          content: [
            { source: { type: 'text', data: 'a,b' } },
            { source: { type: 'url', url: 'https://example.com/a.pdf' } },
          ],
        },
      ],
    })
  })
})

it('an image of a type that Claude does not read is refused, or left out with a warning', async () => {
  const image: Part = { type: 'image', data: 'AAAA', mediaType: 'image/tiff' }
  const messages: Message[] = [{ role: 'user', content: [image, { type: 'text', text: 'x' }] }]
  const provider = claude('claude-x', { ...options, baseURL: (await serve(json({}))).url })
  expect(await failureOf(provider.chat(messages))).toMatchObject({ code: 'unsupported' })
  expect((await sentFor({ messages, onUnsupported: 'warn' })).warnings).toMatchObject([{ feature: 'vision' }])
})

it('lone surrogates are replaced in every text of a request', async () => {
  const server = await serve(sse([start(), ...text(0, 'ok'), ...stop()]))
  await claude('claude-x', { ...options, baseURL: server.url }).chat({
    system: 's\ud83d',
    messages: ['m\ud83d', ...turn([call('i\ud83d', { 'k\ud83d': ['v\ud83d'] })], ['o\ud83d'])],
    tools: [{ name: 'f', description: 'd\ud83d', input: { type: 'object', description: 'd\ud83d' } }],
    stop: ['e\ud83d'],
  })
  expect(String(server.requests[0]?.body)).not.toMatch(/\\ud83d(?!\\ud)/i)
})

describe('state', () => {
  const answer = sse([
    start(),
    ...block(
      0,
      { type: 'thinking', thinking: '', signature: '' },
      { type: 'thinking_delta', thinking: 'Hm.' },
      { type: 'signature_delta', signature: 'sig' },
    ),
    ...block(1, { type: 'redacted_thinking', data: 'xx' }),
    ...text(2, 'Hi'),
    ...stop(),
  ])
  const thinking = [
    { type: 'thinking', thinking: 'Hm.', signature: 'sig' },
    { type: 'redacted_thinking', data: 'xx' },
  ]
  const secondTurn = async (first: string, second: string, isMoved = false) => {
    const [here, there] = [await serve(answer), await serve(answer)]
    const { message } = await claude(first, { ...options, baseURL: here.url }).chat('x')
    const target = isMoved ? there : here
    const { warnings } = await claude(second, { ...options, baseURL: target.url }).chat(['x', message, 'y'])
    const { messages } = target.requests.at(-1)?.json as { messages: { content: Block[] }[] }
    return { message, warnings, thought: messages[1]?.content.filter(({ type }) => type !== 'text') }
  }

  it('says the host that made it, and the model where only that one reads it', async () => {
    const { message: free } = await secondTurn('claude-sonnet-4-5', 'claude-sonnet-4-5')
    expect(free.content[0]?.opaque).toMatchObject({ provider: 'claude', host: expect.stringMatching(/^127/) })
    expect(free.content[0]?.opaque).not.toHaveProperty('model')
    const { message: bound } = await secondTurn('claude-opus-5-5', 'claude-opus-5-5')
    expect(bound.content[0]?.opaque).toMatchObject({ model: 'claude-opus-5-5' })
    expect(bound.content[1]?.opaque).toMatchObject({ model: 'claude-opus-5-5' })
  })

  it.each([
    ['claude-sonnet-4-5', 'claude-sonnet-4-5', false, true],
    ['claude-sonnet-4-5', 'claude-opus-5', false, true],
    ['claude-opus-5-5', 'claude-opus-5-5', false, true],
    ['claude-opus-5-5', 'claude-sonnet-5-5', false, false],
    ['claude-sonnet-4-5', 'claude-sonnet-4-5', true, false],
  ])('of %s goes to %s, on another host: %s, is read: %s', async (first, second, isMoved, isRead) => {
    const { thought, warnings } = await secondTurn(first, second, isMoved)
    expect(thought).toEqual(isRead ? thinking : [])
    expect(warnings.map(({ feature }) => feature).includes('reasoning')).toBe(!isRead)
  })

  it('of thinking without a signature, or of another provider, is not sent', async () => {
    const content: Part[] = [
      { type: 'reasoning', text: 'Hm.', opaque: { provider: 'claude', data: { signature: '' } } },
      { type: 'reasoning', text: 'Hm.', opaque: { provider: 'openai', data: { id: 'rs_1' } } },
      { type: 'text', text: 'Hi' },
    ]
    expect((await blocksOf(['x', { role: 'assistant', content }, 'y']))[1]).toEqual({
      type: 'text',
      text: 'Hi',
    })
  })

  it('of citations stays out of messages of the user', async () => {
    const cited: Part = { type: 'text', text: 'a', opaque: { provider: 'claude', data: { citations: [{}] } } }
    expect(
      await blocksOf([{ role: 'user', content: [cited] }, { role: 'assistant', content: [cited] }, 'y']),
    ).toEqual([
      { type: 'text', text: 'a' },
      { type: 'text', text: 'a', citations: [{}] },
      { type: 'text', text: 'y' },
    ])
  })

  it('a turn with tools that another provider began goes on without a thinking budget', async () => {
    const messages = ['x', ...turn([call('a')], [])]
    const request = { messages, reasoning: 'low' } as const
    const { body, warnings } = await sentFor(request, 'claude-haiku-4-5')
    expect(body).not.toHaveProperty('thinking')
    expect(warnings).toMatchObject([{ code: 'repaired', feature: 'reasoning' }])
    const thought: Part = {
      type: 'reasoning',
      text: 'Hm.',
      opaque: { provider: 'claude', data: { signature: 's' } },
    }
    const [first, ...rest] = turn([call('a')], []) as [Message, Message]
    const own = ['x', { ...first, content: [thought, call('a')] }, ...rest, ...turn([call('b')], [])]
    expect((await sentFor({ messages: own, reasoning: 'low' }, 'claude-haiku-4-5')).body).toHaveProperty(
      'thinking',
    )
    expect((await sentFor(request, 'claude-sonnet-4-6')).body).toHaveProperty('thinking')
  })
})

it('a cache mark of an hour never comes after one of five minutes', async () => {
  const message = (content: string, cache: NonNullable<Message['cache']>): Message => ({
    role: 'user',
    content,
    cache,
  })
  const { body, warnings } = await sentFor({
    messages: [message('a', { ttl: '1h' }), message('b', true), message('c', { ttl: '1h' })],
  })
  const [{ content }] = body.messages as [{ content: { cache_control: unknown }[] }]
  expect(content.map(({ cache_control }) => cache_control)).toEqual([
    { type: 'ephemeral', ttl: '1h' },
    { type: 'ephemeral' },
    { type: 'ephemeral' },
  ])
  expect(warnings).toMatchObject([{ feature: 'cache' }])
  const hours = await sentFor({ messages: [message('a', { ttl: '1h' }), message('b', { ttl: '1h' })] })
  expect(JSON.stringify(hours.body).split('1h')).toHaveLength(3)
  expect(hours.warnings).toEqual([])
})
