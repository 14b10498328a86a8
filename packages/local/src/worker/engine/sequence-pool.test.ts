// Sequence pool, with simulated sequences: which generation waits for which, and what is copied.
import type { LlamaContextSequence, Token } from 'node-llama-cpp'
import { describe, expect, it } from 'vitest'
import { SequencePool } from './sequence-pool.js'

/** A sequence that only knows which tokens it holds. */
class FakeSequence {
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

/** A sequence that can be copied, as the engine's can; `fails` as if its source were busy. */
class CopyableSequence extends FakeSequence {
  fails = false

  async _copyStateFromOtherSequence(other: FakeSequence, upTo: number): Promise<boolean> {
    this.copies++
    this.tokens = other.tokens.slice(0, upTo)
    return !this.fails
  }
}

const rules = Array.from({ length: 200 }, (_, index) => index)
const first = [...rules, 1001] as Token[]
const second = [...rules, 1002] as Token[]
const never = new AbortController().signal
const nextTurn = () => new Promise((resolve) => setImmediate(resolve))

function pool<T extends FakeSequence>(...sequences: T[]): { pool: SequencePool; sequences: T[] } {
  return { pool: new SequencePool(sequences as unknown as LlamaContextSequence[]), sequences }
}

/** Evaluates the first `count` tokens of a prompt. */
function evaluate(sequence: unknown, prompt: Token[], count: number): void {
  ;(sequence as FakeSequence).tokens = prompt.slice(0, count)
}

describe('two generations with the same prefix', () => {
  it('evaluate it once', async () => {
    const { pool: all, sequences } = pool(new CopyableSequence(), new CopyableSequence())
    const [leader, follower] = [all.acquire(first, never), all.acquire(second, never)]
    const leading = await leader
    let acquired = false
    void follower.then(() => {
      acquired = true
    })
    evaluate(leading.sequence, first, 100)
    leading.promptAdvanced()
    await nextTurn()
    expect(acquired).toBe(false)
    evaluate(leading.sequence, first, 201)
    leading.promptDone()
    expect((await follower).cached).toBe(200)
    expect(sequences.map(({ copies }) => copies)).toEqual([0, 1])
  })

  it('lose nothing when the first is aborted half way', async () => {
    const { pool: all } = pool(new CopyableSequence(), new CopyableSequence())
    const [leader, follower] = [all.acquire(first, never), all.acquire(second, never)]
    const leading = await leader
    evaluate(leading.sequence, first, 90)
    leading.release()
    expect((await follower).cached).toBe(90)
  })

  it.each([
    ['an engine that cannot copy states', () => pool(new FakeSequence(), new FakeSequence())],
    [
      'a state that cannot be copied now',
      () => pool(...[1, 2].map(() => Object.assign(new CopyableSequence(), { fails: true }))),
    ],
  ])('both evaluate it with %s', async (_, make) => {
    const { pool: all } = make()
    const [leader, follower] = [all.acquire(first, never), all.acquire(second, never)]
    const leading = await leader
    evaluate(leading.sequence, first, 201)
    leading.promptDone()
    const following = await follower
    expect(following.cached).toBe(0)
    expect(following.sequence.nextTokenIndex).toBe(0)
  })

  it('do not wait once their caller has aborted', async () => {
    const { pool: all } = pool(new CopyableSequence(), new CopyableSequence())
    const gone = new AbortController()
    await all.acquire(first, never)
    const follower = all.acquire(second, gone.signal)
    gone.abort()
    const lease = await follower
    lease.release()
    expect((await all.acquire(second, gone.signal)).sequence).toBe(lease.sequence)
  })
})

it('acquire takes the free sequence that holds most of the prompt, and cuts it back', async () => {
  const { pool: all, sequences } = pool(new CopyableSequence(), new CopyableSequence())
  evaluate(sequences[1], first, 201)
  const lease = await all.acquire(first, never)
  expect(lease.sequence).toBe(sequences[1])
  // The last token is always evaluated.
  expect(lease.cached).toBe(200)
  expect((await all.acquire(first, never)).sequence).toBe(sequences[0])
  await expect(all.acquire(first, never)).rejects.toThrow('more jobs at once')
})
