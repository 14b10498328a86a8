// That it learns who is best, notices when that changes, learns what for, and keeps it.
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { LlmError } from '@patchbay/core'
import { mockProvider } from '@patchbay/testing'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ema, fileState, type Learner, learn, linUcb, memoryState, thompson } from '../../index.js'
import { seeded } from './seeded-random.js'

/** How often each of three was chosen in the last hundred of so many calls. */
function simulated(
  learner: Learner,
  worth: (choice: number, call: number, features: number[]) => number,
  calls: number,
  features: (random: () => number) => number[] = () => [1],
): number[] {
  const random = seeded(7)
  let state = learner.begin(3)
  const last = [0, 0, 0]
  for (let call = 0; call < calls; call++) {
    const seen = features(random)
    const scores = learner.scores(state, seen, random)
    const choice = scores.indexOf(Math.max(...scores))
    const reward = random() < worth(choice, call, seen) ? 1 : 0
    state = JSON.parse(JSON.stringify(learner.learn(state, choice, reward, seen)))
    if (call >= calls - 100) last[choice] = (last[choice] ?? 0) + 1
  }
  return last
}

describe.each([
  ['ema', ema()],
  ['thompson', thompson()],
  ['linucb', linUcb()],
])('%s', (name, learner) => {
  it('finds the best', () => {
    const last = simulated(learner, (choice) => [0.3, 0.5, 0.9][choice] as number, 600)
    expect(last[2]).toBeGreaterThan(75)
  })

  it.skipIf(name === 'linucb')('notices when another one becomes the best', () => {
    const worth = (choice: number, call: number) =>
      (call < 500 ? [0.9, 0.5, 0.2] : [0.2, 0.5, 0.9])[choice] as number
    expect(simulated(learner, worth, 1500)[2]).toBeGreaterThan(60)
  })
})

it('linucb learns what each is good at', () => {
  const worth = (choice: number, _: number, [, hard = 0]: number[]) =>
    choice === 0 ? 0.9 - 0.8 * hard : choice === 1 ? 0.1 + 0.8 * hard : 0.3
  const last = simulated(linUcb(), worth, 1500, (random) => [1, Math.round(random())])
  expect((last[0] ?? 0) + (last[1] ?? 0)).toBeGreaterThan(85)
  expect(Math.min(last[0] ?? 0, last[1] ?? 0)).toBeGreaterThan(25)
})

it('law: whatever the rewards, every score is a number, and thompson’s lie between 0 and 1', () => {
  const step = fc.record({
    choice: fc.integer({ min: 0, max: 2 }),
    reward: fc.double({ min: 0, max: 1, noNaN: true }),
    x: fc.double({ min: 0, max: 1, noNaN: true }),
  })
  fc.assert(
    fc.property(fc.array(step, { maxLength: 100 }), fc.integer(), (steps, seed) => {
      const random = seeded(seed)
      for (const learner of [ema(), thompson(), linUcb()] as Learner[]) {
        let state = learner.begin(3)
        for (const { choice, reward, x } of steps) state = learner.learn(state, choice, reward, [1, x])
        const scores = learner.scores(state, [1, 0.5], random)
        expect(scores).toHaveLength(3)
        for (const score of scores) expect(Number.isFinite(score)).toBe(true)
      }
      for (const score of (thompson() as Learner).scores(thompson().begin(3), [], random)) {
        expect(score).toBeGreaterThanOrEqual(0)
        expect(score).toBeLessThanOrEqual(1)
      }
    }),
    { numRuns: 50 },
  )
})

const good = (provider: string) => mockProvider({ provider, retry: false })
const bad = () =>
  mockProvider({
    provider: 'bad',
    retry: false,
    answers: Array.from({ length: 500 }, () => new LlmError('overloaded', 'Busy.')),
  })

it('asks the one that answers, and the next where it does not', async () => {
  const [failing, well] = [bad(), good('good')]
  const provider = learn([failing, well], { seed: 3 })
  for (let call = 0; call < 60; call++) expect((await provider.chat('x')).provider).toBe('good')
  expect(failing.requests.length).toBeLessThan(20)
})

it('goes by a reward of one’s own, which may say nothing', async () => {
  const [a, b] = [good('a'), good('b')]
  const provider = learn([a, b], {
    by: 'ema',
    seed: 1,
    reward: ({ response, request }) =>
      request === 'silent' ? undefined : response?.provider === 'b' ? 1 : 0,
  })
  for (let call = 0; call < 40; call++) await provider.chat(call < 5 ? 'silent' : 'x')
  expect(b.requests.length).toBeGreaterThan(25)
})

it('does not hold it against anybody that a caller left or asked nonsense', async () => {
  const state = memoryState()
  const provider = learn([good('a'), good('b')], { state, key: 'k', seed: 1 })
  await provider.chat([]).catch(() => {})
  await provider.chat('x', { signal: AbortSignal.abort() }).catch(() => {})
  for await (const event of provider.stream('x y z')) if (event.type === 'text') break
  expect(await state.get('learn:k')).toBeUndefined()
})

it('keeps what it learned in a folder, for the next process', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'patchbay-learn-'))
  const state = () => fileState(folder)
  const teacher = learn([bad(), good('good')], { state: state(), seed: 1 })
  for (let call = 0; call < 40; call++) await teacher.chat('x')
  const fresh = bad()
  const heir = learn([fresh, good('good')], { state: state(), seed: 2 })
  for (let call = 0; call < 20; call++) await heir.chat('x')
  expect(fresh.requests.length).toBeLessThan(3)
  await rm(folder, { recursive: true })
})

it('the same seed chooses the same', async () => {
  const run = async () => {
    const provider = learn([good('a'), good('b'), good('c')], { seed: 11, reward: () => 0.5 })
    const names: string[] = []
    for (let call = 0; call < 20; call++) names.push((await provider.chat('x')).provider)
    return names.join('')
  }
  expect(await run()).toBe(await run())
})

it('asks in order where its state is gone, and refuses a way nobody knows', async () => {
  const gone = () => Promise.reject(new Error('gone'))
  const provider = learn([good('a'), good('b')], { state: { get: gone, swap: gone } })
  expect((await provider.chat('x')).provider).toBe('a')
  expect(() => learn([good('a')], { by: 'magic' as never })).toThrow(/magic/)
})
