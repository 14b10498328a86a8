// A conversation: each answer is appended to the messages, and only what is new is evaluated.
import type { MessageInput } from '@patchbay/core'
import { local } from '@patchbay/local'

const llm = local()
const messages: MessageInput[] = []

for (const question of ['My name is Zoe.', 'What is my name?', 'What is the opposite of hot?']) {
  messages.push(question)
  const response = await llm.chat({ system: 'You are a helpful assistant.', messages })
  messages.push(response.message)
  const { inputTokens = 0, cachedInputTokens = 0 } = response.usage
  console.log(
    `${question} ${response.text} (${inputTokens - cachedInputTokens} of ${inputTokens} tokens were new)`,
  )
}
await llm.close()
