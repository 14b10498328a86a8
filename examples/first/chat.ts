// A conversation.
import type { MessageInput } from '@patchbay/core'
import { openai } from '@patchbay/openai'

async function main() {
  const llm = openai('gpt-5.6-sol')
  const messages: MessageInput[] = []
  for (const question of ['My name is Zoe.', 'What is my name?']) {
    messages.push(question)
    const { message, text } = await llm.chat({ system: 'Be brief.', messages })
    messages.push(message)
    console.log(text)
  }
}
void main()
