// A question about a PDF.
import { readFile } from 'node:fs/promises'
import { openai } from '@patchbay/openai'

async function main() {
  const data = await readFile('data/invoice.pdf')
  const { text } = await openai('gpt-5.6-sol').chat([
    {
      role: 'user',
      content: [
        { type: 'text', text: 'What is the total of this invoice?' },
        { type: 'file', data, mediaType: 'application/pdf', name: 'invoice.pdf' },
      ],
    },
  ])
  console.log(text)
}
void main()
