// The route handler for `useChat`, driven by the class that stands behind `useChat`.
import { DefaultChatTransport, type UIMessage } from 'ai'
import { expect, it } from 'vitest'
import { chatBy, textOf } from '../../packages/ai-sdk/test/chat.js'
import { POST } from '../next/app/api/chat/route.js'

it('answers, calls the tool, and goes on', async () => {
  const handle: typeof fetch = async (url, init) =>
    POST(new Request(new URL(String(url), 'http://app.example'), init))
  const chat = chatBy(new DefaultChatTransport({ api: '/api/chat', fetch: handle }))
  await chat.sendMessage({ text: 'What is the weather in Lima?' })
  expect(chat.error).toBeUndefined()
  const answer = chat.lastMessage as UIMessage
  expect(answer.parts.map(({ type }) => type)).toContain('tool-get_weather')
  expect(textOf(answer)).toContain('21 degrees')
  await chat.sendMessage({ text: 'What is the capital of France?' })
  expect(textOf(chat.lastMessage as UIMessage)).toContain('The capital of France is Paris.')
})
