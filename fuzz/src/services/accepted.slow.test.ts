// Requests that the contract accepts are accepted by services: random conversations, handed over between all targets, become requests that the
// strict service takes, or one typed error before anything is sent. `npm run fuzz:requests` does the same with thousands.
import { afterAll, beforeAll, expect, it } from 'vitest'
import { judge, type Opened } from './judge.js'
import { open, targets } from './targets.js'

const runs = Number(process.env.PATCHBAY_LAW_RUNS ?? 60)
const seed = Number(process.env.PATCHBAY_LAW_SEED ?? 1)
let all: Opened
beforeAll(async () => {
  all = await open()
})
afterAll(() => Promise.all(all.flatMap(({ provider, service }) => [provider.close(), service.close()])))

it.each(Object.keys(targets))(`%s accepts it, or refuses it before the wire (seed ${seed})`, async (name) => {
  const { broken, unavoidable, accepted } = await judge(all, name, { seed, runs })
  expect(broken).toEqual({})
  // With onUnsupported: 'warn', an error only where nothing can be left out: there is no such thing in these requests.
  expect(unavoidable).toEqual([])
  // A law that only ever saw refusals before the wire has seen nothing.
  expect(accepted).toBeGreaterThan(runs / 20)
})
