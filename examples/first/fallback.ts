// Another model answers when the first one cannot.
import { claude } from '@patchbay/claude'
import { openai } from '@patchbay/openai'
import { fallback } from '@patchbay/policies'

async function main() {
  const llm = fallback([claude('claude-opus-5', { retry: false }), openai('gpt-5.6-sol')])
  const { text, provider } = await llm.chat('What is the capital of France?')
  console.log(text, provider)
}
void main()
