// Handle failures by their kind.
import { openai } from '@ai-sdk/openai'
import { APICallError, generateText, LoadAPIKeyError, RetryError } from 'ai'

async function main() {
  try {
    await generateText({ model: openai('gpt-none'), prompt: 'Hello' })
  } catch (thrown) {
    const error = RetryError.isInstance(thrown) ? thrown.lastError : thrown
    if (LoadAPIKeyError.isInstance(error)) return console.log('wrong key')
    if (!APICallError.isInstance(error)) throw error
    if (error.statusCode === 404) console.log('no such model')
    else if (error.statusCode === 429) console.log('wait', error.responseHeaders?.['retry-after'])
    else if (error.statusCode === 401) console.log('wrong key')
    else throw error
  }
}
void main()
