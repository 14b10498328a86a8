// Data out of a document: a PDF goes in, a checked and typed value comes out. Needs ANTHROPIC_API_KEY; any model that
// reads documents will do.
import { readFile } from 'node:fs/promises'
import { claude } from '@patchbay/claude'
import { generateObject } from '@patchbay/core'
import * as z from 'zod'

const invoice = z.object({
  number: z.string(),
  date: z.iso.date(),
  items: z.array(z.object({ name: z.string(), count: z.int(), price: z.number() })),
  total: z.number(),
  currency: z.string().length(3),
})

await using llm = claude('claude-opus-5')
const { object } = await generateObject(llm, invoice, [
  {
    role: 'user',
    content: [
      {
        type: 'file',
        data: await readFile('data/invoice.pdf'),
        mediaType: 'application/pdf',
        name: 'invoice.pdf',
      },
      { type: 'text', text: 'Extract this invoice.' },
    ],
  },
])
const sum = object.items.reduce((sum, { count, price }) => sum + count * price, 0)
console.log(`${object.number} of ${object.date}: ${object.total} ${object.currency}`)
for (const { name, count, price } of object.items) console.log(`${count} × ${name} at ${price}`)
console.log(sum === object.total ? 'the items add up' : `but the items make ${sum}`)
