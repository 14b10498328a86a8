// Text from tokens: the same whatever the tokens, whole characters, and nothing from a stop string on.
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { StopStrings, TextDecoder } from './text.js'

// A tokeniser whose tokens are the bytes of the text.
const bytes = {
  detokenize: (tokens: readonly number[]) => Buffer.from(tokens as number[]).toString('utf8'),
} as never

describe('TextDecoder', () => {
  it('law: gives whole characters only, and all of them', () =>
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (text) => {
        const decoder = new TextDecoder(bytes)
        const pieces = [...Buffer.from(text)].map((byte) => decoder.push(byte as never))
        pieces.push(decoder.rest())
        expect(pieces.join('')).toBe(text)
        for (const piece of pieces) expect(text.includes('\uFFFD') || !piece.includes('\uFFFD')).toBe(true)
      }),
    ))

  it('does not wait for ever for a character that never ends', () => {
    const decoder = new TextDecoder(bytes)
    const pieces = [0xff, 0xff, 0xff, 0xff, 0x61].map((byte) => decoder.push(byte as never))
    expect(pieces.join('')).toMatch(/\uFFFD+a$/)
  })

  it('flushes half a character at the end', () => {
    const decoder = new TextDecoder(bytes)
    expect(decoder.push(0xf0 as never)).toBe('')
    expect(decoder.rest()).toBe('\uFFFD')
  })
})

describe('StopStrings', () => {
  it('law: the text ends before the first stop string, however it is cut', () => {
    const letters = fc.string({ unit: fc.constantFrom('a', 'b', 'c') })
    fc.assert(
      fc.property(
        fc.array(letters),
        fc.array(
          letters.filter((stop) => stop !== ''),
          { maxLength: 3 },
        ),
        (pieces, stops) => {
          const matcher = new StopStrings(stops)
          let out = ''
          for (const piece of pieces) {
            out += matcher.push(piece)
            // Nothing that may still become a stop string has been given away.
            for (const stop of stops) expect(out.includes(stop)).toBe(false)
          }
          out += matcher.rest()
          const text = pieces.join('')
          const ends = stops.map((stop) => text.indexOf(stop)).filter((at) => at >= 0)
          expect(matcher.found !== undefined).toBe(ends.length > 0)
          // It says which one: the text goes on with it.
          if (matcher.found !== undefined) {
            expect(stops).toContain(matcher.found)
            expect(text.startsWith(out + matcher.found)).toBe(true)
          }
          // A stop that is whole earlier in the stream wins over one that began earlier but is not yet whole.
          expect(text.startsWith(out)).toBe(true)
          if (ends.length === 0) expect(out).toBe(text)
        },
      ),
      { numRuns: 2000 },
    )
  })
})
