// At most four calls at a time, and no question is asked twice.

import { openai } from '@ai-sdk/openai'
import type { LanguageModelV3GenerateResult, LanguageModelV3Middleware } from '@ai-sdk/provider'
import { generateText, wrapLanguageModel } from 'ai'

function limitAndCache(concurrency: number): LanguageModelV3Middleware {
  const answers = new Map<string, LanguageModelV3GenerateResult>()
  const waiting: (() => void)[] = []
  let running = 0
  return {
    specificationVersion: 'v3',
    // Streams need a wrapStream of their own.
    wrapGenerate: async ({ doGenerate, params }) => {
      const key = JSON.stringify(params)
      const known = answers.get(key)
      if (known !== undefined) return known
      if (running >= concurrency) await new Promise<void>((resolve) => waiting.push(resolve))
      running++
      try {
        const answer = await doGenerate()
        answers.set(key, answer)
        return answer
      } finally {
        running--
        waiting.shift()?.()
      }
    },
  }
}

async function main() {
  const model = wrapLanguageModel({ model: openai('gpt-5.6-sol'), middleware: limitAndCache(4) })
  const first = await generateText({ model, prompt: 'What is the capital of France?' })
  const second = await generateText({ model, prompt: 'What is the capital of France?' })
  console.log(second.text, first.response.id === second.response.id)
}
void main()
