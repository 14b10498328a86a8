// One generation under a made-up engine: back-pressure, cancelling and slices, without the luck of real speed.
import { describe, expect, it } from 'vitest'
import { textWindow } from '../../supervisor/protocol.js'
import type { Engine } from './engine.js'
import { Generation, type Voice } from './generation.js'
import { Pace } from './prompt-batching.js'

const piece = 'x'.repeat(1000)

interface MadeUp {
  engine: Engine
  /** Tokens the engine was asked to generate. */
  generated: number
  /** Prompt tokens it evaluated, one entry a slice. */
  slices: number[]
  lent: number
}

/** An engine that says `piece` for ever. */
function madeUp(promptTokens = 4, onSlice: () => void = () => {}): MadeUp {
  const made: MadeUp = { engine: undefined as never, generated: 0, slices: [], lent: 0 }
  const sequence = {
    async evaluateWithoutGeneratingNewTokens(tokens: number[]) {
      made.slices.push(tokens.length)
      onSlice()
    },
    async *evaluate() {
      for (;;) {
        made.generated++
        yield 1
      }
    },
  }
  made.engine = {
    info: { contextSize: 1_000_000 },
    model: { detokenize: () => piece },
    chat: {
      batchSize: 512,
      pace: new Pace(),
      prompt: { checkLength() {}, begin: () => ({ tokens: Array(promptTokens).fill(1), thinking: 'past' }) },
      lanes: {
        shared: false,
        prompts: 1,
        borrow: async () => {
          made.lent++
          return { sequence, cached: 0, progress() {}, begun() {}, giveBack: () => made.lent-- }
        },
      },
    },
  } as unknown as Engine
  return made
}

const request = { messages: [{ role: 'user' as const, content: 'talk' }] }
const mute: Voice = { text() {}, call() {}, flush() {} }
const turn = () => new Promise((resolve) => setImmediate(resolve))

describe('a generation', () => {
  it('waits at the window for its reader, goes on when he reads, and loses nothing', async () => {
    const made = madeUp()
    let sent = ''
    const generation = new Generation({
      ...mute,
      text: (_, text) => {
        sent += text
      },
    })
    const total = (textWindow / piece.length) * 3
    const run = generation.run(made.engine, { ...request, maxOutputTokens: Math.ceil(total) })
    for (let turns = 0; turns < 50; turns++) await turn()
    const window = Math.ceil(textWindow / piece.length)
    expect(made.generated).toBeLessThanOrEqual(window + 1)
    expect(sent.length).toBeGreaterThanOrEqual(textWindow)
    expect(sent.length).toBeLessThanOrEqual(textWindow + piece.length)

    let read = 0
    const result = await Promise.race([
      run,
      (async () => {
        for (;;) {
          generation.credit(sent.length - read)
          read = sent.length
          await turn()
        }
      })(),
    ])
    expect(result).toMatchObject({ finishReason: 'length', outputTokens: Math.ceil(total) })
    expect(sent).toBe(piece.repeat(Math.ceil(total)))
    expect(made.lent).toBe(0)
  })

  it('that waits for its reader can be cancelled', async () => {
    const made = madeUp()
    const generation = new Generation(mute)
    const run = generation.run(made.engine, request)
    for (let turns = 0; turns < 50; turns++) await turn()
    const before = made.generated
    generation.cancel()
    expect((await run).rawFinishReason).toBe('cancelled')
    expect(made.generated).toBeLessThanOrEqual(before + 1)
    expect(made.lent).toBe(0)
  })

  it('evaluates its prompt in slices, and stops between them', async () => {
    const whole = madeUp(5000)
    await new Generation(mute).run(whole.engine, { ...request, maxOutputTokens: 1 })
    expect(whole.slices.length).toBeGreaterThan(3)
    expect(Math.max(...whole.slices)).toBeLessThanOrEqual(512)
    // The last slice is evaluated by the sampling loop.
    expect(whole.slices.reduce((sum, size) => sum + size, 0)).toBeGreaterThanOrEqual(5000 - 512 - 64)

    const generation = new Generation(mute)
    const cut = madeUp(5000, () => generation.cancel())
    expect(await generation.run(cut.engine, request)).toMatchObject({
      rawFinishReason: 'cancelled',
      outputTokens: 0,
    })
    expect(cut.slices).toHaveLength(1)
    expect(cut.generated).toBe(0)
    expect(cut.lent).toBe(0)
  })

  it('that is given up half way counts the part of its prompt that was evaluated', async () => {
    const generation = new Generation(mute)
    const cut = madeUp(5000, () => cut.slices.length === 3 && generation.cancel())
    const { inputTokens } = await generation.run(cut.engine, request)
    expect(inputTokens).toBe(cut.slices.reduce((sum, size) => sum + size, 0))
  })

  it('does not count the time its reader takes as time of decoding', async () => {
    const made = madeUp()
    const generation = new Generation(mute)
    const most = Math.ceil(textWindow / piece.length) + 5
    const run = generation.run(made.engine, { ...request, maxOutputTokens: most })
    const pause = 500
    await new Promise((resolve) => setTimeout(resolve, pause))
    expect(made.generated).toBeLessThan(most)
    generation.credit(textWindow)
    const { decodeMs, outputTokens } = await run
    expect(outputTokens).toBe(most)
    expect(decodeMs).toBeLessThan(pause)
  })

  it('gives its sequence back when the engine fails', async () => {
    const made = madeUp(5000, () => {
      throw new Error('native trouble')
    })
    await expect(new Generation(mute).run(made.engine, request)).rejects.toThrow('native trouble')
    expect(made.lent).toBe(0)
  })
})
