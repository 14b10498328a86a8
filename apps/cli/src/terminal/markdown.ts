// Markdown for a terminal, as it streams: text appears at once, styled; a table when it is complete.
import { styleText } from 'node:util'
import * as smd from 'streaming-markdown'
import { printable } from './print.js'

type Style = Parameters<typeof styleText>[0]

const styles = new Map<number, Exclude<Style, readonly unknown[]>[]>([
  [smd.HEADING_1, ['bold', 'underline']],
  ...[smd.HEADING_2, smd.HEADING_3, smd.HEADING_4, smd.HEADING_5, smd.HEADING_6].map(
    (heading) => [heading, ['bold' as const]] satisfies [number, unknown],
  ),
  [smd.STRONG_AST, ['bold']],
  [smd.STRONG_UND, ['bold']],
  [smd.ITALIC_AST, ['italic']],
  [smd.ITALIC_UND, ['italic']],
  [smd.STRIKE, ['strikethrough']],
  [smd.CODE_INLINE, ['cyan']],
  [smd.CODE_BLOCK, ['cyan']],
  [smd.CODE_FENCE, ['cyan']],
  [smd.LINK, ['underline']],
  [smd.RAW_URL, ['underline']],
])

const underscores = new Map<number, string>([
  [smd.ITALIC_UND, '_'],
  [smd.STRONG_UND, '__'],
])
/** The marks of styles. A style that is never closed gives its mark back. */
const marks = new Map<number, string>([
  [smd.ITALIC_AST, '*'],
  [smd.STRONG_AST, '**'],
  [smd.ITALIC_UND, '_'],
  [smd.STRONG_UND, '__'],
  [smd.STRIKE, '~~'],
])
/** Shown as they are: formulas, which may be prices. */
const formulas = new Map<number, string>([
  [smd.EQUATION_INLINE, '$'],
  [smd.EQUATION_BLOCK, '$$'],
])

const blocks = new Set<number>([
  smd.PARAGRAPH,
  smd.HEADING_1,
  smd.HEADING_2,
  smd.HEADING_3,
  smd.HEADING_4,
  smd.HEADING_5,
  smd.HEADING_6,
  smd.CODE_BLOCK,
  smd.CODE_FENCE,
  smd.LIST_UNORDERED,
  smd.LIST_ORDERED,
  smd.TABLE,
  smd.RULE,
  smd.BLOCKQUOTE,
  smd.EQUATION_BLOCK,
])

/** An open element: its type, its address or number, and what stands before its lines. */
interface Open {
  type: number
  children: number
  prefix: string
  /** The marker before the first line only. */
  marker?: string
  href?: string
  start?: number
  /** How many backticks open this code. */
  ticks?: number
  checked?: boolean
  /** Its marks, which are printed: underscores within a word are no emphasis. */
  literal?: string | undefined
}

/** Renders the text of an answer; each call returns what to print. Control characters of the text are made visible. */
export class MarkdownRenderer {
  #out = ''
  #atLineStart = true
  #ended = false
  #last = ''
  readonly #open: Open[] = [{ type: smd.DOCUMENT, children: 0, prefix: '' }]
  #table: string[][] | undefined
  readonly #parser = smd.parser({
    data: undefined,
    add_token: (_, type) => {
      this.#flush()
      this.#start(type)
    },
    end_token: () => {
      this.#flush()
      this.#end()
    },
    add_text: (_, text) => this.#text(text),
    set_attr: (_, name, value) => this.#attribute(name, value),
  })

  write(text: string): string {
    smd.parser_write(this.#parser, printable(text))
    return this.#taken()
  }

  /** The rest, with a line end. */
  end(): string {
    // The parser takes a backslash before its last line end for a line break.
    const backslash = this.#parser.pending === '\\'
    smd.parser_end(this.#parser)
    if (backslash && this.#parser.pending === '\n') this.#print('\\')
    this.#ended = true
    while (this.#open.length > 1) this.#end()
    if (!this.#atLineStart) this.#newline()
    return this.#taken()
  }

  #taken(): string {
    const out = this.#out
    this.#out = ''
    return out
  }

  /** Text that the parser holds belongs to what is open now, as if the piece had ended before it. */
  #flush(): void {
    const { text } = this.#parser
    this.#parser.text = ''
    this.#text(text)
  }

  #start(type: number): void {
    const parent = this.#open.at(-1)
    if (blocks.has(type)) this.#startBlock(parent)
    const element: Open = { type, children: 0, prefix: '' }
    if (type === smd.CODE_INLINE) element.ticks = this.#parser.fence_start
    if (type === smd.BLOCKQUOTE) element.prefix = '│ '
    if (type === smd.CODE_FENCE || type === smd.CODE_BLOCK) element.prefix = '  '
    if (type === smd.LIST_ITEM) {
      if (!this.#atLineStart) this.#newline()
      element.marker = parent?.type === smd.LIST_ORDERED ? `${(parent.start ?? 1) + parent.children}. ` : '• '
      element.prefix = ' '.repeat(element.marker.length)
    }
    if (parent !== undefined) parent.children++
    if (type === smd.TABLE) this.#table = []
    if (type === smd.TABLE_ROW) this.#table?.push([])
    if (type === smd.TABLE_CELL) this.#table?.at(-1)?.push('')
    this.#open.push(element)
    if (/[\p{L}\p{N}]/u.test(this.#last)) element.literal = underscores.get(type)
    element.literal ??= formulas.get(type)
    if (element.literal !== undefined) this.#print(element.literal)
    if (type === smd.LINE_BREAK) this.#newline()
    if (type === smd.RULE) this.#print('─'.repeat(20))
    if (type === smd.LINK) this.#print('[')
    if (type === smd.IMAGE) this.#print('![')
  }

  /** A line of its own; between blocks that do not belong to a list, an empty one. */
  #startBlock(parent: Open | undefined): void {
    if (!this.#atLineStart) this.#newline()
    if (parent !== undefined && parent.type !== smd.LIST_ITEM && parent.children > 0) this.#newline()
  }

  #end(): void {
    const element = this.#open.at(-1)
    if (element?.type === smd.CHECKBOX) this.#print(element.checked ? '☑' : '☐')
    if (element?.literal !== undefined) this.#print(element.literal)
    else if (element !== undefined) this.#print(this.#unclosed(element))
    if (element?.type === smd.TABLE) this.#endTable()
    this.#open.pop()
    if (element?.type === smd.LINK || element?.type === smd.IMAGE)
      // Without an address it was no link, or is cut off: what the parser still holds.
      this.#text(
        element.href === undefined
          ? (/^\]\([\s\S]*?(?=\n?$)|^\]?.*/.exec(this.#parser.pending)?.[0] ?? '')
          : `](${element.href})`,
      )
  }

  /** The mark of a style that ends without its closing mark: its text is printed already, so the mark follows it. */
  #unclosed({ type, ticks }: Open): string {
    const { pending } = this.#parser
    if (type === smd.CODE_INLINE && ticks !== undefined) {
      const closed = !this.#ended && /^ ?`*$/.test(pending) && pending.trimStart().length === ticks - 1
      return closed ? '' : '`'.repeat(ticks)
    }
    const mark = marks.get(type)
    if (mark === undefined) return ''
    // While a closing mark is read, the parser holds the part of it that came first.
    const held = mark.charAt(0)
    const closed =
      !this.#ended && (pending === held || (mark.length === 1 && pending === held + held) || pending === mark)
    return closed ? '' : mark
  }

  #attribute(name: number, value: string): void {
    const element = this.#open.at(-1)
    if (element === undefined) return
    if (name === smd.HREF || name === smd.SRC) element.href = value
    if (name === smd.START) element.start = Number(value)
    if (name === smd.CHECKED) element.checked = true
  }

  #text(text: string): void {
    const [first = '', ...others] = text.split('\n')
    if (first !== '') this.#print(first)
    for (const line of others) {
      this.#newline()
      if (line !== '') this.#print(line)
    }
  }

  #print(text: string): void {
    if (text === '') return
    const row = this.#table?.at(-1)
    if (row !== undefined) row[Math.max(0, row.length - 1)] = `${row.at(-1) ?? ''}${text}`
    else this.#printStyled(text)
  }

  #printStyled(text: string): void {
    if (this.#atLineStart)
      for (const element of this.#open) {
        this.#out += element.marker ?? element.prefix
        delete element.marker
      }
    this.#atLineStart = false
    this.#last = text.at(-1) ?? ''
    const all = this.#open.flatMap(({ type, literal }) =>
      literal === undefined ? (styles.get(type) ?? []) : [],
    )
    this.#out += all.length === 0 ? text : styleText(all, text)
  }

  #newline(): void {
    this.#out += '\n'
    this.#last = '\n'
    this.#atLineStart = true
  }

  #endTable(): void {
    const rows = (this.#table ?? []).map((row) => row.map((cell) => cell.trim()))
    this.#table = undefined
    // No spread: a table may have more rows than a call has arguments. A row may have more cells than the heading.
    const widths: number[] = []
    for (const row of rows)
      row.forEach((cell, column) => {
        widths[column] = Math.max(widths[column] ?? 0, [...cell].length)
      })
    rows.forEach((row, index) => {
      if (index > 0) this.#newline()
      const line = widths.map((width, column) => {
        const cell = row[column] ?? ''
        return cell + ' '.repeat(width - [...cell].length)
      })
      this.#printStyled(line.join(' │ ').trimEnd())
      if (index > 0) return
      this.#newline()
      this.#printStyled(widths.map((width) => '─'.repeat(width)).join('─┼─'))
    })
  }
}
