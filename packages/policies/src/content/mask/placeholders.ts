// Placeholders of one request and the sensitive values they stand for.
import { Yielder } from '@patchbay/core/wrap'
import type { Detector } from '../detect/detect.js'
import { distinctTexts, mapTexts, mapTextsAsync } from '../map-texts.js'
import { slicesOf } from '../text-slices.js'
import { escapeJson, jsonStringLocator, unescapeJson } from './json-text.js'
import { KnownValues } from './known-values.js'

// Models may write placeholders in lower case, or escaped for Markdown: `\[EMAIL\_1\]`.
const name = String.raw`[A-Z](?:[A-Z0-9]|\\?_){0,64}\\?_\d{1,9}`
const form = new RegExp(String.raw`\\\[${name}\\\]|\[${name}\]`, 'gi')
// An unterminated string matches to the end of the text; otherwise each quote in it would be tried again.
const inJson = new RegExp(String.raw`"(?:[^"\\]|\\.)*"?|\[${name}\]`, 'gis')
const normalize = (placeholder: string) => placeholder.replaceAll('\\', '').toUpperCase()
const inNumber = /[\d.eE+-]/
const incomplete = /^\\?\[(?:[A-Z](?:[A-Z0-9]|\\?_)*\\?)?$/i

/** A sensitive value, and its spelling in the text (JSON may escape it). */
interface Value {
  kind: string
  value: string
  spelling: string
}

export class Placeholders {
  readonly #values: ReadonlyMap<string, string>
  readonly #known: KnownValues<string> | undefined
  readonly #longest: number

  private constructor(values: ReadonlyMap<string, string>, known?: KnownValues<string>) {
    this.#values = values
    this.#known = known
    this.#longest = 0
    for (const placeholder of values.keys()) this.#longest = Math.max(this.#longest, placeholder.length)
  }

  /** Finds the values of a request. They are numbered in order, so that a longer conversation gives the same placeholders. */
  static async in(
    request: unknown,
    detect: Detector,
    also: Record<string, string[] | RegExp>,
  ): Promise<Placeholders> {
    const found: Value[] = []
    // Texts of the request that look like placeholders keep their meaning.
    const reserved = new Set<string>()
    const yielder = new Yielder()
    for (const text of await distinctTexts(request, yielder)) {
      for await (const slice of slicesOf(text, yielder))
        for (const [placeholder] of slice.text.matchAll(form)) reserved.add(normalize(placeholder))
      const json = jsonStringLocator(text) !== undefined
      const read = (value: string) => (json ? unescapeJson(value) : value)
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
    const values = await assignPlaceholders(found, reserved, yielder)
    const byPlaceholder = new Map<string, string>()
    // The first entry of a placeholder is the value itself; others are its spellings.
    for (const [value, placeholder] of values) {
      if (!byPlaceholder.has(placeholder)) byPlaceholder.set(placeholder, value)
      await yielder.yieldIfDue()
    }
    return new Placeholders(byPlaceholder, await KnownValues.of(values, yielder))
  }

  /**
   * The value with placeholders wherever a sensitive value occurs, even where it was not detected by itself. In a text that is
   * JSON, a number becomes a string.
   */
  async masked<T>(value: T): Promise<T> {
    const known = this.#known
    if (this.empty || known === undefined) return value
    const yielder = new Yielder()
    return mapTextsAsync(
      value,
      (text) => {
        const isInString = jsonStringLocator(text)
        const replacement = (placeholder: string, from: number) => {
          if (isInString === undefined || isInString(from)) return placeholder
          // Outside of strings it is a whole number, or digits within a longer one.
          const value = this.#values.get(placeholder) ?? ''
          const isWhole =
            !inNumber.test(text[from - 1] ?? '') && !inNumber.test(text[from + value.length] ?? '')
          return isWhole || !text.startsWith(value, from) ? `"${placeholder}"` : value
        }
        return known.replaced(text, replacement, yielder, isInString)
      },
      yielder,
    )
  }

  /** The placeholders: `[EMAIL_1]`. They tell what kind of data was found. */
  get names(): string[] {
    return [...this.#values.keys()]
  }

  /** The value with placeholders replaced by what they stand for. `spell` escapes a value for its place. */
  restored<T>(value: T, spell?: (value: string) => string): T {
    return this.empty ? value : mapTexts(value, (text) => this.restoredText(text, spell))
  }

  /** A text with placeholders replaced. `spell` escapes a value for its place. */
  restoredText(text: string, spell: (value: string) => string = (value) => value): string {
    return text.replace(form, (placeholder) => {
      const value = this.#values.get(normalize(placeholder))
      return value === undefined ? placeholder : spell(value)
    })
  }

  /** Invalid JSON with its unquoted placeholders put in quotes. */
  quoted(json: string): string {
    return json.replace(inJson, (found) => (this.#values.has(normalize(found)) ? `"${found}"` : found))
  }

  /** The placeholders and their values, for storage. */
  get pairs(): [placeholder: string, value: string][] {
    return [...this.#values]
  }

  /** Placeholders from stored pairs. */
  static of(pairs: readonly [placeholder: string, value: string][]): Placeholders {
    return new Placeholders(new Map(pairs))
  }

  /** The value of a text that is exactly one placeholder. */
  valueOf(text: string): string | undefined {
    return this.#values.get(normalize(text))
  }

  /** Position of an incomplete placeholder at the end of a text; the text's length if there is none. */
  incompleteAt(text: string): number {
    const bracket = text.lastIndexOf('[')
    const at = text[bracket - 1] === '\\' ? bracket - 1 : bracket
    const isShort = bracket >= 0 && text.length - bracket < 2 * this.#longest
    if (isShort && incomplete.test(text.slice(at))) return at
    return text.endsWith('\\') ? text.length - 1 : text.length
  }

  /** Does one of them stand for a number? */
  get haveNumbers(): boolean {
    return [...this.#values.values()].some((value) => numberOf(value) !== undefined)
  }

  get empty(): boolean {
    return this.#values.size === 0
  }
}

/** Assigns placeholders to values and to their spellings. */
async function assignPlaceholders(
  found: readonly Value[],
  reserved: ReadonlySet<string>,
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
    } while (reserved.has(placeholder))
    values.set(value, placeholder)
    values.set(spelling, placeholder)
  }
  return values
}

/** Spellings of a word that occur in a text: as it is, or escaped for JSON. */
function spellings(text: string, word: string): string[] {
  return [word, escapeJson(word)].filter((spelling) => spelling !== '' && text.includes(spelling))
}

function matches(text: string, what: RegExp): string[] {
  const pattern = new RegExp(what.source, what.flags.includes('g') ? what.flags : `${what.flags}g`)
  return Array.from(text.matchAll(pattern), ([match]) => match)
}

/** The value as a number, without separators; `undefined` if it is not one. */
export function numberOf(value: string): number | undefined {
  const digits = value.replace(/[\s().+/\p{Pd}]/gu, '')
  return /^\d+$/.test(digits) && Number.isSafeInteger(Number(digits)) ? Number(digits) : undefined
}
