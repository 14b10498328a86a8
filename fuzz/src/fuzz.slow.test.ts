// A few hundred fixed cases of each decoder, and every case that ever failed. `npm run fuzz` looks for more.
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { damaged } from './mutate.js'
import seeds from './seeds.json' with { type: 'json' }
import { targets } from './targets.js'

/** What once broke a law: the seed it came from, and the body itself, which outlives a change of what is made of seeds. */
interface Found {
  target: string
  seed: number
  /** Base64. */
  body: string
  cuts: number[][]
}

const runs = 200

it.each(Object.entries(targets))('%s takes anything', async (name, target) => {
  const property = fc.asyncProperty(damaged(target.corpus), ({ bytes, cuts }) => target.check(bytes, cuts))
  await expect(fc.assert(property, { seed: 1, numRuns: runs })).resolves.toBeUndefined()
  for (const { body, cuts } of (seeds as Found[]).filter((one) => one.target === name))
    await target.check(Buffer.from(body, 'base64'), [cuts[0] ?? [], cuts[1] ?? []])
})

it('keeps seeds of targets that are there', () => {
  for (const { target } of seeds as Found[]) expect(Object.keys(targets)).toContain(target)
})
