// An agent: the model calls a tool, and answers with its result.
import { runTools, tool } from '@patchbay/core'
import { openai } from '@patchbay/openai'
import * as z from 'zod'

async function main() {
  const weather = tool({
    name: 'get_weather',
    description: 'Get the current weather in a city.',
    input: z.object({ city: z.string() }),
    run: ({ city }) => ({ city, temperature: 21, condition: 'sunny' }),
  })
  const llm = openai('gpt-5.6-sol')
  const { text, steps } = await runTools(llm, { messages: 'What is the weather in Lima?', tools: [weather] })
  console.log(text, steps)
}
void main()
