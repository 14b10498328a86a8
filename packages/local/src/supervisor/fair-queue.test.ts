// Laws of the fair queue: no entry is lost or taken twice, each caller's order holds, callers take turns.
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { FairQueue, type Priority, priorities } from './fair-queue.js'

interface Item {
  caller: string
  priority: Priority
  id: number
}

const step = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant('add' as const),
      caller: fc.constantFrom('a', 'b', 'c'),
      priority: fc.constantFrom(...priorities),
    }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('take' as const) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('remove' as const), at: fc.nat() }) },
)

describe('a fair queue', () => {
  it('returns each entry once, by priority, and those of one caller in order', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 80 }), (steps) => {
        const queue = new FairQueue<Item>()
        const inside = new Set<Item>()
        let id = 0
        for (const action of steps) {
          if (action.do === 'add') {
            const item = { caller: action.caller, priority: action.priority, id: id++ }
            queue.add(item)
            inside.add(item)
          } else if (action.do === 'remove') {
            const item = [...inside][action.at % Math.max(1, inside.size)]
            if (item === undefined) continue
            expect(queue.remove(item)).toBe(true)
            expect(queue.remove(item)).toBe(false)
            inside.delete(item)
          } else {
            const [first] = queue
            const item = queue.take()
            expect(item).toBe(first)
            if (item === undefined) expect(inside.size).toBe(0)
            else {
              expect(inside.delete(item)).toBe(true)
              for (const other of inside) {
                expect(priorities.indexOf(other.priority)).toBeGreaterThanOrEqual(
                  priorities.indexOf(item.priority),
                )
                if (other.caller === item.caller && other.priority === item.priority)
                  expect(other.id).toBeGreaterThan(item.id)
              }
            }
          }
          expect(queue.size).toBe(inside.size)
          expect(new Set(queue)).toEqual(inside)
        }
        const expected = [...queue]
        expect(expected.map(() => queue.take())).toEqual(expected)
      }),
    )
  })

  it('makes a caller wait for at most one entry of each other caller', () => {
    fc.assert(
      fc.property(fc.array(fc.nat({ max: 20 }), { minLength: 1, maxLength: 6 }), (counts) => {
        const queue = new FairQueue<Item>()
        counts.forEach((count, caller) => {
          for (let id = 0; id < count; id++) queue.add({ caller: String(caller), priority: 'normal', id })
        })
        queue.add({ caller: 'late', priority: 'normal', id: 0 })
        const order = [...queue]
        const others = counts.filter((count) => count > 0).length
        expect(order.findIndex(({ caller }) => caller === 'late')).toBeLessThanOrEqual(others)
      }),
    )
  })
})
