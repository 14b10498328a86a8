// Grammar expressions for numbers between bounds, tested as regular expressions, number by number.
import { describe, expect, it } from 'vitest'
import { integerRange, numberRange } from './number-grammar.js'

describe('the expression for a range', () => {
  const expression = (grammar: string | undefined) =>
    new RegExp(
      `^(${(grammar ?? '[]')
        .replaceAll('"."', '\\.')
        .replaceAll(/"([^"]*)"/g, (_, text) => text.replaceAll('.', '\\.'))
        .replaceAll(' ', '')})$`,
    )

  it('matches its integers, and nothing else', () => {
    const ends = [-1234, -100, -99, -10, -1, 0, 1, 9, 10, 19, 99, 100, 101, 999, 1000]
    for (const least of ends)
      for (const most of ends.filter((end) => end >= least)) {
        const range = expression(integerRange(least, most))
        const matched = []
        for (let value = -1300; value <= 1100; value++) if (range.test(String(value))) matched.push(value)
        expect([matched[0], matched.at(-1), matched.length]).toEqual([least, most, most - least + 1])
      }
  })

  it('matches its numbers with fractions', () => {
    for (const [least, most, leastExcluded, mostExcluded] of [
      [0, 1, false, false],
      [-2, 3, true, true],
      [5, 5, false, false],
      [-3, -1, true, false],
      [0, 10, true, false],
    ] as const) {
      const range = expression(numberRange({ least, most, leastExcluded, mostExcluded }))
      for (let value = -400; value <= 1100; value++) {
        const number = value / 100
        if (range.test(String(number)))
          expect(
            number >= least &&
              number <= most &&
              !(leastExcluded && number === least) &&
              !(mostExcluded && number === most),
          ).toBe(true)
      }
      for (const inside of [(least + most) / 2])
        if (least < most) expect(range.test(String(inside))).toBe(true)
    }
    expect(numberRange({ least: 1, most: 1, leastExcluded: true })).toBeUndefined()
  })
})
