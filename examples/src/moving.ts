// A conversation that moves: begun by the local model, which looks up the weather, it goes on with Claude and then with
// OpenAI. Each of them reads all that was said and done before. Needs ANTHROPIC_API_KEY and OPENAI_API_KEY.
import { claude } from '@patchbay/claude'
import { type MessageInput, type Provider, runTools, tool } from '@patchbay/core'
import { local } from '@patchbay/local'
import { openai } from '@patchbay/openai'
import * as z from 'zod'

const weather = tool({
  name: 'get_weather',
  description: 'Get the current weather in a city.',
  input: z.object({ city: z.string().max(20) }),
  run: () => ({ temperature: 21, condition: 'sunny' }),
})

const stations: [Provider, question: string][] = [
  [local(), 'What is the weather in Lima?'],
  [claude('claude-opus-5'), 'What is the capital of France?'],
  [openai('gpt-5.6-sol'), 'Count from 1 to 12.'],
]
let messages: MessageInput[] = []
for (const [llm, question] of stations) {
  const result = await runTools(llm, { messages: [...messages, question], tools: [weather] }).result()
  messages = result.messages
  console.log(`${llm.provider}, ${messages.length} messages: ${result.text}`)
  await llm.close()
}
