// Decoding of UTF-8 in pieces, beside the platform's own decoder.
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { Utf8Pieces } from './utf8-pieces.js'

const decoded = (pieces: readonly Uint8Array[]) => {
  const decoder = new Utf8Pieces()
  const texts = pieces.map((piece) => decoder.decode(piece))
  return [...texts, decoder.end()].join('')
}

const byPlatform = (pieces: readonly Uint8Array[]) => {
  const decoder = new TextDecoder()
  const texts = pieces.map((piece) => decoder.decode(piece, { stream: true }))
  return [...texts, decoder.decode()].join('')
}

/** The bytes, divided at these places. */
function divided(bytes: Uint8Array, places: readonly number[]): Uint8Array[] {
  const ends = [...places.map((place) => place % (bytes.length + 1)), bytes.length].sort((a, b) => a - b)
  return ends.map((end, at) => bytes.slice(at === 0 ? 0 : ends[at - 1], end))
}

const bytesOf = (text: string) => new TextEncoder().encode(text)
const places = fc.array(fc.nat(), { maxLength: 8 })
const marked = fc.string({ unit: fc.constantFrom('a', 'é', '語', '🦀', '\uFEFF') })

it('law: any text, divided anywhere, is decoded as by the platform', () => {
  fc.assert(
    fc.property(marked, places, (text, at) => {
      const pieces = divided(bytesOf(text), at)
      expect(decoded(pieces)).toBe(byPlatform(pieces))
    }),
  )
})

it('law: any bytes, divided anywhere, are decoded as by the platform', () => {
  const byte = fc.constantFrom(0x41, 0x80, 0xbf, 0xc3, 0xe2, 0xef, 0xbb, 0xf0, 0x9f, 0xff, 0xed, 0xa0)
  fc.assert(
    fc.property(fc.array(byte, { maxLength: 24 }), places, (bytes, at) => {
      const pieces = divided(Uint8Array.from(bytes), at)
      expect(decoded(pieces)).toBe(byPlatform(pieces))
    }),
  )
})

it('gives what is complete at once', () => {
  const [first, second] = divided(bytesOf('aé'), [2]) as [Uint8Array, Uint8Array]
  const decoder = new Utf8Pieces()
  expect([decoder.decode(first), decoder.decode(second), decoder.end()]).toEqual(['a', 'é', ''])
})
