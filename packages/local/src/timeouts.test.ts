// Time limits of a local model: the prompt takes most of the time, so the limit for all of a call is also that for its first event.
import { expect, it } from 'vitest'
import { open } from '../test/fixtures.js'

it.each([
  [undefined, { total: 120_000, first: 120_000 }],
  [900_000, { total: 900_000, first: 900_000 }],
  [{ total: 900_000 }, { total: 900_000, first: 900_000 }],
  [
    { total: 900_000, first: 5_000, idle: 700 },
    { total: 900_000, first: 5_000, idle: 700 },
  ],
])('timeout %j', (timeout, limits) => {
  expect(open({ timeout }).timeouts).toMatchObject(limits)
})
