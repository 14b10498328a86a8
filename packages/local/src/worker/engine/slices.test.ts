// Prompt batching on the real engine: several long prompts at once take hardly longer than one after another. Measured
// in evaluations and in CPU time, which other work on the machine does not change.
import { fileURLToPath } from 'node:url'
import { expect, it, onTestFinished } from 'vitest'
import type { Engine } from './engine.js'
import { Generation } from './generation.js'
import { LlamaEngine } from './llama-engine.js'
import { attentionBlock } from './prompt-batching.js'

const pico = fileURLToPath(new URL('../../../models/pico.gguf', import.meta.url))

async function load(threads: number): Promise<{ engine: Engine; slices: number[] }> {
  const engine = await LlamaEngine.load(
    { modelPath: pico, parallel: 4, gpu: false, threads },
    { progress() {}, log() {}, requestMemory: async () => {}, child() {} },
  )
  onTestFinished(() => engine.dispose())
  const slices: number[] = []
  for (const sequence of engine.chat.pool.sequences) {
    const evaluate = sequence.evaluateWithoutGeneratingNewTokens.bind(sequence)
    sequence.evaluateWithoutGeneratingNewTokens = (tokens, options) => {
      slices.push(tokens.length)
      return evaluate(tokens, options)
    }
  }
  return { engine, slices }
}

const prompt = (caller: number) => ({
  messages: [{ role: 'user' as const, content: `${caller} ${'word and '.repeat(500)}` }],
  maxOutputTokens: 1,
})

const sink = { text() {}, call() {}, flush() {} }
const cpuMs = () => {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1000
}

it('long prompts at once cost no more than one after another, in slices that fill the engine’s attention blocks', async () => {
  const { engine, slices } = await load(1)
  const start = cpuMs()
  for (const caller of [1, 2, 3, 4]) await new Generation(sink).run(engine, prompt(caller))
  const oneByOne = cpuMs() - start
  const counted = slices.splice(0).length
  const restart = cpuMs()
  const results = await Promise.all(
    [5, 6, 7, 8].map((caller) => new Generation(sink).run(engine, prompt(caller))),
  )
  const atOnce = cpuMs() - restart
  for (const { inputTokens, cachedInputTokens } of results)
    expect(inputTokens - cachedInputTokens).toBeGreaterThan(900)
  expect(counted).toBeGreaterThan(4)
  expect(Math.min(...slices)).toBeGreaterThanOrEqual(attentionBlock)
  for (const size of slices) expect(size % attentionBlock).toBe(0)
  expect(slices.length).toBeLessThanOrEqual(4 * Math.ceil(1010 / attentionBlock))
  // Slices of 32 took thirty times as much.
  expect(atOnce).toBeLessThan(oneByOne * 4)
})
