// A test set for what is found: numbers of ten countries in sentences, made of each country's own rules, and texts with
// numbers that are nobody's. Every one comes with what is in it, and all of it is the same each time.
import { allFakers, type Faker } from '@faker-js/faker'
import { getExampleNumber } from 'libphonenumber-js/min'
import examples from 'libphonenumber-js/mobile/examples'
import { stateIds } from '../src/content/detect/ids.js'
import { habits } from '../src/content/detect/phones.js'
import type { MaskKind } from '../src/index.js'

/** A text, and what of it is to be found. */
export interface Sample {
  kind: MaskKind
  country: string
  text: string
  /** Nothing in texts that are nobody's. */
  value?: string
}

/** Numbers that are the same each time. */
function chance(seed: number): (below: number) => number {
  let state = seed
  return (below) => {
    state = (Math.imul(state ^ (state >>> 15), 0x2c1b3c6d) + 0x297a2d39) | 0
    return (state >>> 8) % below
  }
}

const digits = (count: number, next: (below: number) => number) =>
  Array.from({ length: count }, () => next(10)).join('')

const sentences = [
  (value: string) => `My number is ${value}, please note it.`,
  (value: string) => `${value}`,
  (value: string) => `Customer;${value};active`,
  (value: string) => `{"value":"${value}"}`,
  (value: string) => `Ruf mich an (${value}) oder schreib.`,
  (value: string) => `Le 12 mai, ${value} et puis rien.`,
]

/** The same digits in the grouping of an example. */
function likeExample(example: string, plain: string): string {
  let at = 0
  return example.replace(/[A-Z0-9]/gi, () => plain[at++] ?? '')
}

function phonesOf(): Sample[] {
  const next = chance(1)
  return habits.flatMap(({ country, example }) => {
    const from = example.search(/[\d(]/)
    const before = example.slice(0, from)
    return Array.from({ length: 30 }, (_, index) => {
      // The beginning of a real number, the rest any: as numbers are given out.
      const plain = example.replace(/\D/g, '')
      const number = plain.slice(0, -4) + digits(4, next)
      // Many leave the groups out where a number begins with 0.
      const value =
        index % 5 === 4 && number.startsWith('0') ? number : likeExample(example.slice(from), number)
      return {
        kind: 'phone' as const,
        country,
        value,
        text:
          before === '' ? (sentences[index % sentences.length] ?? String)(value) : `Ring ${before}${value}.`,
      }
    })
  })
}

function internationalPhones(): Sample[] {
  const next = chance(2)
  const countries = ['DE', 'FR', 'GB', 'US', 'IT', 'ES', 'NL', 'IN', 'BR', 'PL'] as const
  return countries.flatMap((country) =>
    Array.from({ length: 20 }, (_, index) => {
      const number = getExampleNumber(country, examples)?.formatInternational() ?? ''
      const value = number.slice(0, -2) + digits(2, next)
      return {
        kind: 'phone' as const,
        country,
        value,
        text: (sentences[index % sentences.length] ?? String)(value),
      }
    }),
  )
}

function idsOf(): Sample[] {
  const next = chance(3)
  return stateIds.flatMap(({ country, example, form, isValid, named }) => {
    const whole = new RegExp(`^(?:${form.source})$`, form.flags.replace('g', ''))
    const value = named === undefined ? example : (example.split(' ').at(-1) ?? '')
    const before = example.slice(0, example.length - value.length)
    const found: Sample[] = []
    // Any digits in the place of the example's, until the check digits are right.
    for (let tries = 0; found.length < 12 && tries < 400_000; tries++) {
      const other = value.replace(/\d/g, () => String(next(10)))
      if (!whole.test(other) || !isValid(other)) continue
      const text =
        before === ''
          ? (sentences[found.length % sentences.length] ?? String)(other)
          : `My ${before}${other}.`
      found.push({ kind: 'id', country, value: other, text })
    }
    return found
  })
}

function luhn(start: string, length: number, next: (below: number) => number): string {
  const body = start + digits(length - start.length - 1, next)
  for (let last = 0; last < 10; last++) {
    const all = [...body, String(last)].reverse().map(Number)
    const sum = all.reduce(
      (total, digit, at) => total + (at % 2 === 0 ? digit : digit > 4 ? digit * 2 - 9 : digit * 2),
      0,
    )
    if (sum % 10 === 0) return body + last
  }
  return body
}

function cardsOf(): Sample[] {
  const next = chance(4)
  const networks: [string, number][] = [
    ['4', 16],
    ['51', 16],
    ['55', 16],
    ['2221', 16],
    ['34', 15],
    ['37', 15],
    ['36', 14],
    ['6011', 16],
    ['3530', 16],
    ['62', 16],
  ]
  return networks.flatMap(([start, length]) =>
    Array.from({ length: 20 }, (_, index) => {
      const plain = luhn(start, length, next)
      const value = index % 2 === 0 ? plain : (plain.match(/.{1,4}/g) ?? []).join(index % 4 === 1 ? ' ' : '-')
      return {
        kind: 'card' as const,
        country: '',
        value,
        text: (sentences[index % sentences.length] ?? String)(value),
      }
    }),
  )
}

function ibansOf(): Sample[] {
  const next = chance(5)
  const forms: [string, string][] = [
    ['DE', 'nnnnnnnnnnnnnnnnnn'],
    ['NL', 'AAAAnnnnnnnnnn'],
    ['GB', 'AAAAnnnnnnnnnnnnnn'],
    ['AT', 'nnnnnnnnnnnnnnnn'],
  ]
  const letters = 'ABNARABOINGBLOYD'
  return forms.flatMap(([country, form]) =>
    Array.from({ length: 20 }, (_, index) => {
      const account = form.replace(/[nA]/g, (sign) =>
        sign === 'n' ? String(next(10)) : (letters[next(16)] ?? 'A'),
      )
      const asDigits = `${account}${country}00`.replace(/[A-Z]/g, (letter) =>
        String(letter.charCodeAt(0) - 55),
      )
      const check = String(98n - (BigInt(asDigits) % 97n)).padStart(2, '0')
      const plain = `${country}${check}${account}`
      const value = index % 2 === 0 ? plain : (plain.match(/.{1,4}/g) ?? []).join(' ')
      return {
        kind: 'iban' as const,
        country,
        value,
        text: (sentences[index % sentences.length] ?? String)(value),
      }
    }),
  )
}

/** Numbers as logs, orders, tables and papers have them. */
function nobodys(): Sample[] {
  const next = chance(6)
  const makers: (() => string)[] = [
    () => `at ${1_600_000_000_000 + next(400_000_000)}${next(10)} ms`,
    () => `${1_700_000_000 + next(90_000_000)} s since 1970`,
    () =>
      `2026-${String(1 + next(12)).padStart(2, '0')}-${String(1 + next(28)).padStart(2, '0')} ${String(next(24)).padStart(2, '0')}:${digits(2, () => next(6))}`,
    () => `${String(1 + next(28)).padStart(2, '0')}.${String(1 + next(12)).padStart(2, '0')}.2026`,
    () => `${String(1 + next(28)).padStart(2, '0')}/${String(1 + next(12)).padStart(2, '0')}/2026`,
    () => `order #${digits(6, next)}`,
    () => `version ${next(20)}.${next(40)}.${next(99)}`,
    () => `10.${next(255)}.${next(255)}.${next(255)}:8080`,
    () => `sum ${next(999)},${digits(3, next)},${digits(3, next)}.${digits(2, next)} USD`,
    () => `${next(9) + 1} ${digits(3, next)} people`,
    () => `0x${digits(8, next)}`,
    () =>
      `id ${digits(8, next)}-${digits(4, next)}-4${digits(3, next)}-8${digits(3, next)}-${digits(12, next)}`,
    () => `ISBN 978-3-${digits(2, next)}-${digits(6, next)}-${next(10)}`,
    () => `1${digits(18, next)}`,
    () => `${next(90)}.${digits(6, next)}, ${next(180)}.${digits(6, next)}`,
    () => `pages ${next(400)}-${400 + next(400)}`,
    () => `invoice ${digits(4, next)}/${digits(5, next)}`,
    () => `12:${digits(2, () => next(6))}:${digits(2, () => next(6))}.${digits(3, next)}`,
    () => `class ${10 + next(90)} ${2000 + next(30)}-${2000 + next(30)}`,
    () => `p. ${10 + next(90)} ${3000 + next(999)}-${4000 + next(999)}`,
    () => `range ${next(9) + 1}00 ${next(9) + 1}00 ${next(9) + 1}00`,
    () => `box ${100 + next(900)} ${100 + next(900)} ${100 + next(900)}`,
    () => `${10 + next(90)} 000 000 000`,
    () => `{"score":${next(99) - 50}.${1 + next(9)}${digits(15, next)}}`,
  ]
  return makers.flatMap((make) =>
    Array.from({ length: 40 }, () => ({ kind: 'phone' as const, country: '', text: make() })),
  )
}

/** Ids of any digits: 9 to 11 of them, or 12 to 19 as cards have. */
export function randomIds(length: 'short' | 'long'): string[] {
  const next = chance(7)
  const [least, lengths] = length === 'short' ? [9, 3] : [12, 8]
  return Array.from(
    { length: 3000 },
    (_, index) => `id ${1 + next(9)}${digits(least - 1 + (index % lengths), next)}`,
  )
}

const locales: [country: string, faker: Faker][] = [
  ['DE', allFakers.de],
  ['FR', allFakers.fr],
  ['GB', allFakers.en_GB],
  ['US', allFakers.en_US],
  ['IT', allFakers.it],
  ['ES', allFakers.es],
  ['NL', allFakers.nl],
  ['IN', allFakers.en_IN],
  ['BR', allFakers.pt_BR],
  ['PL', allFakers.pl],
]

/**
 * What a generator of others makes, which knows nothing of ours: numbers as they look, many with areas or networks that
 * are not given out.
 */
export function ofOthers(): Sample[] {
  const sentence = (value: string) => `It is ${value}, as I said.`
  return locales.flatMap(([country, faker]) => {
    faker.seed(20)
    const many = (kind: MaskKind, make: () => string): Sample[] =>
      Array.from({ length: 100 }, make).map((value) => ({ kind, country, value, text: sentence(value) }))
    return [
      ...many('phone', () => faker.phone.number({ style: 'national' })),
      ...many('phone', () => faker.phone.number({ style: 'international' })),
      ...many('card', () => faker.finance.creditCardNumber()),
      ...many('iban', () => faker.finance.iban({ formatted: true })),
      ...many('name', () => faker.person.fullName()),
    ]
  })
}

/** All of it. */
export const samples = (): Sample[] => [
  ...phonesOf(),
  ...internationalPhones(),
  ...idsOf(),
  ...cardsOf(),
  ...ibansOf(),
  ...nobodys(),
]
