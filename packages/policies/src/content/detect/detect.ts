// What must not leave, found in a text: keys and tokens of services, and what tells who somebody is. Numbers are taken
// only where their check digits are right.
import { Yielder } from '@patchbay/core/wrap'
import { goingOn, isCut, type Slice, slicesOf, withKey, withMore } from '../text-slices.js'
import { emails } from './emails.js'
import type { Finder, Range } from './scan.js'
import { secrets } from './secrets.js'

/** What can be found by itself. `id`: numbers that states give to people; `name`: names of people. */
export type Kind = 'secret' | 'email' | 'phone' | 'card' | 'iban' | 'ssn' | 'id' | 'name'

/** What is looked for where nothing is said. Names need a package of their own. */
export const kinds: Kind[] = ['secret', 'email', 'phone', 'card', 'iban', 'ssn', 'id']

/** The order in which they are looked for: what one has taken is not another's. */
const order: Kind[] = ['secret', 'email', 'iban', 'card', 'ssn', 'id', 'phone', 'name']

const finders: Record<Kind, () => Finder[] | Promise<Finder[]>> = {
  secret: () => secrets,
  email: () => [emails],
  // The tables of numbers are large; they are loaded when somebody masks.
  iban: async () => (await import('./ibans.js')).ibans,
  card: async () => (await import('./cards.js')).cards,
  ssn: async () => (await import('./ids.js')).socialSecurityNumbers,
  id: async () => (await import('./ids.js')).ids,
  phone: async () => (await import('./phones.js')).phones,
  name: async () => [await (await import('./names.js')).namesFinder()],
}

/** One that was found. */
export interface Found {
  kind: Kind
  text: string
}

/** What finds them in a text, in the order of their places but for those that a kind before has taken. */
export type Detector = (text: string, yielder?: Yielder) => Promise<Found[]>

type Finders = { kind: Kind; find: Finder[] }[]

/**
 * A detector for these kinds.
 * @throws {LlmError} `config` where a package it needs is not installed
 */
export async function detectorOf(which: readonly Kind[] = kinds): Promise<Detector> {
  const wanted = order.filter((kind) => which.includes(kind))
  const all = await Promise.all(wanted.map(async (kind) => ({ kind, find: await finders[kind]() })))
  return (text, yielder) => foundBy(all, text, yielder)
}

async function foundBy(all: Finders, text: string, yielder = new Yielder()): Promise<Found[]> {
  const found: Found[] = []
  // For each character: is it taken?
  const taken = new Uint8Array(text.length)
  for await (const slice of slicesOf(text, yielder)) {
    if (!taken.subarray(slice.from, slice.to).includes(0)) continue
    for (const { kind, find } of all) {
      const seen = kind === 'secret' ? withKey(text, slice) : slice
      for (const finder of find)
        for (const [from, to] of rangesIn(text, seen, finder)) {
          if (taken.subarray(from, to).includes(1)) continue
          taken.fill(1, from, to)
          found.push({ kind, text: text.slice(from, to) })
        }
      await yielder.yieldIfDue()
    }
  }
  return found
}

/** What begins in a slice, by its place in the whole text. */
function rangesIn(whole: string, slice: Slice, finder: Finder): Range[] {
  const ranges = finder(slice.text)
    .map(([from, to]): Range => [slice.at + from, slice.at + to])
    .filter(([from]) => from >= slice.from && from < slice.to)
  if (!ranges.some(([, to]) => isCut(whole, slice, to))) return ranges
  const more = withMore(whole, slice)
  if (more !== undefined) return rangesIn(whole, more, finder)
  return ranges.map(([from, to]) => [from, isCut(whole, slice, to) ? goingOn(whole, to) : to])
}

/** The keys and tokens in a text. */
export async function secretsIn(text: string): Promise<string[]> {
  return (await foundBy([{ kind: 'secret', find: secrets }], text)).map((one) => one.text)
}
