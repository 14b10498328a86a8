// What stands for what: the values that must not leave, and their placeholders, for one request.
import { found, type Kind } from './detect.js'
import { mapped, textsOf } from './mapped.js'

const form = /\[[A-Z][A-Z0-9_]*_\d+\]/g
/** A text may end in the middle of one. */
export const begun = /\[(?:[A-Z][A-Z0-9_]{0,40})?$/

export class Placeholders {
  readonly #standsFor = new Map<string, string>()
  readonly #values = new Map<string, string>()
  /** Any of the values, the longest first: one may be part of another. */
  readonly #any: RegExp | undefined

  /** Numbered in the order they are met, so that a conversation that goes on gives the same ones again. */
  constructor(request: unknown, find: readonly Kind[], also: Record<string, string[] | RegExp>) {
    const texts = textsOf(request)
    // What looks like a placeholder in the request stands for itself.
    const spoken = new Set(texts.flatMap((text) => text.match(form) ?? []))
    const counts = new Map<string, number>()
    const add = (kind: string, value: string) => {
      if (value === '' || this.#values.has(value)) return
      const name = kind.toUpperCase()
      let placeholder: string
      do {
        counts.set(name, (counts.get(name) ?? 0) + 1)
        placeholder = `[${name}_${counts.get(name)}]`
      } while (spoken.has(placeholder))
      this.#values.set(value, placeholder)
      this.#standsFor.set(placeholder, value)
    }
    for (const text of texts) {
      for (const [name, what] of Object.entries(also))
        for (const value of matches(text, what)) add(name, value)
      for (const { kind, text: value } of found(text, find)) add(kind, value)
    }
    const values = [...this.#values.keys()].sort((a, b) => b.length - a.length)
    if (values.length > 0)
      this.#any = new RegExp(
        values.map((value) => value.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&')).join('|'),
        'g',
      )
  }

  /** The same with placeholders, wherever a value stands: also where it was not recognised by itself. */
  masked<T>(value: T): T {
    const any = this.#any
    if (any === undefined) return value
    return mapped(value, (text) => text.replace(any, (known) => this.#values.get(known) ?? known))
  }

  /** The same with the values. */
  restored<T>(value: T): T {
    return this.#standsFor.size === 0 ? value : mapped(value, (text) => this.restoredText(text))
  }

  /** A text with the values; `spell` writes them as they must stand there. */
  restoredText(text: string, spell: (value: string) => string = (value) => value): string {
    return text.replace(form, (placeholder) => {
      const value = this.#standsFor.get(placeholder)
      return value === undefined ? placeholder : spell(value)
    })
  }

  /** The placeholders with what they stand for, to be written down. */
  get pairs(): [placeholder: string, value: string][] {
    return [...this.#standsFor]
  }

  /** Those that were written down. */
  static of(pairs: readonly [placeholder: string, value: string][]): Placeholders {
    const placeholders = new Placeholders([], [], {})
    for (const [placeholder, value] of pairs) placeholders.#standsFor.set(placeholder, value)
    return placeholders
  }

  get empty(): boolean {
    return this.#standsFor.size === 0
  }
}

function matches(text: string, what: string[] | RegExp): string[] {
  if (Array.isArray(what)) return what.filter((word) => text.includes(word))
  const pattern = new RegExp(what.source, what.flags.includes('g') ? what.flags : `${what.flags}g`)
  return Array.from(text.matchAll(pattern), ([match]) => match)
}
