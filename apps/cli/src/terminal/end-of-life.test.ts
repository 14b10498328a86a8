// Which models are warned of, and in which words.
import { expect, it } from 'vitest'
import { endOfLifeWarning } from './end-of-life.js'

const now = Date.parse('2026-11-28T12:00:00Z')

it.each<[string | undefined, string | undefined]>([
  ['2027-01-14', 'm ends in 47 days, on 2027-01-14. Choose another model.'],
  ['2027-01-27', 'm ends in 60 days, on 2027-01-27. Choose another model.'],
  ['2027-01-28', undefined],
  ['2026-11-29', 'm ends on 2026-11-29. Choose another model.'],
  ['2026-11-28', 'm ends on 2026-11-28. Choose another model.'],
  ['2026-11-26', 'm ended on 2026-11-26. Choose another model.'],
  ['soon', undefined],
  [undefined, undefined],
])('the warning of a model that ends on %s is: %s', (day, warning) =>
  expect(endOfLifeWarning('m', day, now)).toBe(warning))
