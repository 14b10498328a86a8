// The elements of a list, each as soon as it is complete.
import { streamElements } from '@patchbay/core'
import { openai } from '@patchbay/openai'
import * as z from 'zod'

async function main() {
  const city = z.object({ name: z.string(), country: z.string() })
  for await (const { name, country } of streamElements(openai('gpt-5.6-sol'), city, 'List two cities.'))
    console.log(`${name}, ${country}`)
}
void main()
