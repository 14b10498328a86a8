// Overlapping slices of a long text, so that a search through it can yield to the event loop.
import type { Yielder } from '@patchbay/core/wrap'

/** A slice of a text. Matches that begin between `from` and `to` belong to it; `text` includes some context on both sides. */
export interface Slice {
  from: number
  to: number
  text: string
  /** Position of `text` in the whole text. */
  at: number
}

const length = 16_384
/** Context before a slice, so that words before a number are seen. */
const before = 256
/** Context after a slice: longer than any match except keys. */
const after = 1024
/** Context after a slice for keys: longer than any key. */
const afterKeys = 32_768

/** The slices of a text one after another; yields to the event loop between them. */
export async function* slicesOf(text: string, yielder: Yielder): AsyncGenerator<Slice> {
  for (let from = 0; from < text.length; ) {
    const to = endOf(text, from)
    yield sliceOf(text, from, to, to + after)
    from = to
    await yielder.yieldIfDue()
  }
}

/** The slice, extended to the end of a key that may begin in it. */
export function withKey(whole: string, slice: Slice): Slice {
  const { from, to, text } = slice
  // A private key in PEM form spans several lines.
  if (text.lastIndexOf('-----BEGIN ') > text.lastIndexOf('-----END ')) return withMore(whole, slice) ?? slice
  return sliceOf(whole, from, to, goingOn(whole, Math.min(whole.length, to + after), to + afterKeys))
}

/** The slice with more context after it; `undefined` if there is no more. */
export function withMore(whole: string, { from, to, at, text }: Slice): Slice | undefined {
  const until = Math.min(whole.length, to + afterKeys)
  return until > at + text.length ? sliceOf(whole, from, to, until) : undefined
}

/** May a match that ends at this position continue after the slice? */
export function isCut(whole: string, { at, text }: Slice, place: number): boolean {
  const end = at + text.length
  return end < whole.length && end - place < 64
}

function sliceOf(whole: string, from: number, to: number, until: number): Slice {
  const at = Math.max(0, from - before)
  return { from, to, at, text: asciiPunctuation(whole.slice(at, until)) }
}

/** Typographic spaces and dashes as ASCII. Each stays one character, so that positions stay. */
function asciiPunctuation(text: string): string {
  return text.replace(/[\u00a0\u2007\u202f]/g, ' ').replace(/[\u2010-\u2015]/g, '-')
}

/** End of the run without spaces that starts at this position, at most `most`. */
export function goingOn(text: string, place: number, most = text.length): number {
  return place + (/^[\w.~+/=-]*/.exec(text.slice(place, most))?.[0].length ?? 0)
}

/** End of a slice: at the end of a line, if there is one in its second half. */
function endOf(text: string, from: number): number {
  const [half, most] = [from + length / 2, from + length]
  if (most >= text.length) return text.length
  const line = text.slice(half, most).lastIndexOf('\n')
  return line < 0 ? most : half + line + 1
}
