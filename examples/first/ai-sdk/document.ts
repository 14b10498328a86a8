// A question about a PDF.
import { readFile } from 'node:fs/promises'
import { openai } from '@ai-sdk/openai'
import { generateText } from 'ai'

async function main() {
  const data = await readFile('data/invoice.pdf')
  const { text } = await generateText({
    model: openai('gpt-5.6-sol'),
    messages: [
      {
        role: 'user',
        content: [
          { type: 'text', text: 'What is the total of this invoice?' },
          { type: 'file', data, mediaType: 'application/pdf', filename: 'invoice.pdf' },
        ],
      },
    ],
  })
  console.log(text)
}
void main()
