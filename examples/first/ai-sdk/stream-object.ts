// An object that is shown while it is generated.
import { openai } from '@ai-sdk/openai'
import { Output, streamText } from 'ai'
import * as z from 'zod'

async function main() {
  const recipe = z.object({ name: z.string(), steps: z.array(z.string()) })
  const run = streamText({
    model: openai('gpt-5.6-sol'),
    output: Output.object({ schema: recipe }),
    prompt: 'A recipe for tea.',
    onError: ({ error }) => console.error(error),
  })
  let shown = 0
  for await (const { steps = [] } of run.partialOutputStream) shown = Math.max(shown, steps.length)
  const object = await run.output
  console.log(object.name, shown === object.steps.length)
}
void main()
