// Messages of LangChain: all their content reaches the provider, or an error or a warning names it.
import {
  AIMessage,
  AIMessageChunk,
  type BaseMessage,
  ChatMessage,
  FunctionMessage,
  HumanMessage,
  RemoveMessage,
  SystemMessage,
  ToolMessage,
} from '@langchain/core/messages'
import type { Part, Warning } from '@patchbay/core'
import { mockProvider } from '@patchbay/testing'
import { describe, expect, it } from 'vitest'
import { answerBlocks, blocks } from '../../test/blocks.js'
import { chatModel } from '../index.js'

const call = { id: 'c', name: 't', args: {} }
const messages: Record<string, (content: never) => BaseMessage[]> = {
  human: (content) => [new HumanMessage({ content })],
  system: (content) => [new SystemMessage({ content }), new HumanMessage('?')],
  ai: (content) => [new HumanMessage('?'), new AIMessage({ content }), new HumanMessage('?')],
  'piece of ai': (content) => [new HumanMessage('?'), new AIMessageChunk({ content }), new HumanMessage('?')],
  tool: (content) => [
    new HumanMessage('?'),
    new AIMessage({ content: '', tool_calls: [call] }),
    new ToolMessage({ tool_call_id: 'c', content }),
  ],
}

/** The parts that arrived, and the warnings; or the words of the error. */
async function sent(given: BaseMessage[], how: string, request = {}) {
  const inner = mockProvider({ answers: ['ok'] })
  const model = chatModel(inner)
  try {
    let answer: AIMessageChunk | undefined
    if (how === 'whole') answer = await model.invoke(given, { request })
    else
      for await (const piece of await model.stream(given, { request }))
        answer = answer?.concat(piece) ?? piece
    const warnings = (answer?.response_metadata.warnings ?? []) as Warning[]
    const [asked] = inner.requests
    return { messages: asked?.messages ?? [], warned: warnings.map(({ message }) => message).join('\n') }
  } catch (error) {
    return { messages: [], error: (error as Error).message, warned: '' }
  }
}

const roles: Record<string, string> = { human: 'user', system: 'system', tool: 'tool' }
const cases = Object.keys(messages).flatMap((type) =>
  [...blocks, ...(type.includes('ai') ? answerBlocks : [])].flatMap((row) =>
    ['whole', 'streamed'].map((how) => ({ type, row, how, kind: row[0] })),
  ),
)

describe('a block', () => {
  it.each(cases)('$kind in a message of type $type arrives or is named: $how', async ({ type, row, how }) => {
    const [, block, expected, warned = ''] = row
    const { messages: got, error, warned: told } = await sent(messages[type]?.([block] as never) ?? [], how)
    if (typeof expected === 'string') return expect(error).toContain(expected)
    const isMedia = expected.some((part) => !('text' in part))
    if (type === 'system' && isMedia) return expect(error).toContain('a system message cannot hold')
    const message = got.find(({ role }) => role === (roles[type] ?? 'assistant'))
    const [first] = message?.content ?? []
    expect(type === 'tool' ? first?.type === 'tool-result' && first.output : message?.content).toEqual(
      expected,
    )
    expect(told).toContain(warned)
    if (warned === '') expect(told.replace(/^.*(had no result|interrupted).*$/m, '')).toBe('')
  })

  it('of an answer stays out of other messages', async () => {
    for (const [, block] of answerBlocks)
      for (const type of ['human', 'system', 'tool'])
        expect((await sent(messages[type]?.([block] as never) ?? [], 'whole')).error).toMatch(
          /cannot hold|does not follow/,
        )
  })

  it("that has no place is a warning where the request says so, and the provider's defaults count", async () => {
    const given = [
      new HumanMessage({
        content: [
          { type: 'video', url: 'u' },
          { type: 'text', text: 'x' },
        ],
      }),
    ]
    const { messages: got, warned } = await sent(given, 'whole', { onUnsupported: 'warn' })
    expect(got[0]?.content).toEqual([{ type: 'text', text: 'x' }])
    expect(warned).toContain('a block of type video')
    const inner = mockProvider({ answers: ['ok'], defaults: { onUnsupported: 'warn' } })
    expect((await chatModel(inner).invoke(given)).response_metadata.warnings).toHaveLength(1)
  })

  it('with a cache mark marks its message', async () => {
    const cache_control = { type: 'ephemeral', ttl: '1h' }
    for (const mark of [{ cache_control }, { metadata: { cache_control } }]) {
      const content = [{ type: 'text', text: 'x', ...mark }]
      const { messages: got } = await sent([new HumanMessage({ content })], 'whole')
      expect(got[0]?.cache).toEqual({ ttl: '1h' })
    }
  })

  const text = { type: 'text', text: 'x' }
  const mark = (ttl: string) => ({ cache_control: { type: 'ephemeral', ttl } })
  const [question, result] = [new HumanMessage('?'), new ToolMessage({ content: 'r', tool_call_id: 'c' })]
  const marked: [of: string, given: BaseMessage[], isMoved: boolean][] = [
    ['the last block', [new HumanMessage({ content: [text, { ...text, ...mark('5m') }] })], false],
    ['an earlier block', [new HumanMessage({ content: [{ ...text, ...mark('5m') }, text] })], true],
    ['its metadata', [new HumanMessage({ content: [{ ...text, metadata: mark('5m') }, text] })], true],
    [
      'two blocks',
      [
        new HumanMessage({
          content: [
            { ...text, ...mark('1h') },
            { ...text, ...mark('5m') },
          ],
        }),
      ],
      true,
    ],
    [
      'a text before a call',
      [question, new AIMessage({ content: [{ ...text, ...mark('5m') }], tool_calls: [call] }), result],
      true,
    ],
    [
      'the last call',
      [
        question,
        new AIMessage({
          content: [text, { type: 'tool_use', id: 'c', name: 't', input: {}, ...mark('5m') }],
          tool_calls: [call],
        }),
        result,
      ],
      false,
    ],
    [
      'a block of a system message',
      [new SystemMessage({ content: [{ ...text, ...mark('5m') }, text] }), question],
      true,
    ],
    [
      'a block of a result',
      [
        question,
        new AIMessage({ content: '', tool_calls: [call] }),
        new ToolMessage({ content: [{ ...text, ...mark('5m') }, text], tool_call_id: 'c' }),
      ],
      true,
    ],
  ]
  it.each(
    marked,
  )('with a cache mark gives it to its message, and a warning tells if it moves: %s', async (_, given, isMoved) => {
    const { messages: got, warned } = await sent(given, 'whole')
    expect(got.flatMap(({ cache }) => cache ?? [])).toEqual([{ ttl: '5m' }])
    expect(warned?.includes('cache mark')).toBe(isMoved)
  })
})

describe('a message', () => {
  it.each([
    [new ChatMessage('x', 'critic'), 'generic'],
    [new FunctionMessage({ content: 'x', name: 'f' }), 'function'],
    [new RemoveMessage({ id: 'a' }), 'remove'],
  ])('that has no place is refused by its type', async (message, type) => {
    expect((await sent([new HumanMessage('?'), message], 'whole')).error).toContain(
      `a message of type ${type}`,
    )
  })

  it.each([
    [new HumanMessage({ content: 'x', name: 'Eve' }), 'the name of a message'],
    [
      new AIMessage({ content: 'x', additional_kwargs: { function_call: { name: 'f', arguments: '{}' } } }),
      'function_call',
    ],
  ])('tells by a warning what it had besides', async (message, words) => {
    expect((await sent([message, new HumanMessage('?')], 'whole')).warned).toContain(words)
  })

  const inOrder = (content: Part[]) => content.map((part) => ('text' in part ? part.text : part.type))

  it('has each of its calls once, at their places', async () => {
    const block = { type: 'tool_use', id: 'a', name: 't', input: {} }
    const tool_calls = [
      { id: 'a', name: 't', args: { whole: true } },
      { id: 'b', name: 't', args: {} },
    ]
    const invalid_tool_calls = [{ id: 'd', name: 't', args: '{"x":', error: 'cut' }]
    const content = [block, { type: 'text', text: 'So.' }]
    const given = [
      new HumanMessage('?'),
      new AIMessage({ content, tool_calls, invalid_tool_calls }),
      new HumanMessage('?'),
    ]
    const { messages: got } = await sent(given, 'whole')
    expect(inOrder(got[1]?.content ?? [])).toEqual(['tool-call', 'So.', 'tool-call', 'tool-call'])
    expect(got[1]?.content).toMatchObject([
      { id: 'a', input: { whole: true } },
      {},
      { id: 'b' },
      { id: 'd', input: { $unparsed: '{"x":' } },
    ])
  })

  it("of another model is read in its service's form", async () => {
    const content = [
      { type: 'thinking', thinking: 'Hm.', signature: 's' },
      { type: 'text', text: 'So.' },
      { type: 'tool_use', id: 'a', name: 't', input: {} },
    ]
    const answer = new AIMessage({
      content,
      tool_calls: [{ id: 'a', name: 't', args: {} }],
      response_metadata: { model_provider: 'anthropic' },
    })
    const tool = new ToolMessage({ tool_call_id: 'a', content: 'ok' })
    const { messages: got, warned } = await sent([new HumanMessage('?'), answer, tool], 'whole')
    expect(inOrder(got[1]?.content ?? [])).toEqual(['Hm.', 'So.', 'tool-call'])
    expect(warned).toContain('signature')
  })
})
