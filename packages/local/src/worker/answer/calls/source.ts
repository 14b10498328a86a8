// Text of an answer that arrives in pieces, for parsers written as generators: they pause where they need more text.
import { JsonScanner } from './json-scanner.js'
import { type Nesting, NotACall } from './not-a-call.js'

export { NotACall } from './not-a-call.js'

/** A parser that pauses (yields) until more text has arrived. */
export type Parser<T> = Generator<undefined, T, undefined>

/** Each level is a parser in a parser: without a limit, their cost grows with the text, and the stack is too small. */
const maxDepth = 100
const maxKept = 1024

export class Source implements Nesting {
  #depth = 0
  /** What is read, but for the end of it: taking each character from all of the text would copy all of it. */
  #past = ''
  #text = ''
  #at = 0
  /** No more text will arrive. */
  ended = false

  push(text: string): void {
    if (this.#at >= maxKept) {
      this.#past += this.#text.slice(0, this.#at)
      this.#text = this.#text.slice(this.#at)
      this.#at = 0
    }
    this.#text += text
  }

  enter(): void {
    if (++this.#depth > maxDepth) throw new NotACall('nested too deeply')
  }

  leave(): void {
    this.#depth--
  }

  /** The text from a position up to where the parser is; positions count from the source's start. */
  read(from: number): string {
    return (this.#past + this.#text.slice(0, this.#at)).slice(from)
  }

  get position(): number {
    return this.#past.length + this.#at
  }

  /** The text that the parser has not read. */
  get rest(): string {
    return this.#text.slice(this.#at)
  }

  /** The next character, not read yet; empty at the end of the answer. */
  *peek(): Parser<string> {
    while (this.#at >= this.#text.length && !this.ended) yield
    return this.#text.charAt(this.#at)
  }

  /** Whether one of these texts is next; reads the longest of them. */
  *take(...texts: string[]): Parser<string | undefined> {
    for (;;) {
      const rest = this.#text.slice(this.#at, this.#at + Math.max(...texts.map((text) => text.length)))
      const longer = texts.some((text) => text.length > rest.length && text.startsWith(rest))
      if (!longer || this.ended) {
        const found = texts.filter((text) => rest.startsWith(text)).sort((a, b) => b.length - a.length)[0]
        this.#at += found?.length ?? 0
        return found
      }
      yield
    }
  }

  /** @throws {NotACall} if none of the texts is next */
  *expect(...texts: string[]): Parser<string> {
    const found = yield* this.take(...texts)
    if (found === undefined) throw new NotACall(`expected ${texts.join(' or ')}`)
    return found
  }

  *skipSpace(): Parser<void> {
    while (/\s/.test(yield* this.peek())) this.#at++
  }

  /**
   * Reads up to and including the first of these marks, and returns the text before it.
   * @throws {NotACall} if the answer ends before
   */
  *until(...marks: string[]): Parser<{ text: string; mark: string }> {
    const longest = Math.max(...marks.map((mark) => mark.length))
    let text = ''
    for (;;) {
      const found = marks
        .map((mark) => ({ mark, at: this.#text.indexOf(mark, this.#at) }))
        .filter(({ at }) => at >= 0)
        .sort((a, b) => a.at - b.at || b.mark.length - a.mark.length)[0]
      const known = this.ended ? this.#text.length : Math.max(this.#at, this.#text.length - longest + 1)
      text += this.#text.slice(this.#at, found?.at ?? known)
      this.#at = found === undefined ? known : found.at + found.mark.length
      if (found !== undefined) return { text, mark: found.mark }
      if (this.ended) throw new NotACall(`no ${marks.join(' or ')}`)
      yield
    }
  }

  /** Reads characters as long as they match. */
  *while(pattern: RegExp): Parser<string> {
    let text = ''
    for (;;) {
      const next = yield* this.peek()
      if (next === '' || !pattern.test(next)) return text
      text += next
      this.#at++
    }
  }

  /**
   * Reads a JSON value, whose beginning may be read already.
   * @throws {NotACall} if it is not valid
   */
  *json(begun = ''): Parser<unknown> {
    if (begun === '') yield* this.skipSpace()
    let text = begun
    const scanner = new JsonScanner(this)
    if (begun !== '') scanner.push(begun)
    for (;;) {
      const next = yield* this.peek()
      if (next === '' || scanner.endsBefore(next)) break
      const complete = scanner.push(next)
      text += next
      this.#at++
      if (complete) break
    }
    return parseJson(text)
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    throw new NotACall('not valid JSON')
  }
}

/**
 * A whole text as JSON.
 * @throws {NotACall} if it is none, or nested too deeply
 */
export function jsonOf(text: string): unknown {
  const source = new Source()
  source.push(text)
  source.ended = true
  const { value } = source.json().next()
  if (source.rest.trim() !== '') throw new NotACall('more than a value')
  return value
}
