// Finds where a bracketed value begins and ends in streamed text. Brackets in strings and comments do not count.

/** More space or a longer name after a bracket is not the beginning of a value. */
const farthest = 1000
const firstOfItem = new Set(`"'“”‘’]{[-0123456789`)
const firstOfKey = new Set(`"'“”‘’}`)
const words = /(?:true|false|null|True|False|None|NaN|Infinity)(?![\w$])/y

/**
 * The next bracket that begins a value, from `from` on. Prose has brackets too, as in [see above]; these are skipped. If
 * streamed text ends too early to tell, `unsure` is the index to look at again.
 */
export function nextBeginning(text: string, from: number, ended = false): { at?: number; unsure?: number } {
  for (let at = from; at < text.length; at++) {
    const bracket = text[at]
    if (bracket !== '{' && bracket !== '[') continue
    const begins = beginsAt(text, at, ended)
    if (begins === undefined) return { unsure: at }
    if (begins) return { at }
  }
  return {}
}

function beginsAt(text: string, bracket: number, ended: boolean): boolean | undefined {
  const most = Math.min(text.length, bracket + farthest)
  let at = bracket + 1
  while (at < most && isSpace(text[at])) at++
  const first = text[at]
  const unsure = ended || most < text.length ? false : undefined
  if (at === most || first === undefined) return unsure
  if (first === '/') return at + 1 === text.length ? unsure : /[/*]/.test(text[at + 1] ?? '')
  if (text[bracket] === '{') {
    if (firstOfKey.has(first)) return true
    let end = at
    while (end < most && isName(text[end])) end++
    if (end === at) return false
    while (end < most && isSpace(text[end])) end++
    return end === most ? unsure : text[end] === ':'
  }
  if (firstOfItem.has(first)) return true
  if (!/[tfnTFNI]/.test(first)) return false
  // The longest word is `Infinity`.
  if (text.length < at + 9 && !ended) return undefined
  words.lastIndex = at
  return words.test(text)
}

export const isSpace = (character: string | undefined) =>
  character !== undefined && (character <= ' ' || (character > '~' && /\s/.test(character)))
const isName = (character: string | undefined) => character !== undefined && /[\w$]/.test(character)

/** Finds the extent of one value, piece by piece. */
export class Extent {
  /** The open brackets. */
  readonly #open: string[] = []
  /** Was each bracket closed by the matching one? */
  matched = true
  /** The opening characters of the current string or comment. */
  #inside: '' | '"' | "'" | '//' | '/*' = ''
  #escaped = false
  #previous = ''
  /** The last non-space character outside of strings. */
  #significant = ''
  /** Where strings and comments begin and end, counted from the opening bracket. */
  readonly #borders: number[] = []
  #read = 0

  /** The index after the closing bracket; `undefined` if the text ends before it. `from` is where to go on. */
  endIn(text: string, from: number): number | undefined {
    for (let at = from; at < text.length; at++) {
      this.#take(text[at] as string)
      this.#read++
      if (this.#open.length === 0) return at + 1
    }
    return undefined
  }

  #take(character: string): void {
    const previous = this.#previous
    this.#previous = character
    if (this.#inside !== '') {
      const ends =
        this.#inside === '//'
          ? character === '\n'
          : this.#inside === '/*'
            ? previous === '*' && character === '/'
            : !this.#escaped && character === this.#inside
      this.#escaped = !this.#escaped && character === '\\'
      if (!ends) return
      this.#inside = ''
      this.#previous = ''
      this.#borders.push(this.#read + 1)
      return
    }
    if (character === '"' || (character === "'" && /^[{[,:]$/.test(this.#significant))) this.#begin(character)
    else if (previous === '/' && (character === '/' || character === '*')) this.#begin(`/${character}`)
    else if (character === '{' || character === '[') this.#open.push(character)
    else if ((character === '}' || character === ']') && (this.#open.pop() === '{') !== (character === '}'))
      this.matched = false
    if (!isSpace(character)) this.#significant = character
  }

  #begin(mark: '"' | "'" | '//' | '/*'): void {
    this.#inside = mark
    this.#escaped = false
    this.#borders.push(this.#read)
  }

  /** The text of this extent with Python's literals and digit groups as JSON writes them; strings stay. */
  respelled(text: string): string {
    let made = ''
    let at = 0
    for (const [index, border] of [...this.#borders, text.length].entries()) {
      const piece = text.slice(at, border)
      made += index % 2 === 1 ? piece : inJson(piece)
      at = border
    }
    return made
  }
}

function inJson(text: string): string {
  return text
    .replace(/\b(?:None|True|False)\b/g, (word) => (word === 'None' ? 'null' : word.toLowerCase()))
    .replace(/\b\d[\d_]*\b/g, (digits) => digits.replaceAll('_', ''))
}
