// Maths syntax: finds the formulas of a text, `$…$`, `$$…$$`, `\(…\)` and `\[…\]`, never in code, and never between two prices.
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
const backslash = 92

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
  const within = text.slice(0, maxLength)
  // Most marks without an end are found out by this alone.
  if (!within.includes(close, from)) return -1
  const first = close.charCodeAt(0)
  for (let at = from; at < within.length; at++) {
    const code = within.charCodeAt(at)
    if (code === first && text.startsWith(close, at)) return at
    if (code === backslash) at++
  }
  return -1
}

/** Pandoc's rule for single dollars (its manual, extension `tex_math_dollars`), and one for a price and a currency. */
function isFormula(tex: string, next: string): boolean {
  if (/^\s|\s$|\n\s*\n/.test(tex) || /\d/.test(next)) return false
  return !(/^\d/.test(tex) && /[a-z]{2}/i.test(tex) && !/[\\^_=]/.test(tex))
}

/** The formula between lines with which this text begins, if it begins with one: nothing in it is a list or a heading. */
function blockAt(source: string): Formula | undefined {
  const indent = /^\n? {0,3}/.exec(source)?.[0] ?? ''
  const formula = formulaAt(source.slice(indent.length))
  if (formula?.display !== true) return undefined
  const rest = /^[ \t]*(?:\n|$)/.exec(source.slice(indent.length + formula.raw.length))
  return rest === null ? undefined : { ...formula, raw: indent + formula.raw + rest[0] }
}

const inline: TokenizerExtension = {
  name: 'maths',
  level: 'inline',
  start: firstPlace(/\$|\\[([]/g, formulaAt),
  tokenizer(source) {
    const formula = formulaAt(source)
    return formula && { type: 'maths', ...formula }
  },
}

const blockPlace = firstPlace(/\n(?:\$\$|\\\[)/g, blockAt)

const block: TokenizerExtension = {
  name: 'mathsBlock',
  level: 'block',
  start: blockPlace,
  tokenizer(source) {
    const formula = blockAt(source)
    return formula && { type: 'mathsBlock', ...formula }
  },
}

/** Up to this length, a search costs less than remembering it. */
const shortText = 200

/**
 * A search for the first formula. The lexer asks again after each piece of a text, and cuts the text at each place that it is told: so the
 * last place is remembered for all the rest of a text, and marks that begin no formula are no places. Both would cost the square of a
 * hostile text.
 */
function firstPlace(marks: RegExp, formulaOf: (text: string) => Formula | undefined) {
  let known: { source: string; place: number | undefined } = { source: '', place: undefined }
  return (source: string): number | undefined => {
    const passed = known.source.length - source.length
    const isRest = passed >= 0 && known.source.slice(passed) === source
    if (isRest && known.place === undefined) return undefined
    if (isRest && known.place !== undefined && known.place >= passed) return known.place - passed
    let place: number | undefined
    for (const { index } of source.matchAll(marks))
      if (formulaOf(source.slice(index)) !== undefined) {
        place = index
        break
      }
    if (source.length > shortText) known = { source, place }
    return place
  }
}

/**
 * Whether there may be a heading by its underline (`false` asks the lexer, whose own search reads all the rest of a paragraph, again after
 * each formula in it).
 */
function lheading(source: string): false | undefined {
  const place = blockPlace(source)
  if (place === undefined) return false
  const before = source.slice(0, place + 1)
  return /\n[ \t]*\n|\n {0,3}(?:=+|-+)[ \t]*\n/.test(before) ? false : undefined
}

/** Formulas as Markdown: `render` gets the source, with its delimiters, and gives HTML. */
export function mathsExtension(render: (formula: Formula) => string): MarkedExtension {
  const renderer = (token: object) => render(token as Formula)
  return {
    tokenizer: { lheading },
    extensions: [
      { ...inline, renderer },
      { ...block, renderer },
    ],
  }
}
