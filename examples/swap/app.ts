// One app, any model: a line of patchbay.config.json chooses the provider.
import { connect } from '@patchbay/config'
import { generateObject } from '@patchbay/core'
import * as z from 'zod'

const llm = await connect()
for await (const piece of llm.stream('What is the capital of France?').text) process.stdout.write(piece)
const person = z.object({ name: z.string().max(20), age: z.int() })
const { object, usage } = await generateObject(llm, person, 'Give me JSON: name Eve, age 30.')
console.log(
  `\n${object.name} is ${object.age}.`,
  usage.outputTokens === undefined ? '' : 'Tokens were counted.',
)
await llm.close()
