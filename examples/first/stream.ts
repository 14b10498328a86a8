// Print an answer while it is generated.
import { openai } from '@patchbay/openai'

async function main() {
  const stream = openai('gpt-5.6-sol').stream('What is the capital of France?')
  for await (const text of stream.text) process.stdout.write(text)
  console.log(' |', (await stream.response()).finishReason)
}
void main()
