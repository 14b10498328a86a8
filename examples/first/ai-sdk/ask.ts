// Ask one question.
import { openai } from '@ai-sdk/openai'
import { generateText } from 'ai'

async function main() {
  const { text, finishReason } = await generateText({
    model: openai('gpt-5.6-sol'),
    prompt: 'What is the capital of France?',
  })
  console.log(text, finishReason)
}
void main()
