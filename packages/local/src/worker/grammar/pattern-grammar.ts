// Regular expressions as a grammar, for the part of them that one can keep: characters, classes, groups, choices and
// repetitions. What looks around, or back at what was matched, is not of it.
import { literal } from './text-grammar.js'

/** The engine refuses larger repetitions, by themselves or within each other. */
const mostRepeated = 1000

/** Characters from one code point to another. */
type Range = [from: number, to: number]

const lastCharacter = 0x10ffff
/** What stands in a JSON string by itself: no quotation mark, backslash, control character or half of a character. */
const plain: Range[] = [
  [0x20, 0x21],
  [0x23, 0x5b],
  [0x5d, 0x7e],
  [0xa0, 0xd7ff],
  [0xe000, 0xfffd],
  [0x10000, lastCharacter],
]
const classes: Record<string, Range[]> = {
  d: [[0x30, 0x39]],
  w: [
    [0x30, 0x39],
    [0x41, 0x5a],
    [0x5f, 0x5f],
    [0x61, 0x7a],
  ],
  // Tabs and line ends are escapes in JSON; a space is enough.
  s: [[0x20, 0x20]],
}
const controls: Record<string, string> = { t: '\t', n: '\n', r: '\r', f: '\f', v: '\v' }

/** Thrown for what has no grammar. */
class NoGrammar extends Error {}

/** What may stand between the quotation marks; nothing for a pattern that has no grammar. */
export function patternForm(pattern: string): string | undefined {
  try {
    new RegExp(pattern, 'u')
    const parser = new PatternParser([...pattern])
    return parser.whole()
  } catch {
    return undefined
  }
}

class PatternParser {
  #at = 0
  /** The most repetitions within each other of what was read last: to the engine they multiply. */
  #nested = 1

  constructor(private readonly characters: string[]) {}

  whole(): string {
    const form = this.#choice(true)
    if (this.#at < this.characters.length) throw new NoGrammar()
    return form
  }

  get #next(): string | undefined {
    return this.characters[this.#at]
  }

  #take(text: string): boolean {
    if (
      !this.characters
        .slice(this.#at, this.#at + text.length)
        .join('')
        .startsWith(text)
    )
      return false
    this.#at += text.length
    return true
  }

  #choice(top: boolean): string {
    const forms = [this.#sequence(top)]
    while (this.#take('|')) forms.push(this.#sequence(top))
    return forms.join(' | ')
  }

  /** Without an anchor, anything may stand before or behind. */
  #sequence(top: boolean): string {
    const anything = `${asClass(plain)}*`
    const forms = top && !this.#take('^') ? [anything] : []
    let open = top
    while (this.#next !== undefined && this.#next !== '|' && this.#next !== ')') {
      if (top && this.#take('$')) {
        open = false
        if (this.#next !== undefined && this.#next !== '|') throw new NoGrammar()
      } else forms.push(this.#repeated())
    }
    if (open) forms.push(anything)
    return forms.join(' ') || '""'
  }

  #repeated(): string {
    const from = this.#at
    const before = this.#nested
    this.#nested = 1
    const form = this.#atom()
    const source = this.characters.slice(from, this.#at).join('')
    const repetition = this.#repetition()
    // Nothing, again and again: the engine would never come to an end.
    if (repetition !== '' && new RegExp(`^${source}$`, 'u').test('')) throw new NoGrammar()
    this.#nested = Math.max(before, this.#nested)
    return form + repetition
  }

  #atom(): string {
    if (this.#take('(')) {
      if (!this.#take('?:') && this.#take('?')) this.#groupName()
      const form = this.#choice(false)
      if (!this.#take(')')) throw new NoGrammar()
      return `(${form})`
    }
    if (this.#take('[')) return this.#class()
    if (this.#take('.')) return asClass(plain)
    if (this.#take('\\')) {
      const meant = this.#escaped()
      return typeof meant === 'string' ? inString(meant) : asClass(meant)
    }
    const character = this.characters[this.#at++]
    if (character === undefined || '^$*+?{}'.includes(character)) throw new NoGrammar()
    return inString(character)
  }

  #groupName(): void {
    if (!this.#take('<') || this.#next === '=' || this.#next === '!') throw new NoGrammar()
    while (this.#next !== undefined && !this.#take('>')) this.#at++
  }

  #repetition(): string {
    const rest = this.characters.slice(this.#at, this.#at + 20).join('')
    const [sign = '', least, comma, most] = /^(?:[*+?]|\{(\d+)(?:(,)(\d*))?\})/.exec(rest) ?? []
    this.#at += sign.length
    // Lazy or not is the same to a grammar.
    if (sign !== '') this.#take('?')
    this.#nested *= Math.max(Number(least ?? 0), Number(most || 0), 1)
    if (this.#nested > mostRepeated) throw new NoGrammar()
    return least === undefined ? sign : comma === undefined ? `{${least}}` : `{${least},${most}}`
  }

  #class(): string {
    const negated = this.#take('^')
    const ranges: Range[] = []
    while (!this.#take(']')) {
      const from = this.#member()
      if (typeof from !== 'number') ranges.push(...from)
      else if (this.#next === '-' && this.characters[this.#at + 1] !== ']') {
        this.#at++
        const to = this.#member()
        if (typeof to !== 'number') throw new NoGrammar()
        ranges.push([from, to])
      } else ranges.push([from, from])
    }
    return asClass(both(plain, negated ? allBut(ranges) : ranges))
  }

  #member(): number | Range[] {
    const character = this.characters[this.#at++]
    if (character === undefined) throw new NoGrammar()
    const meant = character === '\\' ? this.#escaped(true) : character
    return typeof meant === 'string' ? (meant.codePointAt(0) ?? 0) : meant
  }

  #escaped(inClass = false): string | Range[] {
    const code = /^(?:u\{([\da-f]{1,6})\}|u([\da-f]{4})|x([\da-f]{2}))/i.exec(
      this.characters.slice(this.#at, this.#at + 9).join(''),
    )
    if (code !== null) {
      this.#at += code[0].length
      return String.fromCodePoint(Number.parseInt(code[1] ?? code[2] ?? code[3] ?? '', 16))
    }
    const letter = this.characters[this.#at++] ?? ''
    const known = classes[letter.toLowerCase()]
    if (known !== undefined) return letter === letter.toLowerCase() ? known : both(plain, allBut(known))
    if (controls[letter] !== undefined && !inClass) return controls[letter]
    if (controls[letter] !== undefined) return []
    // Borders, references and properties of characters.
    if (/[\da-z]/i.test(letter)) throw new NoGrammar()
    return letter
  }
}

/** A character as JSON writes it in a string. */
function inString(character: string): string {
  return literal(JSON.stringify(character).slice(1, -1))
}

function allBut(ranges: Range[]): Range[] {
  const result: Range[] = []
  let from = 0
  for (const [first, last] of [...ranges].sort((a, b) => a[0] - b[0])) {
    if (first > from) result.push([from, first - 1])
    from = Math.max(from, last + 1)
  }
  return from <= lastCharacter ? [...result, [from, lastCharacter]] : result
}

function both(some: Range[], others: Range[]): Range[] {
  return some.flatMap(([from, to]) =>
    others
      .map(([first, last]): Range => [Math.max(from, first), Math.min(to, last)])
      .filter(([first, last]) => first <= last),
  )
}

function asClass(ranges: Range[]): string {
  if (ranges.length === 0) throw new NoGrammar()
  const code = (point: number) => `\\U${point.toString(16).padStart(8, '0')}`
  return `[${ranges.map(([from, to]) => (from === to ? code(from) : `${code(from)}-${code(to)}`)).join('')}]`
}
