// A route for a page with useChat, which saves the conversation.
import { openai } from '@ai-sdk/openai'
import { convertToModelMessages, streamText, type UIMessage } from 'ai'

let saved: UIMessage[] = []

async function POST(request: Request): Promise<Response> {
  const { messages } = (await request.json()) as { messages: UIMessage[] }
  const result = streamText({
    model: openai('gpt-5.6-sol'),
    messages: await convertToModelMessages(messages),
    abortSignal: request.signal,
  })
  return result.toUIMessageStreamResponse({
    originalMessages: messages,
    onFinish: ({ messages }) => {
      saved = messages
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
