// What must not leave, found in a text: keys and tokens of services, and what tells who somebody is. Numbers are taken
// only where their check digits are right.
import { emails } from './emails.js'
import type { Finder } from './scan.js'
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

/** What finds them in a text. */
export type Detector = (text: string) => Found[]

/**
 * A detector for these kinds.
 * @throws {LlmError} `config` where a package it needs is not installed
 */
export async function detectorOf(which: readonly Kind[] = kinds): Promise<Detector> {
  const wanted = order.filter((kind) => which.includes(kind))
  const all = await Promise.all(wanted.map(async (kind) => ({ kind, find: await finders[kind]() })))
  return (text) => foundBy(all, text)
}

function foundBy(all: { kind: Kind; find: Finder[] }[], text: string): Found[] {
  const found: Found[] = []
  const plain = plainly(text)
  // For each character: is it taken?
  const taken = new Uint8Array(text.length)
  for (const { kind, find } of all)
    for (const finder of find)
      for (const [from, to] of finder(plain)) {
        if (taken.subarray(from, to).includes(1)) continue
        taken.fill(1, from, to)
        found.push({ kind, text: text.slice(from, to) })
      }
  return found
}

/** The spaces and dashes of pages and letters as keyboards have them; each is one character still, so that places stay. */
function plainly(text: string): string {
  return text.replace(/[\u00a0\u2007\u202f]/g, ' ').replace(/[\u2010-\u2015]/g, '-')
}

/** The keys and tokens in a text. */
export function secretsIn(text: string): string[] {
  return foundBy([{ kind: 'secret', find: secrets }], text).map((one) => one.text)
}
