// Conversations as messages of `useChat` and back; judged by the AI SDK's own validators.
import type { Message } from '@patchbay/core'
import { convertToModelMessages, modelMessageSchema, type UIMessage, validateUIMessages } from 'ai'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { conversations, inParts } from '../test/conversations.js'
import { fromUiMessages, toUiMessages, type UiMessage } from './index.js'

const whole = { toolError: (text: string) => text }

describe('a conversation for useChat', () => {
  it('law: comes back from the page as it was', () =>
    fc.assert(
      fc.property(conversations, (messages) => {
        const page = JSON.parse(JSON.stringify(toUiMessages(messages, whole)))
        expect(inParts(fromUiMessages(page))).toEqual(inParts(messages))
      }),
      { numRuns: 500 },
    ))

  it("law: is valid by the AI SDK's own schemas, and is a prompt for its models", () =>
    fc.assert(
      fc.asyncProperty(conversations, async (messages) => {
        const page: UIMessage[] = toUiMessages(messages, whole)
        expect(await validateUIMessages({ messages: JSON.parse(JSON.stringify(page)) })).toHaveLength(
          page.length,
        )
        const prompt = await convertToModelMessages(page)
        for (const message of prompt) expect(modelMessageSchema.safeParse(message).error).toBeUndefined()
        const results = (all: readonly { role: string; content: unknown }[]) =>
          all.flatMap(({ role, content }) => (role === 'tool' ? (content as object[]) : [])).length
        expect(results(prompt)).toBe(results(messages))
      }),
      { numRuns: 100 },
    ))
})

describe('toUiMessages', () => {
  const call = { type: 'tool-call' as const, id: 'a', name: 'look', input: {} }

  it('shows an answer of several steps as one message', () => {
    const messages: Message[] = [
      { role: 'user', content: 'Hi' },
      { role: 'assistant', content: [call] },
      { role: 'tool', content: [{ type: 'tool-result', id: 'a', output: '21' }] },
      { role: 'assistant', content: 'Sunny.' },
    ]
    expect(toUiMessages(messages)).toEqual([
      { id: 'message-0', role: 'user', parts: [{ type: 'text', text: 'Hi' }] },
      {
        id: 'message-1',
        role: 'assistant',
        parts: [
          { type: 'step-start' },
          { type: 'tool-look', toolCallId: 'a', state: 'output-available', input: {}, output: '21' },
          { type: 'step-start' },
          { type: 'text', text: 'Sunny.', state: 'done' },
        ],
      },
    ])
  })

  it('keeps errors of tools and messages for the model from the page, and marks those for the user', () => {
    const page = toUiMessages([
      { role: 'user', content: 'The page is /home.', visibility: 'model' },
      { role: 'user', content: 'Hi', visibility: 'user' },
      { role: 'assistant', content: [call] },
      { role: 'tool', content: [{ type: 'tool-result', id: 'a', output: 'at 10.0.0.7', isError: true }] },
    ])
    expect(JSON.stringify(page)).not.toMatch(/10\.0\.0\.7|home/)
    expect(page[1]?.parts[1]).toMatchObject({ state: 'output-error', errorText: 'The tool failed.' })
    expect(fromUiMessages(page)[0]).toMatchObject({ visibility: 'user' })
  })

  it('shows a call that waits, and one whose input is not JSON', async () => {
    const messages: Message[] = [
      { role: 'assistant', content: [call, { ...call, id: 'b', input: { $unparsed: '{"a' } }] },
    ]
    const page: UIMessage[] = toUiMessages(messages)
    await validateUIMessages({ messages: page })
    expect(page[0]?.parts.slice(1)).toMatchObject([
      { state: 'input-available' },
      { state: 'output-error', rawInput: '{"a' },
    ])
    expect(fromUiMessages(page)[0]?.content).toEqual(messages[0]?.content)
  })

  it.each<[string, Message[]]>([
    [
      'results without their call',
      [{ role: 'tool', content: [{ type: 'tool-result', id: 'a', output: '21' }] }],
    ],
    ['calls in questions', [{ role: 'user', content: [call] }]],
  ])('refuses %s', (_, messages) => {
    expect(() => toUiMessages(messages)).toThrow(expect.objectContaining({ code: 'invalid-request' }))
  })

  it('keeps marks of answers and results, and leaves out the result of a call for the model only', () => {
    const result: Message = {
      role: 'tool',
      content: [{ type: 'tool-result', id: 'a', name: 'look', output: '21' }],
    }
    const marked: Message[] = [
      { role: 'assistant', content: [call], cache: { ttl: '1h' } },
      { ...result, cache: true, visibility: 'user' },
      { role: 'assistant', content: [{ type: 'text', text: 'Rate me!' }], visibility: 'user' },
    ]
    expect(fromUiMessages(JSON.parse(JSON.stringify(toUiMessages(marked))))).toEqual(marked)
    expect(toUiMessages([{ role: 'assistant', content: [call], visibility: 'model' }, result])).toEqual([])
  })
})

describe('fromUiMessages', () => {
  const text = { type: 'text', text: 'x' }
  const hidden = (value: unknown) => ({ ...text, providerMetadata: { patchbay: { hidden: value } } })
  it.each<unknown>([
    null,
    5,
    { role: 'user' },
    { role: 'user', parts: [null] },
    { role: 'user', parts: [{}] },
    { role: 'user', parts: [{ type: 'text', text: 5 }] },
    { role: 'user', parts: [{ type: 'file', url: 'x', mediaType: 5 }] },
    { role: 'user', parts: [{ type: 'file', url: 5 }] },
    { role: 'hacker', parts: [text] },
    { role: 'tool', parts: [text] },
    { parts: [text] },
    { role: 'assistant', parts: [{ type: 'tool-f', state: 'input-available', toolCallId: 5 }] },
    { role: 'assistant', parts: [{ type: 'tool-f', state: 'input-available' }] },
    ...[[5], [null], ['x'], [[1, 2]], [['text', null, { type: 'image' }]], 5].map((value) => ({
      role: 'assistant',
      parts: [hidden(value)],
    })),
  ])('refuses what is no message of a page: %j', (message) => {
    expect(() => fromUiMessages([message as UiMessage])).toThrow(
      expect.objectContaining({ code: 'invalid-request' }),
    )
  })

  it.each([
    ['approval-responded', { id: 'p', approved: false, reason: 'too dear' }, 'too dear'],
    ['approval-responded', { id: 'p', approved: false }, 'The user did not allow it.'],
    ['output-denied', { id: 'p', approved: false, reason: 'too dear' }, 'too dear'],
  ])('tells the model that the user denied a call: %s', (state, approval, output) => {
    const part = { type: 'tool-f', toolCallId: 'a', state, input: {}, approval }
    expect(fromUiMessages([{ role: 'assistant', parts: [part] }])[1]).toEqual({
      role: 'tool',
      content: [{ type: 'tool-result', id: 'a', name: 'f', output, isError: true }],
    })
  })
})
