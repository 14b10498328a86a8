// The texts of overflow-texts.ts: each is recognised, each pattern is needed, and what only sounds like it is something else.
import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { otherTexts, silentServers } from './not-overflow-texts.js'
import { isOverflow, overflowPatterns } from './overflow.js'
import { overflowTexts } from './overflow-texts.js'

it.each(overflowTexts)('$server: $text', ({ text, code }) => {
  expect(isOverflow(text)).toBe(true)
  // Where it has a code, that says so too.
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
  const guide = readFileSync(new URL('../../errors.md', import.meta.url), 'utf8')
  const entry = guide.slice(guide.indexOf('## context-length'), guide.indexOf('## content-filtered'))
  for (const { server } of silentServers) expect(entry).toContain(server.split(' ')[0])
})
