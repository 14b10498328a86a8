// A tool that asks before it runs.
import { runTools, tool } from '@patchbay/core'
import { openai } from '@patchbay/openai'
import * as z from 'zod'

const isAllowed = (path: string) => path.endsWith('.txt') // or a question to the user

async function main() {
  const remove = tool({
    name: 'remove',
    description: 'Deletes a file.',
    input: z.object({ path: z.string() }),
    needsApproval: ({ path }) => path !== 'nothing',
    run: ({ path }) => `${path} is deleted.`,
  })
  const request = { messages: 'Delete old.txt.', tools: [remove] }
  const { text } = await runTools(openai('gpt-5.6-sol'), request, {
    approve: ({ input }) => isAllowed((input as { path: string }).path),
  })
  console.log(text)
}
void main()
