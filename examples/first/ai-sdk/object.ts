// A typed object from a text.
import { openai } from '@ai-sdk/openai'
import { generateText, Output } from 'ai'
import * as z from 'zod'

async function main() {
  const person = z.object({ name: z.string(), age: z.int() })
  const { output } = await generateText({
    model: openai('gpt-5.6-sol'),
    output: Output.object({ schema: person }),
    prompt: 'Ada is 36 years old.',
  })
  console.log(output.name, output.age + 1)
}
void main()
