// The elements of a list, each as soon as it is complete.
import { openai } from '@ai-sdk/openai'
import { Output, streamText } from 'ai'
import * as z from 'zod'

async function main() {
  const city = z.object({ name: z.string(), country: z.string() })
  const { elementStream } = streamText({
    model: openai('gpt-5.6-sol'),
    output: Output.array({ element: city }),
    prompt: 'List two cities.',
    onError: ({ error }) => console.error(error),
  })
  for await (const { name, country } of elementStream) console.log(`${name}, ${country}`)
}
void main()
