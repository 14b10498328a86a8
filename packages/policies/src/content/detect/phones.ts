// Telephone numbers, as people of ten countries write them: with their country's code anywhere, without it in the groups
// that are usual there. Each is checked by `libphonenumber-js`.
import { type CountryCode, parsePhoneNumberFromString } from 'libphonenumber-js/min'
import { byPattern, type Finder, groupsOf, isNamedBefore } from './scan.js'

/** A country, and how its numbers are grouped where no country's code is written: `3` is a group of three digits. */
interface Habit {
  country: CountryCode
  shape: RegExp
  /** Enough by itself: what is written like this is a telephone, whether its area is given out or not. */
  enough?: true
  /** Only after a word that says what it is: years, pages, places and sums are grouped like this too. */
  named?: true
  /** How the digits begin, where the grouping alone says too little. */
  begins?: RegExp
  /** For the guide. */
  example: string
}

export const habits: Habit[] = [
  { country: 'DE', shape: /^1[0-2]$|^\(?[2-6][(\d) /.-]*$/, begins: /^0[1-9]/, example: '030 901820-55' },
  {
    country: 'FR',
    shape: /^2[ .-]?2[ .-]?2[ .-]?2[ .-]?2$|^10$/,
    begins: /^0[1-9]/,
    example: '01 42 68 53 00',
  },
  { country: 'GB', shape: /^1[01]$|^\(?[2-6][(\d) -]*$/, begins: /^0[1-9]/, example: '020 7946 0958' },
  { country: 'IT', shape: /^(?:9|1[01])$|^\(?[2-6][(\d) /.-]*$/, begins: /^0[1-9]/, example: '06 6982 1234' },
  {
    country: 'IT',
    shape: /^3[ /.-](?:7|6|3[ .-]4|2[ .-]2[ .-]3)$/,
    begins: /^3/,
    example: '333 123 4567',
  },
  { country: 'NL', shape: /^10$|^\(?[2-6][(\d) -]*$/, begins: /^0[1-9]/, example: '06-12345678' },
  { country: 'IN', shape: /^11$|^\(?[2-6][(\d) -]*$/, begins: /^0[1-9]/, example: '022-2345 6789' },
  { country: 'IN', shape: /^(?:5[ -]5|4[ -]3[ -]3|3[ -]3[ -]4)$/, begins: /^[6-9]/, example: '98765 43210' },
  {
    country: 'US',
    shape: /^(?:1[ .-]?)?(?:\(3\) ?|3[ .-])3[ .-]4$/,
    enough: true,
    begins: /^1?[2-9]\d\d[2-9]\d{6}$/,
    example: '(415) 555-2671',
  },
  { country: 'ES', shape: /^(?:3 2 2 2|2 3 2 2)$/, begins: /^[679]/, example: '612 34 56 78' },
  { country: 'BR', shape: /^(?:\(2\) ?[45]|2 5)-?4$/, begins: /^[1-9][1-9]/, example: '(11) 91234-5678' },
  {
    country: 'PL',
    shape: /^(?:3[ -]3[ -]3)$/,
    begins: /^(?:45|5[0137]|6[069]|7[2389]|88)/,
    named: true,
    example: 'tel. 512 345 678',
  },
  { country: 'PL', shape: /^(?:\(2\) ?|2[ -])3[ -]2[ -]2$/, begins: /^[1-9]/, example: '22 621 02 12' },
]

const countries = [...new Set(habits.map(({ country }) => country))]
const dates = /^(?:2[./-]2[./-][24]|4[./-]2[./-]2)$/
const decimals = /^(?:0|[1-9]\d*)\.\d+$/
const named =
  /(?:tel|phone|mobile|cell|call|dial|fax|fon|ruf|handy|tél|appel|mobil|móvil|llam|chiam|bel|liga|dzwo|whatsapp|sms|☎|📞)[\p{L}]{0,8}[^\p{L}\d]{0,8}$/iu

export const phones: Finder[] = [
  byPattern(
    /(?<![\p{L}\d_@$€£#/+-]|\d[.,:])(?:\+|\()?\d[\d ()./-]{5,30}/gu,
    (match, at, text) => {
      // A bracket that is not closed after the first group is one of the sentence.
      const from = /^\((?:\d{7}|\d+(?!\d|\)))/.test(match) ? at + 1 : at
      for (const [, to] of groupsOf(match, at).slice(0, 9).reverse()) {
        const isAlone = !/^(?:[\p{L}_]|[.-][\p{L}\d])/u.test(text.slice(to, to + 2))
        if (isAlone && isPhone(text.slice(from, to), () => isNamedBefore(text, from, named)))
          return [from, to]
      }
      return undefined
    },
    // The end of a longer number is no telephone.
    'after',
  ),
]

function isPhone(text: string, isNamed: () => boolean): boolean {
  const digits = text.replace(/\D/g, '')
  if (digits.length < 7 || digits.length > 15 || /[ ./-]{3}/.test(text)) return false
  if (decimals.test(text)) return false
  if (text.lastIndexOf('(') > text.lastIndexOf(')')) return false
  // The sign says that it is one, if it has a right length.
  if (text.startsWith('+')) return parsePhoneNumberFromString(text.replace('(0)', ''))?.isPossible() ?? false
  if (text.startsWith('00')) return isValid(text.replace('(0)', '').replace('00', '+'))
  const shape = text.replace(/\d+/g, (group) => String(group.length))
  if (dates.test(shape)) return false
  const usual = habits.some(
    (habit) =>
      (habit.begins?.test(digits) ?? true) &&
      habit.shape.test(shape) &&
      (habit.named === undefined || isNamed()) &&
      (habit.enough ?? isValid(text, habit.country)),
  )
  return usual || (isNamed() && countries.some((country) => isValid(text, country)))
}

function isValid(text: string, country?: CountryCode): boolean {
  return parsePhoneNumberFromString(text, country)?.isValid() ?? false
}
