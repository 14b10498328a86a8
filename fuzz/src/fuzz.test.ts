// A few hundred cases of each decoder with every run, and every case that ever found something. `npm run fuzz` runs more.
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { damaged } from './mutate.js'
import seeds from './seeds.json' with { type: 'json' }
import { targets } from './targets.js'

interface Seed {
  target: string
  seed: number
  path: string
}

const runs = 200

it.each(Object.entries(targets))('%s takes anything', async (name, target) => {
  const property = fc.asyncProperty(damaged(target.corpus), ({ bytes, cuts }) => target.check(bytes, cuts))
  await fc.assert(property, { numRuns: runs })
  for (const { seed, path } of (seeds as Seed[]).filter((one) => one.target === name))
    await fc.assert(property, { seed, path, endOnFailure: true, numRuns: 1 })
})

it('keeps seeds of targets that are there', () => {
  for (const { target } of seeds as Seed[]) expect(Object.keys(targets)).toContain(target)
})
