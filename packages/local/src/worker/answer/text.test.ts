// Decoding of tokens: whole characters, and no text from a stop string on.
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { StopStrings, TextDecoder } from './text.js'

// A tokeniser whose tokens are the bytes of the text.
const bytes = {
  detokenize: (tokens: readonly number[]) => Buffer.from(tokens as number[]).toString('utf8'),
} as never

describe('TextDecoder', () => {
  it('returns whole characters only, and all of them', () =>
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (text) => {
        const decoder = new TextDecoder(bytes)
        const pieces = [...Buffer.from(text)].map((byte) => decoder.push(byte as never))
        pieces.push(decoder.flush())
        expect(pieces.join('')).toBe(text)
        for (const piece of pieces) expect(text.includes('\uFFFD') || !piece.includes('\uFFFD')).toBe(true)
      }),
    ))

  it('does not wait for the end of an invalid character', () => {
    const decoder = new TextDecoder(bytes)
    const pieces = [0xff, 0xff, 0xff, 0xff, 0x61].map((byte) => decoder.push(byte as never))
    expect(pieces.join('')).toMatch(/\uFFFD+a$/)
  })

  it('flushes half a character at the end', () => {
    const decoder = new TextDecoder(bytes)
    expect(decoder.push(0xf0 as never)).toBe('')
    expect(decoder.flush()).toBe('\uFFFD')
  })
})

describe('StopStrings', () => {
  it('end the text before the first stop string, however it is split', () => {
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
            // No text was returned that may be the start of a stop string.
            for (const stop of stops) expect(out.includes(stop)).toBe(false)
          }
          out += matcher.flush()
          const text = pieces.join('')
          const matches = stops.map((stop) => text.indexOf(stop)).filter((at) => at >= 0)
          expect(matcher.matched !== undefined).toBe(matches.length > 0)
          // The text continues with the stop string it names.
          if (matcher.matched !== undefined) {
            expect(stops).toContain(matcher.matched)
            expect(text.startsWith(out + matcher.matched)).toBe(true)
          }
          // A stop that is whole earlier in the stream wins over one that began earlier but is not yet whole.
          expect(text.startsWith(out)).toBe(true)
          if (matches.length === 0) expect(out).toBe(text)
        },
      ),
      { numRuns: 2000 },
    )
  })
})
