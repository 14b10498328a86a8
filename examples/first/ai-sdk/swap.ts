// Choose the model by its name, in a variable of the environment.
import { anthropic } from '@ai-sdk/anthropic'
import { openai } from '@ai-sdk/openai'
import { createProviderRegistry, generateText } from 'ai'

async function main() {
  const registry = createProviderRegistry({ anthropic, openai })
  const { MODEL = 'openai:gpt-5.6-sol' } = process.env
  const model = registry.languageModel(MODEL as `openai:${string}` | `anthropic:${string}`)
  console.log((await generateText({ model, prompt: 'What is the capital of France?' })).text)
}
void main()
