// A conversation.
import { openai } from '@ai-sdk/openai'
import { generateText, type ModelMessage } from 'ai'

async function main() {
  const model = openai('gpt-5.6-sol')
  const messages: ModelMessage[] = []
  for (const question of ['My name is Zoe.', 'What is my name?']) {
    messages.push({ role: 'user', content: question })
    const { text, response } = await generateText({ model, system: 'Be brief.', messages })
    messages.push(...response.messages)
    console.log(text)
  }
}
void main()
