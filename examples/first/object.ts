// A typed object from a text.
import { generateObject } from '@patchbay/core'
import { openai } from '@patchbay/openai'
import * as z from 'zod'

async function main() {
  const person = z.object({ name: z.string(), age: z.int() })
  const { object } = await generateObject(openai('gpt-5.6-sol'), person, 'Ada is 36 years old.')
  console.log(object.name, object.age + 1)
}
void main()
