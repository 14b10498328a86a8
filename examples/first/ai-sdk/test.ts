// Test an app without a model.
import assert from 'node:assert/strict'
import { generateText, type LanguageModel } from 'ai'
import { MockLanguageModelV3 } from 'ai/test'

/** The app. */
const summarise = async (model: LanguageModel, text: string) =>
  (await generateText({ model, prompt: `Summarise: ${text}` })).text

async function main() {
  const model = new MockLanguageModelV3({
    doGenerate: {
      content: [{ type: 'text', text: 'Short.' }],
      finishReason: { unified: 'stop', raw: 'stop' },
      usage: {
        inputTokens: { total: 1, noCache: 1, cacheRead: 0, cacheWrite: 0 },
        outputTokens: { total: 1, text: 1, reasoning: 0 },
      },
      warnings: [],
    },
  })
  assert.equal(await summarise(model, 'A long text.'), 'Short.')
  assert.deepEqual(model.doGenerateCalls[0]?.prompt[0]?.content, [
    { type: 'text', text: 'Summarise: A long text.' },
  ])
  console.log('passed')
}
void main()
