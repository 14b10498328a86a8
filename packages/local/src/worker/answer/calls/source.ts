// Text of an answer that arrives in pieces, for parsers written as generators: they pause where they need more text.

/** A parser that pauses (yields) until more text has arrived. */
export type Parser<T> = Generator<undefined, T, undefined>

/** The text is not what the format says: it is no call. */
export class NotACall extends Error {}

export class Source {
  #text = ''
  #at = 0
  /** No more text will arrive. */
  ended = false

  push(text: string): void {
    this.#text += text
  }

  /** The text from a position up to where the parser is; positions count from the source's start. */
  read(from: number): string {
    return this.#text.slice(from, this.#at)
  }

  get position(): number {
    return this.#at
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
    const from = this.#at
    let search = from
    for (;;) {
      const found = marks
        .map((mark) => ({ mark, at: this.#text.indexOf(mark, search) }))
        .filter(({ at }) => at >= 0)
        .sort((a, b) => a.at - b.at || b.mark.length - a.mark.length)[0]
      if (found !== undefined) {
        this.#at = found.at + found.mark.length
        return { text: this.#text.slice(from, found.at), mark: found.mark }
      }
      if (this.ended) throw new NotACall(`no ${marks.join(' or ')}`)
      search = Math.max(from, this.#text.length - Math.max(...marks.map((mark) => mark.length)) + 1)
      yield
    }
  }

  /** Reads characters as long as they match. */
  *while(pattern: RegExp): Parser<string> {
    const from = this.#at
    for (;;) {
      const next = yield* this.peek()
      if (next === '' || !pattern.test(next)) return this.#text.slice(from, this.#at)
      this.#at++
    }
  }

  /**
   * Reads a JSON value, whose beginning may be read already.
   * @throws {NotACall} if it is not valid
   */
  *json(begun = ''): Parser<unknown> {
    if (begun === '') yield* this.skipSpace()
    const from = this.#at
    let depth = begun === '{' ? 1 : 0
    let [inString, escaped] = [false, false]
    for (;;) {
      const next = yield* this.peek()
      if (next === '') break
      if (!inString && depth === 0 && this.#at > from && /[\s,}\]<[]/.test(next)) break
      this.#at++
      if (escaped) escaped = false
      else if (inString) {
        escaped = next === '\\'
        inString = next !== '"'
      } else if (next === '"') inString = true
      else if (next === '{' || next === '[') depth++
      else if (next === '}' || next === ']') depth--
      if (depth <= 0 && !inString && !escaped && /[}\]"]/.test(next)) break
    }
    return parseJson(begun + this.#text.slice(from, this.#at))
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    throw new NotACall('not valid JSON')
  }
}
