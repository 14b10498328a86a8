// Several long prompts at once, on the real engine: they never take much longer than one after another. Counted in
// evaluations and in time of the CPU, which other work on the machine does not change.
import { fileURLToPath } from 'node:url'
import { expect, it, onTestFinished } from 'vitest'
import { Engine } from './engine.js'
import { Generation } from './generation.js'
import { tile } from './prompt-batching.js'

const pico = fileURLToPath(new URL('../../../models/pico.gguf', import.meta.url))

async function load(threads: number): Promise<{ engine: Engine; slices: number[] }> {
  const engine = await Engine.load(
    { modelPath: pico, parallel: 4, gpu: false, threads },
    { progress() {}, log() {}, admit: async () => {} },
  )
  onTestFinished(() => engine.dispose())
  const slices: number[] = []
  for (const sequence of engine.chat.lanes.sequences) {
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

const voice = { text() {}, call() {}, flush() {} }
const cpuMs = () => {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1000
}

it('long prompts at once cost no more than one after another, in slices that fill the engine’s tiles', async () => {
  const { engine, slices } = await load(1)
  const begun = cpuMs()
  for (const caller of [1, 2, 3, 4]) await new Generation(voice).run(engine, prompt(caller))
  const oneByOne = cpuMs() - begun
  const counted = slices.splice(0).length
  const again = cpuMs()
  const results = await Promise.all(
    [5, 6, 7, 8].map((caller) => new Generation(voice).run(engine, prompt(caller))),
  )
  const atOnce = cpuMs() - again
  for (const { inputTokens, cachedInputTokens } of results)
    expect(inputTokens - cachedInputTokens).toBeGreaterThan(900)
  expect(counted).toBeGreaterThan(4)
  expect(Math.min(...slices)).toBeGreaterThanOrEqual(tile)
  for (const size of slices) expect(size % tile).toBe(0)
  expect(slices.length).toBeLessThanOrEqual(4 * Math.ceil(1010 / tile))
  // Slices of 32 took thirty times as much.
  expect(atOnce).toBeLessThan(oneByOne * 4)
})
