// Requests of a server to a model, and the answers it gets.
import { mockProvider } from '@patchbay/testing'
import { expect, it } from 'vitest'
import { answerSampling } from './sampling.js'

const { signal } = new AbortController()
const text = (text: string) => ({ type: 'text', text })
const hello = { role: 'user', content: text('Hello') }

it('has its media, calls of tools and their results as messages, and the tools it offers', async () => {
  const llm = mockProvider({
    answers: [{ text: 'Let me look.', toolCalls: [{ id: 'c2', name: 'look', input: { at: 2 } }] }],
  })
  const answer = await answerSampling(
    llm,
    {
      messages: [
        {
          role: 'user',
          content: [text('See'), { type: 'image', data: 'iVBORw0KGgo=', mimeType: 'image/png' }],
        },
        { role: 'assistant', content: { type: 'tool_use', id: 'c1', name: 'look', input: { at: 1 } } },
        {
          role: 'user',
          content: [{ type: 'tool_result', toolUseId: 'c1', content: [text('nothing')], isError: true }],
        },
      ],
      maxTokens: 50,
      stopSequences: ['END'],
      tools: [{ name: 'look', description: 'Looks.', inputSchema: { type: 'object' } }],
      toolChoice: { mode: 'required' },
    },
    signal,
  )
  expect(llm.requests[0]).toMatchObject({
    maxOutputTokens: 50,
    stop: ['END'],
    toolChoice: 'required',
    tools: [{ name: 'look', description: 'Looks.' }],
    messages: [
      { role: 'user', content: [{ type: 'text' }, { type: 'image', mediaType: 'image/png' }] },
      { role: 'assistant', content: [{ type: 'tool-call', id: 'c1', name: 'look', input: { at: 1 } }] },
      { role: 'tool', content: [{ type: 'tool-result', id: 'c1', isError: true }] },
    ],
  })
  expect(answer).toEqual({
    role: 'assistant',
    model: 'mock-1',
    stopReason: 'toolUse',
    content: [text('Let me look.'), { type: 'tool_use', id: 'c2', name: 'look', input: { at: 2 } }],
  })
})

it.each([
  ['stop', 'endTurn'],
  ['length', 'maxTokens'],
  ['refusal', 'refusal'],
] as const)('that ends with %s is told as %s, with one block', async (finishReason, stopReason) => {
  const llm = mockProvider({ answers: [{ text: 'Hi', finishReason }] })
  expect(await answerSampling(llm, { messages: [hello], maxTokens: 5 }, signal)).toMatchObject({
    stopReason,
    content: text('Hi'),
  })
})

it.each<[string, unknown]>([
  ['no messages', { maxTokens: 5 }],
  ['a message of nobody', { messages: [{ role: 'god', content: text('x') }], maxTokens: 5 }],
  ['nothing', undefined],
])('with %s is refused, and no model is asked', async (_, params) => {
  const llm = mockProvider()
  await expect(answerSampling(llm, params, signal)).rejects.toThrow(/Invalid parameters/)
  expect(llm.requests).toHaveLength(0)
})
