// An object that is shown while it is generated.
import { streamObject } from '@patchbay/core'
import { openai } from '@patchbay/openai'
import * as z from 'zod'

async function main() {
  const recipe = z.object({ name: z.string(), steps: z.array(z.string()) })
  const run = streamObject(openai('gpt-5.6-sol'), recipe, 'A recipe for tea.')
  let shown = 0
  for await (const { steps = [] } of run) shown = Math.max(shown, steps.length)
  const { object } = await run.result()
  console.log(object.name, shown === object.steps.length)
}
void main()
