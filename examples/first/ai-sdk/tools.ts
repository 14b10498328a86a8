// An agent: the model calls a tool, and answers with its result.
import { openai } from '@ai-sdk/openai'
import { generateText, stepCountIs, tool } from 'ai'
import * as z from 'zod'

async function main() {
  const weather = tool({
    description: 'Get the current weather in a city.',
    inputSchema: z.object({ city: z.string() }),
    execute: ({ city }) => ({ city, temperature: 21, condition: 'sunny' }),
  })
  const { text, steps } = await generateText({
    model: openai('gpt-5.6-sol'),
    prompt: 'What is the weather in Lima?',
    tools: { get_weather: weather },
    stopWhen: stepCountIs(10),
  })
  console.log(text, steps.length)
}
void main()
