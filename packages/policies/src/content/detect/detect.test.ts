// Detection on a test set with numbers of ten countries: what is found, and false positives; and that finding
// takes time in proportion to the text.
import { readFileSync, writeFileSync } from 'node:fs'
import { beforeAll, describe, expect, it } from 'vitest'
import { growth } from '../../../../core/test/growth.js'
import { ofOthers, randomIds, type Sample, samples } from '../../../test/numbers.js'
import { Placeholders } from '../mask/placeholders.js'
import { type Detector, detectorOf } from './detect.js'
import { nationalIds } from './ids.js'
import { nationalFormats } from './phones.js'

let detect: Detector
let names: Detector
let own: Map<string, Tally>
let others: Map<string, Tally>
beforeAll(async () => {
  detect = await detectorOf()
  names = await detectorOf(['name'])
  own = await tallied(samples())
  others = await tallied(ofOthers())
}, 120_000)

interface Tally {
  wanted: number
  found: number
  wrong: number
}

/** By kind and country: how many there are, how many of them are found, and what else is taken. */
async function tallied(all: Sample[]): Promise<Map<string, Tally>> {
  const tallies = new Map<string, Tally>()
  for (const { kind, country, text, value } of all) {
    const name = value === undefined ? 'nobody' : `${kind} ${country}`.trim()
    const tally = tallies.get(name) ?? { wanted: 0, found: 0, wrong: 0 }
    tallies.set(name, tally)
    tally.wanted++
    const found = await (kind === 'name' ? names : detect)(text)
    // A name may have a title before it.
    const isRight = (one: { kind: string; text: string }) =>
      one.kind === kind && (kind === 'name' ? value?.includes(one.text) : one.text === value)
    if (found.some(isRight)) tally.found++
    else tally.wrong += found.length
  }
  return tallies
}

/** Of how many in a thousand something is taken. */
const perMille = async (all: string[]) => {
  const found = await Promise.all(all.map((text) => detect(text)))
  return Math.round((1000 * found.filter(({ length }) => length > 0).length) / all.length)
}

const lines = (all: Map<string, Tally>) =>
  [...all]
    .map(([name, { wanted, found, wrong }]) => `${name}: ${found} of ${wanted}, ${wrong} others`)
    .join('\n')

const countries: Record<string, string> = {
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

it('finds the numbers of ten countries, with few false positives', () => {
  const all = own
  for (const [name, { wanted, found, wrong }] of all)
    if (name === 'nobody') expect(wrong / wanted, lines(all)).toBeLessThan(0.01)
    else expect(found / wanted, `${name}\n${lines(all)}`).toBeGreaterThanOrEqual(0.97)
})

it('finds most numbers of an independent generator', () => {
  const all = others
  // Italian numbers without the 0 that belongs to them, three groups of three; cards of thirteen digits, which no network gives out any more.
  const least: Record<string, number> = { 'phone IT': 0.45, phone: 0.9, card: 0.88, iban: 1, name: 0.2 }
  for (const [name, { wanted, found }] of all)
    expect(found / wanted, `${name}\n${lines(all)}`).toBeGreaterThanOrEqual(
      least[name] ?? least[name.split(' ')[0] ?? ''] ?? 1,
    )
})

it('the README shows what is found, and the rates of both test sets', async () => {
  const percent = (one: Tally | undefined) =>
    one === undefined ? '–' : `${Math.floor((100 * one.found) / one.wanted)} %`
  const rows = Object.entries(countries).map(([code, name]) => {
    const phones = nationalFormats
      .filter(({ country }) => country === code)
      .map(({ example }) => `\`${example}\``)
    const ids = nationalIds
      .filter(
        ({ country, name }, at) =>
          country === code && nationalIds.findIndex((one) => one.name === name) === at,
      )
      .map((one) => `${one.name} \`${one.example}\``)
    if (code === 'US') ids.push('SSN and ITIN `123-45-6789` (`ssn`)')
    const cells = [
      name,
      phones.join(', '),
      percent(own.get(`phone ${code}`)),
      percent(others.get(`phone ${code}`)),
      ids.join(', '),
      percent(own.get(`id ${code}`)),
      percent(others.get(`name ${code}`)),
    ]
    return `| ${cells.join(' | ')} |`
  })
  const sum = (from: Map<string, Tally>, kind: string) =>
    [...from]
      .filter(([one]) => one.startsWith(kind))
      .reduce(
        (total, [, one]) => ({ found: total.found + one.found, wanted: total.wanted + one.wanted, wrong: 0 }),
        {
          found: 0,
          wanted: 0,
          wrong: 0,
        },
      )
  const nobody = own.get('nobody')
  const table = [
    '| | telephone numbers (or `+` and any country code) | our set | faker’s set | identity numbers | our set | names, faker’s set |',
    '|---|---|---|---|---|---|---|',
    ...rows,
    '',
    'Rates for two generated test sets: ours follows the rules of each country, that of `@faker-js/faker` does not know',
    'them (its Italian numbers lack their 0, one in ten of its cards has thirteen digits, which no network issues). Of cards',
    `${percent(sum(own, 'card'))} and ${percent(sum(others, 'card'))} are found, of accounts ${percent(sum(own, 'iban'))} and ${percent(sum(others, 'iban'))}. Of ${nobody?.wanted} texts with times, dates, versions, sums, addresses and`,
    `ids, ${nobody?.wrong} had a false positive; of 1000 random numbers of 9 to 11 digits ${await perMille(randomIds('short'))},`,
    `of 1000 of 12 to 19 digits ${await perMille(randomIds('long'))}, where the prefix and the check digit of a card are right by chance.`,
  ].join('\n')
  const guide = new URL('../../../README.md', import.meta.url)
  const text = readFileSync(guide, 'utf8')
  const block = /(<!-- found: by PATCHBAY_WRITE=1 vitest run detect -->\n\n)[\s\S]*?(\n\n<!-- \/found -->)/
  expect(text).toMatch(block)
  if (process.env.PATCHBAY_WRITE)
    writeFileSync(
      guide,
      text.replace(block, (_, before, after) => before + table + after),
    )
  else expect(block.exec(text)?.[0]).toContain(table)
}, 60_000)

it.each([
  'Call 030 901820-55 or 0151 23456789.',
  'Tel. 4159552671',
  '+49 (0)30 901820-55',
  '0049 30 90182055',
  '(0161) 496 0000',
])('finds a telephone number in %s', async (text) => {
  expect((await detect(text)).map(({ kind }) => kind)).toContain('phone')
})

it.each([
  ['AB1234567890', []],
  ['1234567890', []],
  ['SKU 415-555-26711', []],
  ['078-05-1120 and 912-70-1234', ['ssn', 'ssn']],
  ['900-12-3456', []],
  ['Class 11 2023-2024 and class 12 2024-2025', []],
  ['FY 21 2024-2025', []],
  ['p. 21 3021-3027', []],
  ['range 600 700 800', []],
  ['bounding box 612 345 678', []],
  ['tel. 612 345 678', ['phone']],
  ['11 91234-5678 and (11) 2345-6789', ['phone', 'phone']],
  ['10 000 000 000', []],
  ['36574261809 44051401359 39053344705', []],
  ['Steuer-ID: 36574261809, PESEL 44051401359, CPF nº 39053344705', ['id', 'id', 'id']],
  ['{"a":333.1234567,"tel":333.1234567,"score":-0.4532015112830366}', []],
  ['1,4111111111111111,2', ['card']],
])('matches in %s only %j', async (text, expected) => {
  expect((await detect(text)).map(({ kind }) => kind)).toEqual(expected)
})

it.each([
  ['iban', 'IBAN DE89 3704 0044 0532 0130 00'],
  ['card', 'Carte 4111 1111 1111 1111'],
  ['card', '4111-1111-1111-1111'],
  ['phone', 'Tél. 01 42 68 53 00'],
  ['phone', '+49 30 901820'],
  ['phone', '+49-30-901820'],
  ['id', '2 95 10 99 126 111 93'],
  ['id', '390.533.447-05'],
  ['ssn', '078-05-1120'],
])('finds %s in %s, with any typographic spaces and dashes', async (kind, text) => {
  for (const space of '\u00a0\u2007\u202f')
    for (const dash of '\u2010\u2011\u2012\u2013\u2014\u2015') {
      const copied = text.replaceAll(' ', space).replaceAll('-', dash)
      const [found, ...others] = await detect(copied)
      expect(others).toEqual([])
      expect(found?.kind).toBe(kind)
      expect(copied).toContain(found?.text)
    }
})

const letters = (length: number) => 'Qf7x'.repeat(length / 4)
it.each([
  ['phone', '+49 30 901820-55'],
  ['phone', '(030) 901820-55'],
  ['card', '4111 1111 1111 1111'],
  ['iban', 'DE89 3704 0044 0532 0130 00'],
  ['email', 'ann.example@mail.example.com'],
  ['ssn', '078-05-1120'],
  ['secret', `sk-proj-${letters(60)}`],
  ['secret', `sk-proj-${letters(3000)}`],
  ['secret', `eyJ${letters(4000)}.eyJ${letters(20_000)}.${letters(80)}`],
  ['secret', `sk-proj-${letters(100_000)}`],
  [
    'secret',
    `-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-256-CBC,00FF\n\n${`${letters(64)}\n`.repeat(50)}-----END RSA PRIVATE KEY-----`,
  ],
  [
    'secret',
    `-----BEGIN PRIVATE KEY-----\\n" +\n${`"${letters(64)}\\n" +\n`.repeat(50)}"-----END PRIVATE KEY-----`,
  ],
  ['secret', `-----BEGIN PRIVATE KEY-----\n${`${letters(64)}\n`.repeat(200)}-----END PRIVATE KEY-----`],
])('finds a %s at any position of a long text', async (kind, value) => {
  for (const filling of ['words and\n', 'words and ', '. ', 'ж'])
    for (let at = 16_384 - 60; at < 16_384 + 20; at += value.length > 1000 ? 13 : 1) {
      const text = `${filling.repeat(at).slice(0, at - 1)} ${value} ${filling.repeat(4000)}`
      expect(await detect(text), `at ${at}`).toEqual([{ kind, text: value }])
    }
})

describe('takes time proportional to the length of the text', () => {
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
    ['tokens of one issuer', (index) => `eyJ${'a'.repeat(90)}.eyJ${'b'.repeat(90)}.signature-${index} `],
    ['matches that begin alike', (index) => `project-${'o'.repeat(150)}-${index}- `],
  ]
  it.each(repeated)('%s', async (_, piece) => {
    const texts = new Map<number, string>()
    const work = async (n: number) => {
      const text = texts.get(n) ?? Array.from({ length: n }, (__, index) => piece(index)).join('')
      texts.set(n, text)
      const placeholders = await Placeholders.in([text], detect, {
        WORD: ['one', 'two'],
        PROJECT: /project-o+-\d+-/,
      })
      placeholders.restoredText(await placeholders.masked(text))
    }
    expect(await growth(work, 500)).toBeLessThan(1.7)
  })
})
