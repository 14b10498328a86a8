// What is found of a test set with numbers of ten countries, and what is taken for one that is none; and that finding
// takes time in proportion to the text.
import { readFileSync, writeFileSync } from 'node:fs'
import { beforeAll, describe, expect, it } from 'vitest'
import { growth } from '../../test/growth.js'
import { samples } from '../../test/numbers.js'
import { type Detector, detectorOf } from './detect.js'
import { stateIds } from './ids.js'
import { habits } from './phones.js'
import { Placeholders } from './placeholders.js'

let detect: Detector
beforeAll(async () => {
  detect = await detectorOf()
})

interface Tally {
  wanted: number
  found: number
  wrong: number
}

/** By kind and country: how many there are, how many of them are found, and what else is taken. */
function tallied(): Map<string, Tally> {
  const all = new Map<string, Tally>()
  const of = (name: string) => {
    const known = all.get(name) ?? { wanted: 0, found: 0, wrong: 0 }
    all.set(name, known)
    return known
  }
  for (const { kind, country, text, value } of samples()) {
    const found = detect(text)
    const right = found.find((one) => one.text === value && one.kind === kind)
    if (value !== undefined) {
      const tally = of(`${kind} ${country}`.trim())
      tally.wanted++
      if (right !== undefined) tally.found++
      // Another kind's placeholder hides it as well, but says something untrue.
      else if (found.some((one) => one.text.includes(value))) tally.wrong++
    } else of('nobody').wanted++
    if (value === undefined) of('nobody').wrong += found.length
  }
  return all
}

const names: Record<string, string> = {
  DE: 'Germany',
  FR: 'France',
  GB: 'United Kingdom',
  US: 'United States',
  IT: 'Italy',
  ES: 'Spain',
  NL: 'Netherlands',
  IN: 'India',
  BR: 'Brazil',
  PL: 'Poland',
}

it('finds what people of ten countries write, and little else', () => {
  const all = tallied()
  const lines = [...all].map(
    ([name, { wanted, found, wrong }]) => `${name}: ${found} of ${wanted}, ${wrong} as another`,
  )
  for (const [name, { wanted, found, wrong }] of all)
    if (name === 'nobody') expect(wrong / wanted, lines.join('\n')).toBeLessThan(0.01)
    else expect(found / wanted, lines.join('\n')).toBeGreaterThanOrEqual(0.97)
})

it('the guide says what is found, and how much of the test set', () => {
  const all = tallied()
  const percent = (one: Tally | undefined) =>
    one === undefined ? '–' : `${Math.floor((100 * one.found) / one.wanted)} %`
  const rows = Object.entries(names).map(([code, name]) => {
    const phones = habits.filter(({ country }) => country === code).map(({ example }) => `\`${example}\``)
    const own = stateIds
      .filter(({ country, named }) => country === code && named === undefined)
      .map((one) => `${one.name} \`${one.example}\``)
    if (code === 'US') own.push('SSN and ITIN `123-45-6789`')
    return `| ${name} | ${phones.join(', ')} | ${percent(all.get(`phone ${code}`))} | ${own.join(', ')} | ${percent(all.get(`id ${code}`))} |`
  })
  const sum = (kind: string) =>
    [...all]
      .filter(([one]) => one.startsWith(kind))
      .reduce(
        (total, [, { found, wanted }]) => ({
          wanted: total.wanted + wanted,
          found: total.found + found,
          wrong: 0,
        }),
        { wanted: 0, found: 0, wrong: 0 },
      )
  const nobody = all.get('nobody')
  const table = [
    '| | telephones (or `+` and the code of any country) | found | numbers of people | found |',
    '|---|---|---|---|---|',
    ...rows,
    '',
    `Of a generated test set, ${percent(sum('card'))} of the cards of nine networks and ${percent(sum('iban'))} of the accounts are found too; of ${nobody?.wanted} texts with`,
    `times, dates, versions, sums, addresses and ids in them, ${nobody?.wrong} had something taken for a number of somebody's.`,
  ].join('\n')
  const guide = new URL('../../README.md', import.meta.url)
  const text = readFileSync(guide, 'utf8')
  const block = /(<!-- found: by PATCHBAY_WRITE=1 vitest run detect -->\n\n)[\s\S]*?(\n\n<!-- \/found -->)/
  expect(text).toMatch(block)
  if (process.env.PATCHBAY_WRITE)
    writeFileSync(
      guide,
      text.replace(block, (_, before, after) => before + table + after),
    )
  else expect(block.exec(text)?.[0]).toContain(table)
})

it.each([
  'Call 030 901820-55 or 0151 23456789.',
  'Tel. 4159552671',
  '+49 (0)30 901820-55',
  '0049 30 90182055',
  '(0161) 496 0000',
])('finds a telephone in %s', (text) => {
  expect(detect(text).map(({ kind }) => kind)).toContain('phone')
})

it.each([
  ['AB1234567890', []],
  ['1234567890', []],
  ['SKU 415-555-26711', []],
  ['078-05-1120 and 912-70-1234', ['ssn', 'ssn']],
  ['900-12-3456', []],
])('takes of %s only %j', (text, expected) => {
  expect(detect(text).map(({ kind }) => kind)).toEqual(expected)
})

describe('takes time in proportion to the text', () => {
  const repeated: [string, (index: number) => string][] = [
    ['beginnings of tokens', () => 'eyJ-'],
    ['tokens with one part', () => 'eyJabcdefghijkl.'],
    ['beginnings of keys', () => 'sk-'],
    ['beginnings of private keys', () => '-----BEGIN PRIVATE KEY-----'],
    ['spaces', () => ' '],
    ['bearers', () => 'Bearer  '],
    ['different addresses', (index) => `user${index}@mail${index % 97}.example.com `],
    ['signs of addresses', () => 'a@a.'],
    ['many ats', () => '@'],
    ['addresses with users', () => 'x://a:b'],
    ['digits', () => '1'],
    ['digits apart', () => '4 '],
    ['brackets', () => '(1'],
    ['placeholders begun', () => '[A_'],
    ['placeholders', (index) => `[EMAIL_${index}]`],
    ['letters', () => 'A'],
    ['zeros', () => '0 1-'],
    ['beginnings of accounts', () => 'DE89 '],
    ['telephones', (index) => `+49 30 ${10_000_000 + index} `],
    ['the same address', () => 'ann@example.com '],
    ['keys that begin alike', (index) => `sk-proj-${'a'.repeat(80)}${index} `],
  ]
  it.each(repeated)(
    '%s',
    (_, piece) => {
      const make = (n: number) => {
        const text = Array.from({ length: n }, (__, index) => piece(index)).join('')
        return () => {
          const placeholders = new Placeholders([text], detect, { WORD: ['one', 'two'] })
          return placeholders.restoredText(placeholders.masked(text))
        }
      }
      expect(growth(make, 500)).toBeLessThan(9)
    },
    60_000,
  )
})
