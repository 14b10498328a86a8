// Compacted conversations are accepted by services as whole ones are: random conversations, handed over between providers, through compact().
import { compact, hooks } from '@patchbay/policies'
import { mockProvider } from '@patchbay/testing/mock'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { judge, type Opened } from './judge.js'
import { open, targets } from './targets.js'

const runs = Number(process.env.PATCHBAY_LAW_RUNS ?? 40)
const seed = Number(process.env.PATCHBAY_LAW_SEED ?? 1)
let all: Opened
let compacted = 0
beforeAll(async () => {
  const summarizer = mockProvider({ answers: [], model: 'summaries' })
  all = (await open({ inMemory: true })).map((target, index) => {
    const options = index % 2 === 0 ? { by: 'trim' as const } : { summarizer }
    const provider = compact(target.provider, { at: 30, keep: 12, ...options })
    const counting = hooks(provider, {
      onFinish: ({ response }) => {
        if (JSON.stringify(response).includes('earlier messages')) compacted++
      },
    })
    return { ...target, provider: counting }
  })
})
afterAll(() => Promise.all(all.map(({ provider }) => provider.close())))

it.each(
  Object.keys(targets),
)(`%s accepts what is left, or it is refused before the wire (seed ${seed})`, async (name) => {
  const before = compacted
  const { broken, unavoidable, accepted } = await judge(all, name, { seed, runs })
  expect(broken).toEqual({})
  expect(unavoidable).toEqual([])
  expect(accepted).toBeGreaterThan(runs / 20)
  expect(compacted).toBeGreaterThan(before)
})
