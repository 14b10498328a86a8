// Markdown on a terminal: nothing that was written is lost, in whatever pieces it comes.
import { stripVTControlCharacters } from 'node:util'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { MarkdownRenderer } from './markdown.js'

function render(pieces: Iterable<string>): string {
  const renderer = new MarkdownRenderer()
  let shown = ''
  for (const piece of pieces) shown += renderer.write(piece)
  return stripVTControlCharacters(shown + renderer.end())
}

it.each([
  ['see [1] and a[0]', 'see [1] and a[0]\n'],
  ['[a](http://b.c)', '[a](http://b.c)\n'],
  ['cut [a](http://b', 'cut [a](http://b\n'],
  ['cut [a](b\nc', 'cut [a](b\nc\n'],
  ['snake_case_name, snake__case__x', 'snake_case_name, snake__case__x\n'],
  ['costs $5 and $6', 'costs $5 and $6\n'],
  ['a <b> c, 2 * 3 * 4, C:\\dir', 'a <b> c, 2 * 3 * 4, C:\\dir\n'],
  ['a\x1b[2Jb', 'a␛[2Jb\n'],
  ['1. a\n2. b\n   - c', '1. a\n2. b\n   • c\n'],
  ['> a\n> b', '│ a\n│ b\n'],
  ['# T\ntext\n\n- a\n- b\n\nend', 'T\n\ntext\n\n• a\n• b\n\nend\n'],
  ['| a | b |\n|---|---|\n| long | c |', 'a    │ b\n─────┼──\nlong │ c\n'],
  ['| a | b |\n|---|---|\n| c | d | e |', 'a │ b │\n──┼───┼──\nc │ d │ e\n'],
  ['`a', 'a`\n'],
  ['``a', 'a``\n'],
  ['**a', 'a**\n'],
  ['~~a', 'a~~\n'],
  ['**a *b', 'a b***\n'],
  ['**a\n\nb', 'a**\n\nb\n'],
  ['`a\n\nb', 'a`\n\nb\n'],
  ['a\\', 'a\\\n'],
  ['**a** *b* ***c*** `d` ``e`` `f ` ~~g~~', 'a b c d e f g\n'],
  ['**a**', 'a\n'],
  ['*a*', 'a\n'],
  ['`a`', 'a\n'],
  ['~~~', '~~~\n'],
  ['```ts\na\n\n  b\n```\nc', '  a\n\n    b\n\nc\n'],
  ['', ''],
])('%j is shown as %j', (text, shown) => expect([render([text]), render(text)]).toEqual([shown, shown]))

it('a table may have many rows', () => {
  const shown = render([`| a |\n|---|\n${'| b |\n'.repeat(200_000)}`])
  expect(shown).toBe(`a\n─\n${'b\n'.repeat(200_000)}`)
})

it('every word of a text is shown, in whatever pieces it comes', () => {
  const pieces = [
    'a',
    'b c',
    '*',
    '**',
    '_',
    '`',
    '[',
    ']',
    '(',
    ')',
    '#',
    '# ',
    '> ',
    '- ',
    '~~',
    '~~~',
    '| ',
    ' |',
    '|---|---|\n',
    '\n| a | b |\n|---|---|\n| c | d | 1 |\n',
    '\n```\n',
    '$',
    '\\',
    '\n',
    '\n\n',
    ' ',
    '<',
    '!',
  ]
  const letters = (text: string) => text.replace(/[^a-z0-9]/g, '')
  fc.assert(
    fc.property(
      fc
        .array(fc.constantFrom(...pieces), { maxLength: 12 })
        .map((all) => all.join(''))
        // The name of a language after ``` is not shown.
        .filter((text) => !/```[^\n]/.test(text)),
      fc.integer({ min: 1, max: 5 }),
      (text, size) => {
        const shown = render([text])
        const chunks = text.match(new RegExp(`[^]{1,${size}}`, 'g')) ?? []
        return letters(shown) === letters(text) && render(chunks) === shown
      },
    ),
    { numRuns: 2000 },
  )
  expect(letters(render('a'))).toBe('a')
})
