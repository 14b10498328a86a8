// Follows a JSON value character by character: finds its end, and sees at once where it is none.
import { type Nesting, NotACall } from './not-a-call.js'

export class JsonScanner {
  /** The end marks of the objects and lists that are open. */
  readonly #ends: ('}' | ']')[] = []
  #next: 'value' | 'key' | 'colon' | 'comma' = 'value'
  #within: 'string' | 'escape' | 'word' | undefined

  constructor(private readonly nesting: Nesting) {}

  /** A word or number on its own has no end mark: the next character tells. */
  endsBefore(char: string): boolean {
    return this.#ends.length === 0 && this.#within === 'word' && /[\s,}\]<[]/.test(char)
  }

  /**
   * Takes the next character; whether the value is complete with it.
   * @throws {NotACall} if no JSON goes on so, or it is nested too deeply
   */
  push(char: string): boolean {
    if (this.#within === 'escape') this.#within = 'string'
    else if (this.#within === 'string') return this.#string(char)
    else if (/[\w.+-]/.test(char) && (this.#within === 'word' || this.#next === 'value'))
      this.#within = 'word'
    else return this.#mark(char)
    return false
  }

  #string(char: string): boolean {
    if (char < ' ') throw new NotACall('a line break in a text of JSON')
    if (char === '\\') this.#within = 'escape'
    return char === '"' && this.#endValue()
  }

  #mark(char: string): boolean {
    if (this.#within === 'word') this.#endValue()
    const end = this.#ends.at(-1)
    if (char === '"' && (this.#next === 'value' || this.#next === 'key')) this.#within = 'string'
    else if ((char === '{' || char === '[') && this.#next === 'value') {
      this.nesting.enter()
      this.#ends.push(char === '{' ? '}' : ']')
      this.#next = char === '{' ? 'key' : 'value'
    } else if (char === end && this.#next !== 'colon') {
      this.nesting.leave()
      this.#ends.pop()
      this.#next = 'value'
      return this.#endValue()
    } else if (char === ',' && this.#next === 'comma' && end !== undefined)
      this.#next = end === '}' ? 'key' : 'value'
    else if (char === ':' && this.#next === 'colon') this.#next = 'value'
    else if (!/\s/.test(char)) throw new NotACall('not valid JSON')
    return false
  }

  #endValue(): boolean {
    this.#within = undefined
    this.#next = this.#next === 'key' ? 'colon' : 'comma'
    return this.#ends.length === 0
  }
}
