// A route for a page with useChat, which saves the conversation.
import { fromUiMessages, toResponse, type UiMessage } from '@patchbay/ai-sdk'
import type { Message } from '@patchbay/core'
import { openai } from '@patchbay/openai'

const llm = openai('gpt-5.6-sol')
let saved: Message[] = []

async function POST(request: Request): Promise<Response> {
  const { messages } = (await request.json()) as { messages: UiMessage[] }
  const conversation = fromUiMessages(messages)
  return toResponse(llm.stream(conversation, { signal: request.signal }), {
    onFinish: ({ message }) => {
      saved = [...conversation, message]
    },
  })
}

async function main() {
  const messages = [
    { id: '1', role: 'user', parts: [{ type: 'text', text: 'What is the capital of France?' }] },
  ]
  const body = JSON.stringify({ messages })
  const page = await (await POST(new Request('http://app/chat', { method: 'POST', body }))).text()
  console.log(page.includes('text-delta'), saved.length)
}
void main()
