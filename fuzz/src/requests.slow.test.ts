// Request bodies that each backend makes of a few hundred fixed typed requests with unusual contents.
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { checkBodies, request, services } from './requests.js'

it.each(Object.entries(services))('%s answers or refuses any request', async (_, service) => {
  const outcomes = new Set<string>()
  const property = fc.asyncProperty(request, async (given) => {
    outcomes.add(await checkBodies(service, given))
  })
  await fc.assert(property, { seed: 1, numRuns: 400 })
  // A law that only ever saw refusals has seen nothing.
  expect([...outcomes].sort()).toEqual(['answered', 'refused'])
})
