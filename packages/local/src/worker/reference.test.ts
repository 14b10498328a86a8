// What the engine generates, against a forward pass that is not the engine's.
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { getLlama, type Llama, type Token } from 'node-llama-cpp'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { writeRandomModel } from '../../test/random-model.js'
import { referenceLlama } from '../../test/reference-llama.js'
import { folder, open } from '../../test/world.js'
import { Prompt } from './prompt.js'

const pico = fileURLToPath(new URL('../../models/pico.gguf', import.meta.url))

let llama: Llama
beforeAll(async () => {
  llama = await getLlama({ build: 'never', gpu: false })
})
afterAll(() => llama.dispose())

/** The greedy answer of the reference. */
async function say(path: string, question: string, most: number): Promise<string> {
  const model = await llama.loadModel({ modelPath: path })
  const prompt = Prompt.of(model)?.tokens({ messages: [{ role: 'user', content: question }] }) ?? []
  const reference = await referenceLlama(path)
  let token = 0
  for (const known of prompt) token = reference.next(known)
  const answer: number[] = []
  while (answer.length < most && !model.isEogToken(token as Token)) {
    answer.push(token)
    token = reference.next(token)
  }
  const text = model.detokenize(answer as Token[])
  await model.dispose()
  return text
}

describe('a greedy answer is that of a forward pass by the book', () => {
  it.each([
    'What is the capital of France?',
    'Give me JSON: name Eve, age 30.',
    'Count to 12.',
    'Write a haiku.',
  ])('pico: %s', async (question) => {
    const expected = await say(pico, question, 60)
    expect(expected.length).toBeGreaterThan(10)
    expect((await open().chat(question)).text).toBe(expected)
  })

  it('a random model, token by token, also where the prompt comes in slices', async () => {
    const path = writeRandomModel(join(folder(), 'random.gguf'), { layers: 3, width: 96, heads: 3 })
    const question = 'tell me '.repeat(40)
    const expected = await say(path, question, 32)
    const llm = open({ model: path })
    const { text } = await llm.chat({ messages: question, maxOutputTokens: 32, temperature: 0 })
    expect(text).toBe(expected)
  })
})
