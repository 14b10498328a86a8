// Handle failures by their kind.
import { isLlmError } from '@patchbay/core'
import { openai } from '@patchbay/openai'

async function main() {
  try {
    await openai('gpt-none').chat('Hello')
  } catch (error) {
    if (!isLlmError(error)) throw error
    if (error.code === 'not-found') console.log('no such model')
    else if (error.code === 'rate-limited') console.log('wait', error.retryAfterMs)
    else if (error.code === 'authentication') console.log('wrong key')
    else throw error
  }
}
void main()
