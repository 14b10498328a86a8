// An agent: the model calls tools until it can answer. The tools run here; their inputs are checked by their schemas.
import { runTools, tool } from '@patchbay/core'
import { local } from '@patchbay/local'
import * as z from 'zod'

const temperatures: Record<string, number> = { Lima: 19, Oslo: 4 }

const weather = tool({
  name: 'get_weather',
  description: 'Get the current weather in a city.',
  input: z.object({ city: z.string().max(20) }),
  run: ({ city }) => ({ temperature: temperatures[city] ?? 0, condition: 'sunny' }),
})

const llm = local()
const run = runTools(llm, { messages: 'What is the weather in Lima and in Oslo?', tools: [weather] })
for await (const event of run) {
  if (event.type === 'tool-result') console.log(event.call.name, event.call.input, '→', event.output)
  if (event.type === 'text') process.stdout.write(event.text)
}
const { reason, steps } = await run.result()
console.log(`\n(${reason} after ${steps} steps)`)
await llm.close()
