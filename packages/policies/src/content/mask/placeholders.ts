// What stands for what: the values that must not leave, and their placeholders, for one request.
import { Yielder } from '@patchbay/core/wrap'
import type { Detector } from '../detect/detect.js'
import { distinctTexts, mapped, mappedLater } from '../map-texts.js'
import { slicesOf } from '../text-slices.js'
import { spelled, stringsOf, unspelled } from './json-text.js'
import { KnownValues } from './known-values.js'

// Models write them small, or as Markdown does: `\[EMAIL\_1\]`.
const name = String.raw`[A-Z](?:[A-Z0-9]|\\?_){0,64}\\?_\d{1,9}`
const form = new RegExp(String.raw`\\\[${name}\\\]|\[${name}\]`, 'gi')
// One that does not end reaches to the end of the text, or each of its quotes would be looked at from anew.
const inJson = new RegExp(String.raw`"(?:[^"\\]|\\.)*"?|\[${name}\]`, 'gis')
const plainly = (placeholder: string) => placeholder.replaceAll('\\', '').toUpperCase()
const inNumber = /[\d.eE+-]/
const begun = /^\\?\[(?:[A-Z](?:[A-Z0-9]|\\?_)*\\?)?$/i

/** A value that must not leave, and how it is spelled in its text. */
interface Value {
  kind: string
  value: string
  spelling: string
}

export class Placeholders {
  readonly #standsFor: ReadonlyMap<string, string>
  readonly #known: KnownValues<string> | undefined
  readonly #longest: number

  private constructor(standsFor: ReadonlyMap<string, string>, known?: KnownValues<string>) {
    this.#standsFor = standsFor
    this.#known = known
    this.#longest = 0
    for (const placeholder of standsFor.keys()) this.#longest = Math.max(this.#longest, placeholder.length)
  }

  /** Numbered in the order they are met, so that a conversation that goes on gives the same ones again. */
  static async in(
    request: unknown,
    detect: Detector,
    also: Record<string, string[] | RegExp>,
  ): Promise<Placeholders> {
    const found: Value[] = []
    // What looks like a placeholder in the request stands for itself.
    const spoken = new Set<string>()
    const yielder = new Yielder()
    for (const text of await distinctTexts(request, yielder)) {
      for await (const slice of slicesOf(text, yielder))
        for (const [placeholder] of slice.text.matchAll(form)) spoken.add(plainly(placeholder))
      const json = stringsOf(text) !== undefined
      const read = (value: string) => (json ? unspelled(value) : value)
      for (const [kind, what] of Object.entries(also)) {
        if (!Array.isArray(what))
          for (const spelling of matches(text, what)) found.push({ kind, value: read(spelling), spelling })
        else
          for (const value of what) {
            for (const spelling of spellings(text, value)) found.push({ kind, value, spelling })
            await yielder.yieldIfDue()
          }
      }
      for (const { kind, text: spelling } of await detect(text, yielder)) {
        found.push({ kind, value: read(spelling), spelling })
        await yielder.yieldIfDue()
      }
    }
    await yielder.yieldIfDue()
    const values = await numbered(found, spoken, yielder)
    const standsFor = new Map<string, string>()
    // A value's own spelling comes first.
    for (const [value, placeholder] of values) {
      if (!standsFor.has(placeholder)) standsFor.set(placeholder, value)
      await yielder.yieldIfDue()
    }
    return new Placeholders(standsFor, await KnownValues.of(values, yielder))
  }

  /**
   * The same with placeholders, wherever a value stands: also where it was not recognised by itself. A number in a text
   * that is JSON becomes a text of it.
   */
  async masked<T>(value: T): Promise<T> {
    const known = this.#known
    if (this.empty || known === undefined) return value
    const yielder = new Yielder()
    return mappedLater(
      value,
      (text) => {
        const isInString = stringsOf(text)
        const written = (placeholder: string, from: number) => {
          if (isInString === undefined || isInString(from)) return placeholder
          // Outside of strings it is a number, or the same digits within another one.
          const value = this.#standsFor.get(placeholder) ?? ''
          const isWhole =
            !inNumber.test(text[from - 1] ?? '') && !inNumber.test(text[from + value.length] ?? '')
          return isWhole || !text.startsWith(value, from) ? `"${placeholder}"` : value
        }
        return known.replaced(text, written, yielder, isInString)
      },
      yielder,
    )
  }

  /** The same with the values; `spell` writes them as they must stand there. */
  restored<T>(value: T, spell?: (value: string) => string): T {
    return this.empty ? value : mapped(value, (text) => this.restoredText(text, spell))
  }

  /** A text with the values; `spell` writes them as they must stand there. */
  restoredText(text: string, spell: (value: string) => string = (value) => value): string {
    return text.replace(form, (placeholder) => {
      const value = this.#standsFor.get(plainly(placeholder))
      return value === undefined ? placeholder : spell(value)
    })
  }

  /** What would be JSON, with the placeholders in quotes that stand there in the place of a value. */
  quoted(json: string): string {
    return json.replace(inJson, (found) => (this.#standsFor.has(plainly(found)) ? `"${found}"` : found))
  }

  /** The placeholders with what they stand for, to be written down. */
  get pairs(): [placeholder: string, value: string][] {
    return [...this.#standsFor]
  }

  /** Those that were written down. */
  static of(pairs: readonly [placeholder: string, value: string][]): Placeholders {
    return new Placeholders(new Map(pairs))
  }

  /** The value, where the text is its placeholder and nothing else. */
  valueOf(text: string): string | undefined {
    return this.#standsFor.get(plainly(text))
  }

  /** Where a placeholder begins at the end of a text that goes on; the text's length where none does. */
  begunAt(text: string): number {
    const bracket = text.lastIndexOf('[')
    const at = text[bracket - 1] === '\\' ? bracket - 1 : bracket
    const isShort = bracket >= 0 && text.length - bracket < 2 * this.#longest
    if (isShort && begun.test(text.slice(at))) return at
    return text.endsWith('\\') ? text.length - 1 : text.length
  }

  /** May one of them stand for a number of JSON? */
  get haveNumbers(): boolean {
    return [...this.#standsFor.values()].some((value) => numberOf(value) !== undefined)
  }

  get empty(): boolean {
    return this.#standsFor.size === 0
  }
}

/** The placeholders of values, and of their spellings. */
async function numbered(
  found: readonly Value[],
  spoken: ReadonlySet<string>,
  yielder: Yielder,
): Promise<Map<string, string>> {
  const values = new Map<string, string>()
  const counts = new Map<string, number>()
  for (const { kind, value, spelling } of found) {
    await yielder.yieldIfDue()
    const known = values.get(value)
    if (known !== undefined) values.set(spelling, known)
    if (value === '' || known !== undefined) continue
    const name = kind.toUpperCase()
    let placeholder: string
    do {
      counts.set(name, (counts.get(name) ?? 0) + 1)
      placeholder = `[${name}_${counts.get(name)}]`
    } while (spoken.has(placeholder))
    values.set(value, placeholder)
    values.set(spelling, placeholder)
  }
  return values
}

/** How a word is written in a text: as it is, or as JSON spells it. */
function spellings(text: string, word: string): string[] {
  return [word, spelled(word)].filter((spelling) => spelling !== '' && text.includes(spelling))
}

function matches(text: string, what: RegExp): string[] {
  const pattern = new RegExp(what.source, what.flags.includes('g') ? what.flags : `${what.flags}g`)
  return Array.from(text.matchAll(pattern), ([match]) => match)
}

/** The number that a value is, signs between its digits aside. */
export function numberOf(value: string): number | undefined {
  const digits = value.replace(/[\s().+/\p{Pd}]/gu, '')
  return /^\d+$/.test(digits) && Number.isSafeInteger(Number(digits)) ? Number(digits) : undefined
}
