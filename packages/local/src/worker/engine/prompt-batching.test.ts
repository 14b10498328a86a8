// The size of prompt slices, on made-up engines whose steps cost what they are told to.
import { describe, expect, it } from 'vitest'
import { Pace, tile } from './prompt-batching.js'

interface Outcome {
  steps: number
  ms: number
  longest: number
  smallest: number
}

/** Several prompts of this length at once, each step taking one slice of each. */
function evaluate(
  cost: (tokensOfEach: number, all: number) => number,
  { prompts = 4, length = 2000, pace: given }: { prompts?: number; length?: number; pace?: Pace } = {},
): Outcome {
  let now = 0
  const pace = given ?? new Pace(() => now)
  const outcome: Outcome = { steps: 0, ms: 0, longest: 0, smallest: 512 }
  let size = tile
  for (let at = 0; at < length; outcome.steps++) {
    const ends = Array.from({ length: prompts }, () => pace.begin(size))
    const took = cost(size, size * prompts)
    now += took
    for (const end of ends) end()
    outcome.ms += took
    outcome.longest = Math.max(outcome.longest, took)
    outcome.smallest = Math.min(outcome.smallest, size)
    at += size
    size = pace.size(size, { prompts, shared: prompts > 1, most: 512 })
  }
  return outcome
}

describe('slices of several prompts', () => {
  it.each([0.05, 0.1, 0.2])('keep a step short where a token costs %f ms', (perToken) => {
    const { longest, ms, steps } = evaluate((_, all) => all * perToken, { length: 20_000 })
    // No slice is smaller than a tile, and now and then a tile more is tried.
    const least = 4 * tile * perToken
    expect(longest).toBeLessThanOrEqual(Math.max(50, 2 * least) * 1.05)
    expect(ms / steps).toBeLessThanOrEqual(Math.max(50, least) * 1.05)
  })

  it.each([
    // Threads that wait for a core that others have: what a step costs has little to do with what is in it.
    ['a step costs much in itself', (_: number, all: number) => 238 + all * 0.1],
    ['only the step costs', () => 238],
    // A small slice is slower than a large one.
    ['small slices are slow', (each: number, all: number) => (each <= 64 ? 400 : all * 0.1)],
    ['both cost', (_: number, all: number) => 30 + all * 0.3],
  ])('take no more than three times as long as whole batches where %s', (_, cost) => {
    const whole = Math.ceil((4 * 2000) / 512) * cost(128, 512)
    expect(evaluate(cost).ms).toBeLessThanOrEqual(whole * 3)
  })

  it('become small again when the trouble is over', () => {
    let now = 0
    const pace = new Pace(() => now)
    let trouble = 238
    const cost = (_: number, all: number) => {
      const took = trouble + all * 0.2
      now += took
      return took
    }
    evaluate(cost, { pace })
    trouble = 0
    evaluate(cost, { pace, length: 8000 })
    const after = evaluate(cost, { pace, length: 8000 })
    expect(after.ms / after.steps).toBeLessThanOrEqual(4 * tile * 0.2 * 1.05)
  })
})
