// A queue beside a plain list.
import fc from 'fast-check'
import { expect, it } from 'vitest'
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
