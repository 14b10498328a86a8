// Card numbers: the beginnings and lengths that networks use (from the table of `credit-card-type`), and their check digit.
import creditCardType from 'credit-card-type'
import { byPattern, type Finder, groupsOf } from './scan.js'

const separators = /[ -]/g

// The digits go on: a longer id, or the decimals of a number.
const goesOn = /^(?:-|\.\d|e[+-]?\d)/i

/** Groups that end at one of the lengths, the longest first: an expiry date or an amount may follow. */
export const cards: Finder[] = [
  byPattern(
    /(?<![\d-]|\d\.)[2-6]\d{3}[ -]?\d{4,6}[ -]?\d{4,5}(?:[ -]?\d{1,4}){0,2}(?!\d)/g,
    (match, at, text) => {
      for (const [, to] of groupsOf(match, at).reverse())
        if (!goesOn.test(text.slice(to, to + 3)) && isCard(text.slice(at, to).replace(separators, '')))
          return [at, to]
      return undefined
    },
  ),
]

function isCard(digits: string): boolean {
  return (
    creditCardType(digits).some(({ lengths }) => lengths.includes(digits.length)) && hasCheckDigit(digits)
  )
}

/** ISO/IEC 7812-1, annex B (Luhn). */
function hasCheckDigit(digits: string): boolean {
  let sum = 0
  for (let at = 0; at < digits.length; at++) {
    const value = Number(digits[digits.length - 1 - at]) * (at % 2 === 0 ? 1 : 2)
    sum += value > 9 ? value - 9 : value
  }
  return sum % 10 === 0
}
