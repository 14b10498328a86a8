// Structured data from text: the answer is JSON of this shape, and TypeScript knows its type.
import { local } from '@patchbay/local'
import * as z from 'zod'

const person = z.object({ name: z.string().max(20), age: z.int(), city: z.string().max(20) })

const llm = local()
const { output } = await llm.chat({
  messages: 'Zoe is 31 years old and lives in Oslo. Extract name, age and city as JSON.',
  output: { schema: person },
})
const { name, age, city } = person.parse(output)
console.log(`${name}, ${age}, of ${city}`)
await llm.close()
