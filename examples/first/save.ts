// Save a conversation with a picture as JSON, and continue it later.
import type { Message } from '@patchbay/core'
import { restoreMessages, storeMessages } from '@patchbay/core/messages'
import { openai } from '@patchbay/openai'

const picture = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGNgAAAAAgABSK+kcQAAAABJRU5ErkJggg==',
  'base64',
)

async function main() {
  const llm = openai('gpt-5.6-sol')
  const question: Message = {
    role: 'user',
    content: [
      { type: 'text', text: 'My name is Zoe, and this is my picture.' },
      { type: 'image', data: picture, mediaType: 'image/png' },
    ],
  }
  const { message } = await llm.chat([question])
  const saved = JSON.stringify(storeMessages([question, message]))
  const { text } = await llm.chat([...restoreMessages(saved), 'What is my name?'])
  console.log(text)
}
void main()
