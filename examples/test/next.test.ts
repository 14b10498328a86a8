// The route handler for `useChat`, driven by the class that stands behind `useChat`.
import { AbstractChat, type ChatState, type ChatStatus, DefaultChatTransport, type UIMessage } from 'ai'
import { expect, it } from 'vitest'
import { POST } from '../next/app/api/chat/route.js'

class State implements ChatState<UIMessage> {
  status: ChatStatus = 'ready'
  error: Error | undefined
  messages: UIMessage[] = []
  pushMessage = (message: UIMessage) => void this.messages.push(message)
  popMessage = () => void this.messages.pop()
  replaceMessage = (index: number, message: UIMessage) => {
    this.messages[index] = message
  }
  snapshot = <T>(value: T): T => structuredClone(value)
}
class Chat extends AbstractChat<UIMessage> {}

it('answers, calls the tool, and goes on', async () => {
  const handle: typeof fetch = async (url, init) =>
    POST(new Request(new URL(String(url), 'http://app.example'), init))
  const chat = new Chat({
    state: new State(),
    transport: new DefaultChatTransport({ api: '/api/chat', fetch: handle }),
  })
  const last = () => chat.lastMessage?.parts.map((part) => (part.type === 'text' ? part.text : '')).join('')
  await chat.sendMessage({ text: 'What is the weather in Lima?' })
  expect(chat.error).toBeUndefined()
  expect(chat.lastMessage?.parts.map(({ type }) => type)).toContain('tool-get_weather')
  expect(last()).toContain('21 degrees')
  await chat.sendMessage({ text: 'What is the capital of France?' })
  expect(last()).toContain('The capital of France is Paris.')
})
