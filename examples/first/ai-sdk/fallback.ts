// Another model answers when the first one cannot.
import { anthropic } from '@ai-sdk/anthropic'
import { openai } from '@ai-sdk/openai'
import { APICallError, generateText } from 'ai'

async function main() {
  const models = [
    { name: 'claude', model: anthropic('claude-opus-5'), maxRetries: 0 },
    { name: 'openai', model: openai('gpt-5.6-sol'), maxRetries: 2 },
  ]
  for (const { name, model, maxRetries } of models)
    try {
      const { text } = await generateText({ model, maxRetries, prompt: 'What is the capital of France?' })
      return console.log(text, name)
    } catch (error) {
      if (!APICallError.isInstance(error) || !error.isRetryable) throw error
    }
  throw new Error('No model could answer.')
}
void main()
