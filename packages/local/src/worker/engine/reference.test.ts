// Generated tokens, compared with an independent forward pass.
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { getLlama, type Llama, type Token } from 'node-llama-cpp'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { open, temporaryFolder } from '../../../test/fixtures.js'
import { writeRandomModel } from '../../../test/random-model.js'
import { referenceLlama } from '../../../test/reference-llama.js'
import { ChatTemplate } from '../prompt/chat-template.js'

const pico = fileURLToPath(new URL('../../../models/pico.gguf', import.meta.url))

let llama: Llama
beforeAll(async () => {
  llama = await getLlama({ build: 'never', gpu: false })
})
afterAll(() => llama.dispose())

// Kernels round differently for different slice sizes: of two tokens that are closer than this, either is right.
const undecided = 0.02

/** The greedy answer of the reference, up to the first undecided token. */
async function say(path: string, question: string, most: number): Promise<{ text: string; tokens: number }> {
  const model = await llama.loadModel({ modelPath: path })
  const prompt = ChatTemplate.of(model)?.tokens({ messages: [{ role: 'user', content: question }] }) ?? []
  const reference = await referenceLlama(path)
  let token = 0
  for (const known of prompt) token = reference.next(known)
  const answer: number[] = []
  while (answer.length < most && reference.margin > undecided && !model.isEogToken(token as Token)) {
    answer.push(token)
    token = reference.next(token)
  }
  const text = model.detokenize(answer as Token[])
  await model.dispose()
  return { text, tokens: answer.length }
}

describe('a greedy answer is that of the reference', () => {
  it.each([
    'What is the capital of France?',
    'Give me JSON: name Eve, age 30.',
    'Count to 12.',
    'Write a haiku.',
  ])('pico: %s', async (question) => {
    const expected = await say(pico, question, 60)
    expect(expected.tokens).toBeGreaterThan(5)
    const { text } = await open().chat({ messages: question, maxOutputTokens: expected.tokens })
    expect(text).toBe(expected.text)
  })

  it.each([3, 8])('a random model (%i), token by token, also with a prompt in slices', async (seed) => {
    const path = writeRandomModel(join(temporaryFolder(), 'random.gguf'), {
      layers: 3,
      width: 96,
      heads: 3,
      seed,
    })
    const question = 'tell me '.repeat(40)
    const { text, tokens } = await say(path, question, 32)
    expect(tokens).toBeGreaterThan(8)
    const llm = open({ model: path })
    const answer = await llm.chat({ messages: question, maxOutputTokens: tokens, temperature: 0 })
    expect(answer.text).toBe(text)
  })
})

describe('log-probabilities', () => {
  it('of a greedy answer are those of the reference, and so are the alternatives', async () => {
    const question = 'What is the capital of France?'
    const { text, logprobs = [] } = await open().chat({ messages: question, maxOutputTokens: 8, logprobs: 3 })
    expect(logprobs.map(({ token }) => token).join('')).toBe(text)
    const model = await llama.loadModel({ modelPath: pico })
    const prompt = ChatTemplate.of(model)?.tokens({ messages: [{ role: 'user', content: question }] }) ?? []
    const reference = await referenceLlama(pico)
    let token = 0
    for (const known of prompt) token = reference.next(known)
    expect(logprobs.length).toBeGreaterThan(3)
    for (const { token: written, logprob, top } of logprobs) {
      expect(written).toBe(model.detokenize([token as Token], false, prompt.slice(-1)))
      expect(logprob).toBeCloseTo(reference.logprobs[token] ?? 1, 1)
      const best = [...reference.logprobs].sort((a, b) => b - a).slice(0, 3)
      for (const [index, one] of top.entries()) expect(one.logprob).toBeCloseTo(best[index] ?? 9, 0)
      expect(top.map((one) => one.token)).toContain(written)
      expect(top).toHaveLength(3)
      token = reference.next(token)
    }
    await model.dispose()
  })
})
