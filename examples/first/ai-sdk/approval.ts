// A tool that asks before it runs.
import { openai } from '@ai-sdk/openai'
import { generateText, type ModelMessage, stepCountIs, tool } from 'ai'
import * as z from 'zod'

const isAllowed = (path: string) => path.endsWith('.txt') // or a question to the user

async function main() {
  const remove = tool({
    description: 'Deletes a file.',
    inputSchema: z.object({ path: z.string() }),
    needsApproval: ({ path }) => path !== 'nothing',
    execute: ({ path }) => `${path} is deleted.`,
  })
  const messages: ModelMessage[] = [{ role: 'user', content: 'Delete old.txt.' }]
  for (;;) {
    const { text, content, response } = await generateText({
      model: openai('gpt-5.6-sol'),
      messages,
      tools: { remove },
      stopWhen: stepCountIs(10),
    })
    messages.push(...response.messages)
    const approvals = content
      .filter((part) => part.type === 'tool-approval-request')
      .map(({ approvalId, toolCall }) => ({
        type: 'tool-approval-response' as const,
        approvalId,
        approved: isAllowed((toolCall.input as { path: string }).path),
      }))
    if (approvals.length === 0) return console.log(text)
    messages.push({ role: 'tool', content: approvals })
  }
}
void main()
