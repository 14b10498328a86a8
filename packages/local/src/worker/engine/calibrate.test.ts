// Calibration: the fastest setting is found under noise, a result is believed as long as it can be, and a collapse of speed is noticed.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { alive, openRandom, readFirstText, temporaryFolder, waitUntil } from '../../../test/fixtures.js'
import { bestOf } from './best-of.js'
import { CalibrationCache, type Measurement } from './calibration-cache.js'
import { SpeedWatch } from './speed-watch.js'

/** Trials on a simulated clock, so many milliseconds each. */
function simulated(cost: (setting: number, trial: number) => number) {
  let now = 0
  const trials: number[] = []
  const trial = async (setting: number) => {
    trials.push(setting)
    const ms = cost(setting, trials.length - 1)
    now += ms
    return { ms }
  }
  return { trials, trial, now: () => now }
}

describe('the fastest of several settings', () => {
  it('is found whatever the noise of two of its three tries', async () => {
    const times = [300, 160, 90] as const
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.constantFrom(1, 1.3, 3), { minLength: 9, maxLength: 9 }),
        fc.integer({ min: 0, max: 2 }),
        async (noise, quietRound) => {
          const { trial, now } = simulated((setting, at) => {
            const quiet = Math.floor(at / 3) === quietRound
            return (times[setting] ?? 0) * (quiet ? 1 : (noise[at] ?? 1))
          })
          const { best } = await bestOf([0, 1, 2], trial, { ordered: false, now })
          // A setting that was hopeless in two rounds of noise is not tried in the third.
          const tries = quietRound < 2 || !noise.slice(0, 6).includes(3)
          if (tries) expect(best.setting).toBe(2)
        },
      ),
    )
  })

  it('is not looked for beyond one that is far slower and costs seconds', async () => {
    const { trials, trial, now } = simulated((setting) => ({ 1: 100, 2: 60, 4: 5000 })[setting] ?? 9000)
    const { best } = await bestOf([1, 2, 4, 8], trial, { ordered: true, now })
    expect(best.setting).toBe(2)
    expect(trials).not.toContain(8)
  })

  it('is looked for beyond one that one busy moment made slow', async () => {
    const { trial, now } = simulated((setting, at) => (at === 1 ? 400 : 200 / setting))
    const { best } = await bestOf([1, 2, 4], trial, { ordered: true, now })
    expect(best.setting).toBe(4)
  })

  it('is looked for during a bounded time', async () => {
    const { trials, trial, now } = simulated(() => 3000)
    await bestOf([1, 2, 4, 8], trial, { ordered: true, now })
    expect(trials.length).toBe(2)
  })
})

describe('a stored measurement', () => {
  const measured: Measurement = {
    threads: 2,
    batchSize: 512,
    stepMs: 20,
    why: '2 threads 20 ms',
    engine: '3.0.0',
    measuredAt: 1_000,
    busy: false,
  }
  const day = 86_400_000

  it.each([
    ['at once', {}, 1_000, true],
    ['for a month', {}, 1_000 + 29 * day, true],
    ['not for longer', {}, 1_000 + 31 * day, false],
    ['for an hour if the machine was busy', { busy: true }, 1_000 + day / 48, true],
    ['not for a day if it was', { busy: true }, 1_000 + day, false],
    ['not if it is of the future', {}, 0, false],
    ['not of another engine', { engine: '2.9.0' }, 1_000, false],
    ['not if it is damaged', { threads: -1 }, 1_000, false],
    ['not with threads that no machine has', { threads: 1e9 }, 1_000, false],
    ['not with a batch that no memory holds', { batchSize: 2 ** 40 }, 1_000, false],
    ['not if a step took less than no time', { stepMs: -5 }, 1_000, false],
    ['not if it was made before these facts were kept', { busy: undefined as never }, 1_000, false],
  ])('is believed %s', async (_, changed, now, isBelieved) => {
    const dir = temporaryFolder()
    const cache = new CalibrationCache(dir, 'a')
    const stored = { ...measured, ...changed }
    await cache.write(stored)
    await new CalibrationCache(dir, 'b').write(measured)
    expect(await cache.read('3.0.0', now)).toEqual(isBelieved ? stored : undefined)
    expect(await new CalibrationCache(dir, 'b').read('3.0.0', 1_000)).toEqual(measured)
    await cache.write(undefined)
    expect(await cache.read('3.0.0', 1_000)).toBeUndefined()
  })
})

describe('a collapse of speed', () => {
  const answer = (outputTokens: number, decodeMs: number) => ({
    finishReason: 'stop' as const,
    rawFinishReason: 'eos',
    inputTokens: 10,
    cachedInputTokens: 0,
    outputTokens,
    promptMs: 1,
    decodeMs,
  })
  it.each([
    ['three slow answers in a row', [5000, 5000, 5000], true],
    ['slow answers with a fast one between them', [5000, 5000, 1000, 5000, 5000], false],
    ['answers at the measured speed', [1000, 1000, 1000], false],
    ['answers twice as slow', [2000, 2000, 2000], false],
  ])('%s: %o', (_, times, expected) => {
    const watch = new SpeedWatch(10)
    expect(times.map((ms) => watch.hasCollapsed(answer(100, ms))).includes(true)).toBe(expected)
  })

  it('is not seen in a few tokens', () => {
    const watch = new SpeedWatch(10)
    expect([1, 2, 3].some(() => watch.hasCollapsed(answer(3, 5000)))).toBe(false)
  })

  it.skipIf(process.platform === 'win32')('has the threads measured again, and no call is lost', async () => {
    const cacheDir = temporaryFolder()
    const llm = openRandom({}, { cacheDir, threads: undefined as never })
    const measuredAt = () =>
      Object.values<Measurement>(JSON.parse(readFileSync(join(cacheDir, 'calibration.json'), 'utf8'))).map(
        (each) => each.measuredAt,
      )
    const slow = async () => {
      const stream = llm.stream({ messages: 'talk', maxOutputTokens: 24 })
      await readFirstText(stream)
      const { pid = 0 } = llm.stats()
      process.kill(pid, 'SIGSTOP')
      setTimeout(() => process.kill(pid, 'SIGCONT'), 1_000)
      return (await stream.response()).usage.outputTokens
    }
    await llm.chat({ messages: 'talk', maxOutputTokens: 1 })
    const { pid = 0 } = llm.stats()
    const [first] = measuredAt()
    for (let turn = 0; turn < 3; turn++) expect(await slow()).toBe(24)
    await waitUntil(() => llm.stats().unloads === 1 && !alive(pid))
    expect(measuredAt()).toEqual([])
    const [again, beside] = await Promise.all(
      [1, 2].map(() => llm.chat({ messages: 'talk', maxOutputTokens: 5 })),
    )
    expect([again?.usage.outputTokens, beside?.usage.outputTokens]).toEqual([5, 5])
    expect(measuredAt()[0]).toBeGreaterThan(first ?? 0)
    expect(llm.stats()).toMatchObject({ unloads: 1, restarts: 0 })
  })
})
