// A queue beside a plain list, and streams whose events wait by the ten thousand.
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { mockProvider } from '../../../testing/src/mock.js'
import { growth } from '../../test/growth.js'
import { Fifo } from './fifo.js'

it('gives what a list would, in its order, whatever is added, taken and cleared in between', () => {
  const step = fc.oneof(
    { weight: 5, arbitrary: fc.record({ push: fc.integer({ min: 1, max: 3000 }) }) },
    { weight: 5, arbitrary: fc.record({ shift: fc.integer({ min: 1, max: 3000 }) }) },
    { weight: 1, arbitrary: fc.constant('clear' as const) },
  )
  fc.assert(
    fc.property(fc.array(step, { maxLength: 20 }), (steps) => {
      const queue = new Fifo<number>()
      let list: number[] = []
      let number = 0
      for (const step of steps) {
        if (step === 'clear') {
          queue.clear()
          list = []
        } else if ('push' in step)
          for (let count = 0; count < step.push; count++) {
            queue.push(number)
            list.push(number++)
          }
        else {
          const taken = Array.from({ length: step.shift }, () => queue.shift())
          expect(taken.filter((item) => item !== undefined)).toEqual(list.slice(0, step.shift))
          list = list.slice(step.shift)
        }
        expect(queue.length).toBe(list.length)
      }
    }),
    { numRuns: 50 },
  )
})

it('events that wait for a loop while the response is awaited cost the same each, however many they are', async () => {
  const run = async (count: number) => {
    const events = Array.from({ length: count }, () => ({ type: 'text' as const, text: 'a' }))
    const stream = mockProvider({ answers: [{ events }] }).stream('Hi')
    const loop = stream[Symbol.asyncIterator]()
    await loop.next()
    // The loop reads on when the whole answer waits for it.
    const { text } = await stream.response()
    let read = 0
    for (let next = await loop.next(); !next.done; next = await loop.next())
      if (next.value.type === 'text') read++
    expect([text.length, read]).toEqual([count, count])
  }
  expect(await growth(run, 20_000)).toBeLessThan(1.7)
})
