// Overflow detection: each text of overflow-texts.ts is recognised, each pattern is needed, and similar texts do not match.
import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { otherTexts, silentServers } from './not-overflow-texts.js'
import { isOverflow, overflowPatterns } from './overflow.js'
import { overflowTexts } from './overflow-texts.js'

it.each(overflowTexts)('$server: $text', ({ text, code }) => {
  expect(isOverflow(text)).toBe(true)
  // Its code, if it has one, is recognised too.
  if (code !== undefined) expect(isOverflow(code)).toBe(true)
})

it.each(otherTexts)('not $server: $text', ({ text }) => expect(isOverflow(text)).toBe(false))

it('there is no pattern that no text needs', () => {
  const texts = overflowTexts.flatMap(({ text, code }) => [text, ...(code === undefined ? [] : [code])])
  for (const pattern of overflowPatterns)
    expect(
      texts.some((text) => pattern.test(text)),
      String(pattern),
    ).toBe(true)
})

it('the guide names those of whom it cannot be known', () => {
  const guide = readFileSync(new URL('../../../errors.md', import.meta.url), 'utf8')
  const entry = guide.slice(guide.indexOf('## context-length'), guide.indexOf('## content-filtered'))
  for (const { server } of silentServers) expect(entry).toContain(server.split(' ')[0])
})
