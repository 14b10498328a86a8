// Save a conversation with a picture as JSON, and continue it later.
import { openai } from '@ai-sdk/openai'
import { generateText, type ModelMessage, modelMessageSchema } from 'ai'
import * as z from 'zod'

const picture = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGNgAAAAAgABSK+kcQAAAABJRU5ErkJggg==',
  'base64',
)

async function main() {
  const model = openai('gpt-5.6-sol')
  const messages: ModelMessage[] = [
    {
      role: 'user',
      content: [
        { type: 'text', text: 'My name is Zoe, and this is my picture.' },
        // Bytes do not survive JSON, so they are base64 from the beginning.
        { type: 'image', image: picture.toString('base64'), mediaType: 'image/png' },
      ],
    },
  ]
  const { response } = await generateText({ model, messages })
  const saved = JSON.stringify([...messages, ...response.messages])
  const restored = z.array(modelMessageSchema).parse(JSON.parse(saved))
  const next: ModelMessage = { role: 'user', content: 'What is my name?' }
  const { text } = await generateText({ model, messages: [...restored, next] })
  console.log(text)
}
void main()
