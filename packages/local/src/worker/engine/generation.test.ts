// Generation with a simulated engine: backpressure, aborts and slices, independent of real speed.
import { describe, expect, it } from 'vitest'
import { textWindow } from '../../supervisor/protocol.js'
import type { Engine } from './engine.js'
import { Generation, type GenerationSink } from './generation.js'
import { SliceSizer } from './prompt-batching.js'

const piece = 'x'.repeat(1000)

interface FakeEngine {
  engine: Engine
  /** Tokens the engine was asked to generate. */
  generated: number
  /** Prompt tokens that were evaluated, one entry for each slice. */
  slices: number[]
  /** Sequences in use. */
  leases: number
}

/** An engine that generates `piece` for ever. */
function fakeEngine(promptTokens = 4, onSlice: () => void = () => {}): FakeEngine {
  const fake: FakeEngine = { engine: undefined as never, generated: 0, slices: [], leases: 0 }
  const sequence = {
    async evaluateWithoutGeneratingNewTokens(tokens: number[]) {
      fake.slices.push(tokens.length)
      onSlice()
    },
    async *evaluateWithMetadata() {
      for (;;) {
        fake.generated++
        yield { token: 1 }
      }
    },
  }
  fake.engine = {
    info: { contextSize: 1_000_000 },
    model: { detokenize: () => piece },
    chat: {
      batchSize: 512,
      slices: new SliceSizer(),
      prompt: {
        frames: { marks: [] },
        render: () => ({ tokens: Array(promptTokens).fill(1), thinking: 'finished' }),
      },
      pool: {
        shared: false,
        prompts: 1,
        acquire: async () => {
          fake.leases++
          return { sequence, cached: 0, promptAdvanced() {}, promptDone() {}, release: () => fake.leases-- }
        },
      },
    },
  } as unknown as Engine
  return fake
}

const request = { messages: [{ role: 'user' as const, content: 'talk' }] }
const noSink: GenerationSink = { text() {}, call() {}, flush() {} }
const nextTurn = () => new Promise((resolve) => setImmediate(resolve))

describe('a generation', () => {
  it('waits for a slow reader, continues when it reads, and loses nothing', async () => {
    const fake = fakeEngine()
    let sent = ''
    const generation = new Generation({
      ...noSink,
      text: (_, text) => {
        sent += text
      },
    })
    const total = (textWindow / piece.length) * 3
    const run = generation.run(fake.engine, { ...request, maxOutputTokens: Math.ceil(total) })
    for (let turns = 0; turns < 50; turns++) await nextTurn()
    const window = Math.ceil(textWindow / piece.length)
    expect(fake.generated).toBeLessThanOrEqual(window + 1)
    expect(sent.length).toBeGreaterThanOrEqual(textWindow)
    expect(sent.length).toBeLessThanOrEqual(textWindow + piece.length)

    let read = 0
    const result = await Promise.race([
      run,
      (async () => {
        for (;;) {
          generation.credit(sent.length - read)
          read = sent.length
          await nextTurn()
        }
      })(),
    ])
    expect(result).toMatchObject({ finishReason: 'length', outputTokens: Math.ceil(total) })
    expect(sent).toBe(piece.repeat(Math.ceil(total)))
    expect(fake.leases).toBe(0)
  })

  it('can be cancelled while it waits for its reader', async () => {
    const fake = fakeEngine()
    const generation = new Generation(noSink)
    const run = generation.run(fake.engine, request)
    for (let turns = 0; turns < 50; turns++) await nextTurn()
    const before = fake.generated
    generation.cancel()
    expect((await run).rawFinishReason).toBe('cancelled')
    expect(fake.generated).toBeLessThanOrEqual(before + 1)
    expect(fake.leases).toBe(0)
  })

  it('evaluates its prompt in slices, and stops between them', async () => {
    const whole = fakeEngine(5000)
    await new Generation(noSink).run(whole.engine, { ...request, maxOutputTokens: 1 })
    expect(whole.slices.length).toBeGreaterThan(3)
    expect(Math.max(...whole.slices)).toBeLessThanOrEqual(512)
    // The last slice is evaluated by the sampling loop.
    expect(whole.slices.reduce((sum, size) => sum + size, 0)).toBeGreaterThanOrEqual(5000 - 512 - 64)

    const generation = new Generation(noSink)
    const cut = fakeEngine(5000, () => generation.cancel())
    expect(await generation.run(cut.engine, request)).toMatchObject({
      rawFinishReason: 'cancelled',
      outputTokens: 0,
    })
    expect(cut.slices).toHaveLength(1)
    expect(cut.generated).toBe(0)
    expect(cut.leases).toBe(0)
  })

  it('that is aborted half way counts the part of its prompt that was evaluated', async () => {
    const generation = new Generation(noSink)
    const cut = fakeEngine(5000, () => cut.slices.length === 3 && generation.cancel())
    const { inputTokens } = await generation.run(cut.engine, request)
    expect(inputTokens).toBe(cut.slices.reduce((sum, size) => sum + size, 0))
  })

  it('does not count pauses for its reader as decoding time', async () => {
    const fake = fakeEngine()
    const generation = new Generation(noSink)
    const most = Math.ceil(textWindow / piece.length) + 5
    const run = generation.run(fake.engine, { ...request, maxOutputTokens: most })
    const started = performance.now()
    for (let before = -1; before !== fake.generated; await nextTurn()) before = fake.generated
    const waited = performance.now()
    expect(fake.generated).toBeLessThan(most)
    await expect.poll(() => performance.now() - waited).toBeGreaterThan(200)
    const pause = performance.now() - waited
    generation.credit(textWindow)
    const { decodeMs, outputTokens } = await run
    expect(outputTokens).toBe(most)
    // However slow the machine is: the pause is not in it.
    expect(decodeMs).toBeLessThanOrEqual(performance.now() - started - pause)
  })

  it('releases its sequence when the engine fails', async () => {
    const fake = fakeEngine(5000, () => {
      throw new Error('native error')
    })
    await expect(new Generation(noSink).run(fake.engine, request)).rejects.toThrow('native error')
    expect(fake.leases).toBe(0)
  })
})
