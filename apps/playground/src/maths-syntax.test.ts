// Which texts are formulas: real answers of models, prices, code, and whatever else has a dollar.
import fc from 'fast-check'
import { Marked, type Token } from 'marked'
import temml from 'temml'
import { describe, expect, it } from 'vitest'
import { type Formula, mathsExtension } from './maths-syntax.js'

/** The formulas of a text, and its tokens. */
function read(text: string) {
  const formulas: Formula[] = []
  const markdown = new Marked({ gfm: true, breaks: true })
  markdown.use(
    mathsExtension((formula) => {
      formulas.push(formula)
      return `<m>${formula.tex.trim()}</m>`
    }),
  )
  const tokens: Token[] = markdown.lexer(text)
  return { html: markdown.parser(tokens), formulas, tokens }
}
const texOf = (text: string) => read(text).formulas.map(({ tex, display }) => [tex.trim(), display])

describe('formulas', () => {
  it.each([
    ['The area is $\\pi r^2$.', ['\\pi r^2', false]],
    ['$x$', ['x', false]],
    ['$2x$ and more', ['2x', false]],
    ['It is \\(a_1 + b_1\\), then.', ['a_1 + b_1', false]],
    ['$a < b$, **bold**', ['a < b', false]],
    [
      'Then\n$$\n\\sum_{i=1}^n i\n= \\frac{n(n+1)}{2}\n$$\nand so on',
      ['\\sum_{i=1}^n i\n= \\frac{n(n+1)}{2}', true],
    ],
    ['$$\nx\n- y\n= z\n---\n$$', ['x\n- y\n= z\n---', true]],
    ['\\[\n  e^{i\\pi} + 1 = 0\n\\]', ['e^{i\\pi} + 1 = 0', true]],
    ['1. First:\n   $$\n   a = b\n   $$\n2. Second', ['a = b', true]],
    ['- item \\(x\\)', ['x', false]],
    ['Both $$a^2$$ in a line', ['a^2', true]],
    ['| a |\n|---|\n| $x^2$ |', ['x^2', false]],
    ['$\\text{cost} = \\$5$', ['\\text{cost} = \\$5', false]],
  ])('are read, and an engine takes them: %j', (text, expected) => {
    expect(texOf(text)).toEqual([expected])
    expect(temml.renderToString(String(expected[0]), { throwOnError: true })).toContain('<math')
  })

  it.each([
    'It costs $5, or $10 with milk.',
    'Between $20 and $30.',
    'From $5-$10.',
    '**$5** and **$6**',
    'A fee of $100 (US$).',
    'Set $HOME and $PATH.',
    '`$x$` and `\\(y\\)`',
    '```\n$$\nx\n$$\n```',
    '    $$x$$',
    'an \\$escaped$ dollar',
    'not closed: $x, \\(y, \\[z',
    '$$',
    '$ x $',
    '$x `y$`',
    '[a link](https://a.example/$x$)',
  ])('are not seen in %j', (text) => {
    expect(texOf(text)).toEqual([])
  })

  it('leave all other text as it was', () => {
    expect(read('a $x$ b `$y$` c $5').html).toBe('<p>a <m>x</m> b <code>$y$</code> c $5</p>\n')
  })

  it.each([
    'x\n\\[\n',
    '\\[ ',
    '\\( ',
    '\\[ \\\\] ',
    '**a** \\) ',
    '$ ',
  ])('are not looked for again and again in a long text of %j', (piece) => {
    const text = piece.repeat(10_000)
    const { tokens, formulas } = read(text)
    expect(formulas).toEqual([])
    expect(tokens.map(({ raw }) => raw).join('')).toBe(text)
  })

  it('are all found in a long text without blank lines, and headings between them', () => {
    const text = `${'x\n\\[a\\]\n'.repeat(5000)}Title\n---\n\\[b\\]\n`
    const { tokens, formulas } = read(text)
    expect(formulas).toHaveLength(5001)
    expect(tokens.filter(({ type }) => type === 'heading')).toMatchObject([{ text: 'Title' }])
  })

  it('are never in code, and nothing of a text is lost, whatever stands around', () => {
    const pieces = [
      '$',
      '$$',
      '\\(',
      '\\)',
      '\\[',
      '\\]',
      '`',
      'x',
      '5',
      ' ',
      '\n',
      '\n\n',
      '**',
      '- ',
      '\\',
      '|',
    ]
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...pieces), { maxLength: 40 }), (parts) => {
        const text = parts.join('')
        const { tokens, formulas } = read(text)
        // The lexer itself changes spaces of lists.
        const letters = (given: string) => given.replaceAll(/\s/g, '')
        expect(letters(tokens.map(({ raw }) => raw).join(''))).toBe(letters(text))
        for (const { raw, tex } of formulas) {
          expect(text).toContain(tex.split('\n')[0])
          expect(raw).not.toContain('`')
        }
        expect(texOf(`\`\`\`\n${text.replaceAll('`', '')}\n\`\`\``)).toEqual([])
      }),
      { numRuns: 500 },
    )
  })
})
