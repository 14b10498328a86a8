// Nothing that a service takes is refused by us: random conversations, written by hand in the service's own fields. Where the strict
// service takes that, so does our backend.
import { expect, it } from 'vitest'
import { overRefusals } from './over-refusals.js'
import { targets } from './targets.js'

const runs = Number(process.env.PATCHBAY_LAW_RUNS ?? 300)
const seed = Number(process.env.PATCHBAY_LAW_SEED ?? 1)

it.each(Object.keys(targets))(`%s refuses nothing that its service takes (seed ${seed})`, async (name) => {
  const { found, sent, agreed } = await overRefusals(name, { seed, runs })
  expect(found).toEqual({})
  // A law that never saw a refusal, or only refusals, has seen nothing.
  expect(sent).toBeGreaterThan(runs / 20)
  expect(sent + agreed).toBe(runs)
})
