// Requests of a server to a model, and the answers it gets.
import { ProtocolError } from '@modelcontextprotocol/client'
import type { Part, Warning } from '@patchbay/core'
import { mockProvider } from '@patchbay/testing'
import { expect, it } from 'vitest'
import { answerSampling } from './sampling.js'
import { ServerRequests } from './server-requests.js'

const { signal } = new AbortController()
const ignore = () => {}
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
    ignore,
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
  expect(await answerSampling(llm, { messages: [hello], maxTokens: 5 }, signal, ignore)).toMatchObject({
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
  await expect(answerSampling(llm, params, signal, ignore)).rejects.toThrow(/Invalid parameters/)
  expect(llm.requests).toHaveLength(0)
})

const answerOf = (content: Part[], warnings: Warning[] = []) => ({
  message: { role: 'assistant' as const, content },
  finishReason: 'stop' as const,
  model: 'm',
  warnings,
})
const ask = { method: 'sampling/createMessage', params: { messages: [hello], maxTokens: 5 } }

it('has the warnings of its answers told to the app, each once and never without end, and not to the server', async () => {
  const warnings: Warning[] = []
  let count = 0
  const sampling = () =>
    answerOf(
      [{ type: 'text', text: 'Hi' }],
      [
        { code: 'unsupported', feature: 'temperature', message: 'No temperature.' },
        { code: 'other', message: `Note ${count++}.` },
      ],
    )
  const requests = new ServerRequests({ sampling }, warnings)
  expect(await requests.answer(ask, signal)).toEqual({
    role: 'assistant',
    model: 'm',
    stopReason: 'endTurn',
    content: text('Hi'),
  })
  await requests.answer(ask, signal)
  expect(warnings).toEqual([
    {
      code: 'unsupported',
      feature: 'temperature',
      message: 'The server asked the model: No temperature.',
    },
    { code: 'other', message: 'The server asked the model: Note 0.' },
    { code: 'other', message: 'The server asked the model: Note 1.' },
  ])
  for (let more = 0; more < 200; more++) await requests.answer(ask, signal)
  expect(warnings).toHaveLength(100)
})

it('gets images and sound of the answer, without the reasoning', async () => {
  const sample = () =>
    answerOf([
      { type: 'reasoning', text: 'Hm.' },
      { type: 'image', data: new Uint8Array([1, 2, 3]), mediaType: 'image/png' },
      { type: 'image', url: 'data:image/gif;base64,BAUG' },
      { type: 'audio', data: 'BwgJ', mediaType: 'audio/wav' },
    ])
  const { content } = await answerSampling(sample, ask.params, signal, ignore)
  expect(content).toEqual([
    { type: 'image', data: 'AQID', mimeType: 'image/png' },
    { type: 'image', data: 'BAUG', mimeType: 'image/gif' },
    { type: 'audio', data: 'BwgJ', mimeType: 'audio/wav' },
  ])
})

it.each<[string, Part]>([
  ['type file', { type: 'file', data: 'JVBERi0=', mediaType: 'application/pdf' }],
  ['an image by its address', { type: 'image', url: 'https://pictures.example/secret.png' }],
])('with an answer that has %s is refused, instead of answered without it', async (what, part) => {
  const sample = () => answerOf([{ type: 'text', text: 'See' }, part])
  const refused = await answerSampling(sample, ask.params, signal, ignore).catch((error: unknown) => error)
  expect(refused).toBeInstanceOf(ProtocolError)
  expect(String(refused)).toContain(what)
  expect(String(refused)).not.toContain('pictures.example')
})
