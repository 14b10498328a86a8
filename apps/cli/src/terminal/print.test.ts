// Untrusted text on a terminal: control characters are made visible.
import { expect, it } from 'vitest'
import { printable, toJson } from './print.js'

const all = Array.from({ length: 0x100 }, (_, code) => String.fromCharCode(code))

it('shows control characters instead of obeying them, and leaves everything else', () => {
  for (const sign of all) {
    const code = sign.charCodeAt(0)
    const isControl = code < 0x20 || (code >= 0x7f && code < 0xa0)
    const shown = printable(`a${sign}b`)
    if (!isControl || sign === '\n' || sign === '\t') expect(shown).toBe(`a${sign}b`)
    else expect([...shown].every((one) => one >= ' ' && !(one >= '\x7f' && one < '\xa0'))).toBe(true)
  }
  expect(printable('\x1b]0;title\x07 \x1b[2J \x9b31m é 漢 👍\r\n')).toBe('␛]0;title␇ ␛[2J <9b>31m é 漢 👍\n')
})

it('shows bidirectional controls, which could show text in another order', () => {
  expect(printable('a\u202eb\u2066c\u2069\u202a')).toBe('a<202e>b<2066>c<2069><202a>')
  expect(printable('\u2029\u202f\u2065\u206a')).toBe('\u2029\u202f\u2065\u206a')
})

it('JSON for scripts has none either, and is the same value', () => {
  const value = { text: all.join('') }
  const text = toJson(value)
  expect([...text].every((one) => one >= ' ' && !(one >= '\x7f' && one < '\xa0'))).toBe(true)
  expect(JSON.parse(text)).toEqual(value)
})
