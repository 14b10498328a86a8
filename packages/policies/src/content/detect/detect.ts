// Detection of sensitive data in a text: secrets of services and personal data. Numbers count only with valid check digits.
import { Yielder } from '@patchbay/core/wrap'
import { goingOn, isCut, type Slice, slicesOf, withKey, withMore } from '../text-slices.js'
import { emails } from './emails.js'
import type { Finder, Range } from './scan.js'
import { secrets } from './secrets.js'

/** Kinds of sensitive data. `secret`: keys and tokens. `id`: national identity numbers. `name`: names of people. */
export type Kind = 'secret' | 'email' | 'phone' | 'card' | 'iban' | 'ssn' | 'id' | 'name'

/** The default kinds: all but `name`, which needs a package of its own. */
export const kinds: Kind[] = ['secret', 'email', 'phone', 'card', 'iban', 'ssn', 'id']

/** Order of detection: text that one kind has taken is not available to the next. */
const order: Kind[] = ['secret', 'email', 'iban', 'card', 'ssn', 'id', 'phone', 'name']

const finders: Record<Kind, () => Finder[] | Promise<Finder[]>> = {
  secret: () => secrets,
  email: () => [emails],
  // These tables are large, so they are loaded when first used.
  iban: async () => (await import('./ibans.js')).ibans,
  card: async () => (await import('./cards.js')).cards,
  ssn: async () => (await import('./ids.js')).socialSecurityNumbers,
  id: async () => (await import('./ids.js')).ids,
  phone: async () => (await import('./phones.js')).phones,
  name: async () => [await (await import('./names.js')).namesFinder()],
}

/** A match. */
export interface Detection {
  kind: Kind
  text: string
}

/** Finds all matches in a text, without overlaps. */
export type Detector = (text: string, yielder?: Yielder) => Promise<Detection[]>

type Finders = { kind: Kind; find: Finder[] }[]

/**
 * A detector for these kinds.
 * @throws {LlmError} `config` if a package it needs is not installed
 */
export async function detectorOf(which: readonly Kind[] = kinds): Promise<Detector> {
  const wanted = order.filter((kind) => which.includes(kind))
  const all = await Promise.all(wanted.map(async (kind) => ({ kind, find: await finders[kind]() })))
  return (text, yielder) => detectWith(all, text, yielder)
}

async function detectWith(all: Finders, text: string, yielder = new Yielder()): Promise<Detection[]> {
  const found: Detection[] = []
  // One flag a character: is it part of a match?
  const taken = new Uint8Array(text.length)
  for await (const slice of slicesOf(text, yielder)) {
    if (!taken.subarray(slice.from, slice.to).includes(0)) continue
    for (const { kind, find } of all) {
      const context = kind === 'secret' ? withKey(text, slice) : slice
      for (const finder of find)
        for (const [from, to] of rangesIn(text, context, finder)) {
          if (taken.subarray(from, to).includes(1)) continue
          taken.fill(1, from, to)
          found.push({ kind, text: text.slice(from, to) })
        }
      await yielder.yieldIfDue()
    }
  }
  return found
}

/** Matches that begin in a slice, by their positions in the whole text. */
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
  return (await detectWith([{ kind: 'secret', find: secrets }], text)).map((one) => one.text)
}
