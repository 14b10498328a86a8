// Sequences on loan, with made-up ones: who waits for whom, and what is handed over.
import type { LlamaContextSequence, Token } from 'node-llama-cpp'
import { describe, expect, it } from 'vitest'
import { Lanes } from './sequence-pool.js'

/** A sequence that only knows which tokens it holds. */
class MadeUp {
  tokens: number[] = []
  copies = 0

  get nextTokenIndex(): number {
    return this.tokens.length
  }

  compareContextTokens(prompt: number[]): { firstDifferentIndex: number } {
    const at = prompt.findIndex((token, index) => token !== this.tokens[index])
    return { firstDifferentIndex: at < 0 ? prompt.length : at }
  }

  async eraseContextTokenRanges([{ start }]: [{ start: number }]): Promise<void> {
    this.tokens.length = start
  }

  async clearHistory(): Promise<void> {
    this.tokens = []
  }
}

/** One that can be handed over, as the engine's can; `fails` as when its source is in the middle of something. */
class Copying extends MadeUp {
  fails = false

  async _copyStateFromOtherSequence(other: MadeUp, upTo: number): Promise<boolean> {
    this.copies++
    this.tokens = other.tokens.slice(0, upTo)
    return !this.fails
  }
}

const rules = Array.from({ length: 200 }, (_, index) => index)
const first = [...rules, 1001] as Token[]
const second = [...rules, 1002] as Token[]
const never = new AbortController().signal
const turn = () => new Promise((resolve) => setImmediate(resolve))

function lanes<T extends MadeUp>(...sequences: T[]): { lanes: Lanes; sequences: T[] } {
  return { lanes: new Lanes(sequences as unknown as LlamaContextSequence[]), sequences }
}

/** Evaluates so much of a prompt. */
function evaluate(sequence: unknown, prompt: Token[], count: number): void {
  ;(sequence as MadeUp).tokens = prompt.slice(0, count)
}

describe('two who come together with one beginning', () => {
  it('evaluate it once', async () => {
    const { lanes: all, sequences } = lanes(new Copying(), new Copying())
    const [leader, follower] = [all.borrow(first, never), all.borrow(second, never)]
    const leading = await leader
    let came = false
    void follower.then(() => {
      came = true
    })
    evaluate(leading.sequence, first, 100)
    leading.progress()
    await turn()
    expect(came).toBe(false)
    evaluate(leading.sequence, first, 201)
    leading.begun()
    expect((await follower).cached).toBe(200)
    expect(sequences.map(({ copies }) => copies)).toEqual([0, 1])
  })

  it('lose nothing when the first gives up half way', async () => {
    const { lanes: all } = lanes(new Copying(), new Copying())
    const [leader, follower] = [all.borrow(first, never), all.borrow(second, never)]
    const leading = await leader
    evaluate(leading.sequence, first, 90)
    leading.giveBack()
    expect((await follower).cached).toBe(90)
  })

  it.each([
    ['an engine that cannot hand over', () => lanes(new MadeUp(), new MadeUp())],
    [
      'a state that cannot be handed over now',
      () => lanes(...[1, 2].map(() => Object.assign(new Copying(), { fails: true }))),
    ],
  ])('both evaluate it under %s', async (_, make) => {
    const { lanes: all } = make()
    const [leader, follower] = [all.borrow(first, never), all.borrow(second, never)]
    const leading = await leader
    evaluate(leading.sequence, first, 201)
    leading.begun()
    const following = await follower
    expect(following.cached).toBe(0)
    expect(following.sequence.nextTokenIndex).toBe(0)
  })

  it('do not wait once their caller has gone', async () => {
    const { lanes: all } = lanes(new Copying(), new Copying())
    const gone = new AbortController()
    await all.borrow(first, never)
    const follower = all.borrow(second, gone.signal)
    gone.abort()
    const lease = await follower
    lease.giveBack()
    expect((await all.borrow(second, gone.signal)).sequence).toBe(lease.sequence)
  })
})

it('a loan is of the free sequence that holds most, cut back, and never of one that is lent', async () => {
  const { lanes: all, sequences } = lanes(new Copying(), new Copying())
  evaluate(sequences[1], first, 201)
  const lease = await all.borrow(first, never)
  expect(lease.sequence).toBe(sequences[1])
  // The last token is evaluated anew.
  expect(lease.cached).toBe(200)
  expect((await all.borrow(first, never)).sequence).toBe(sequences[0])
  await expect(all.borrow(first, never)).rejects.toThrow('more work at once')
})
