// Ask one question.
import { openai } from '@patchbay/openai'

async function main() {
  const llm = openai('gpt-5.6-sol')
  const { text, finishReason } = await llm.chat('What is the capital of France?')
  console.log(text, finishReason)
}
void main()
