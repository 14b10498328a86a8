// Print an answer while it is generated.
import { openai } from '@ai-sdk/openai'
import { streamText } from 'ai'

async function main() {
  const stream = streamText({
    model: openai('gpt-5.6-sol'),
    prompt: 'What is the capital of France?',
    onError: ({ error }) => console.error(error), // the loop below does not throw
  })
  for await (const text of stream.textStream) process.stdout.write(text)
  console.log(' |', await stream.finishReason)
}
void main()
