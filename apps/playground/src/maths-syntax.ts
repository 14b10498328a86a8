// Where a text has formulas: `$…$`, `$$…$$`, `\(…\)` and `\[…\]`, never in code, and never between two prices.
import type { MarkedExtension, TokenizerExtension } from 'marked'

/** A formula at the beginning of a text. */
export interface Formula {
  /** With what stands around it. */
  raw: string
  tex: string
  /** On a line of its own. */
  display: boolean
}

const delimiters = [
  { open: '$$', close: '$$', display: true },
  { open: '\\[', close: '\\]', display: true },
  { open: '\\(', close: '\\)', display: false },
  { open: '$', close: '$', display: false },
]

// A formula of a text is shorter; a search for its end must not cost the square of a hostile text.
const maxLength = 4000

/** The formula with which this text begins, if it begins with one. */
export function formulaAt(text: string): Formula | undefined {
  const found = delimiters.find(({ open }) => text.startsWith(open))
  if (found === undefined) return undefined
  const { open, close, display } = found
  const end = endOf(text, open.length, close)
  if (end < 0) return undefined
  const tex = text.slice(open.length, end)
  if (tex.trim() === '' || tex.includes('`')) return undefined
  const raw = text.slice(0, end + close.length)
  if (open === '$' && !isFormula(tex, text.charAt(raw.length))) return undefined
  return { raw, tex, display }
}

/** Where the closing delimiter is; a backslash takes the next character with it. */
function endOf(text: string, from: number, close: string): number {
  for (let at = from; at < Math.min(text.length, maxLength); at++) {
    if (text.startsWith(close, at)) return at
    if (text[at] === '\\') at++
  }
  return -1
}

/** Pandoc's rule for single dollars (its manual, extension `tex_math_dollars`), and one for a price and a currency. */
function isFormula(tex: string, next: string): boolean {
  if (/^\s|\s$|\n\s*\n/.test(tex) || /\d/.test(next)) return false
  return !(/^\d/.test(tex) && /[a-z]{2}/i.test(tex) && !/[\\^_=]/.test(tex))
}

const inline: TokenizerExtension = {
  name: 'maths',
  level: 'inline',
  start: (source) => firstOf(source, ['$', '\\(', '\\[']),
  tokenizer(source) {
    const formula = formulaAt(source)
    return formula && { type: 'maths', ...formula }
  },
}

/** A formula between lines: nothing in it is a list or a heading. */
const block: TokenizerExtension = {
  name: 'mathsBlock',
  level: 'block',
  start: (source) => firstOf(source, ['\n$$', '\n\\[']),
  tokenizer(source) {
    const indent = /^\n? {0,3}/.exec(source)?.[0] ?? ''
    const formula = formulaAt(source.slice(indent.length))
    if (formula?.display !== true) return undefined
    const rest = /^[ \t]*(?:\n|$)/.exec(source.slice(indent.length + formula.raw.length))
    if (rest === null) return undefined
    return { type: 'mathsBlock', ...formula, raw: indent + formula.raw + rest[0] }
  },
}

function firstOf(source: string, marks: readonly string[]): number | undefined {
  const places = marks.map((mark) => source.indexOf(mark)).filter((place) => place >= 0)
  return places.length === 0 ? undefined : Math.min(...places)
}

/** Formulas as Markdown: `render` gets the source, with its delimiters, and gives HTML. */
export function mathsExtension(render: (formula: Formula) => string): MarkedExtension {
  const renderer = (token: object) => render(token as Formula)
  return {
    extensions: [
      { ...inline, renderer },
      { ...block, renderer },
    ],
  }
}
