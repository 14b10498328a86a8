// A long text in slices, so that looking through it can give way to other work.
import type { Yielder } from '@patchbay/core/wrap'

/** A slice of a text: what begins between `from` and `to` belongs to it. `text` has what stands around it too. */
export interface Slice {
  from: number
  to: number
  text: string
  /** Where `text` begins. */
  at: number
}

const length = 16_384
/** Characters that are looked back to, so that words before a number are seen. */
const before = 256
/** Longer than any match except keys. */
const after = 1024
/** Longer than keys are. */
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

/** The same slice to the end of a key that may have begun in it. */
export function withKey(whole: string, slice: Slice): Slice {
  const { from, to, text } = slice
  // A private key has lines, and may have other things than its bytes in them.
  if (text.lastIndexOf('-----BEGIN ') > text.lastIndexOf('-----END ')) return withMore(whole, slice) ?? slice
  return sliceOf(whole, from, to, goingOn(whole, Math.min(whole.length, to + after), to + afterKeys))
}

/** The same slice with more behind it; `undefined` where there is no more. */
export function withMore(whole: string, { from, to, at, text }: Slice): Slice | undefined {
  const until = Math.min(whole.length, to + afterKeys)
  return until > at + text.length ? sliceOf(whole, from, to, until) : undefined
}

/** May what ends at this place go on behind the slice? */
export function isCut(whole: string, { at, text }: Slice, place: number): boolean {
  const end = at + text.length
  return end < whole.length && end - place < 64
}

function sliceOf(whole: string, from: number, to: number, until: number): Slice {
  const at = Math.max(0, from - before)
  return { from, to, at, text: plainly(whole.slice(at, until)) }
}

/** The spaces and dashes of pages and letters as keyboards have them; each is one character still, so that places stay. */
function plainly(text: string): string {
  return text.replace(/[\u00a0\u2007\u202f]/g, ' ').replace(/[\u2010-\u2015]/g, '-')
}

/** Where what stands at a place without a space ends; `most` is the furthest that is looked. */
export function goingOn(text: string, place: number, most = text.length): number {
  return place + (/^[\w.~+/=-]*/.exec(text.slice(place, most))?.[0].length ?? 0)
}

/** At the end of a line, where there is one in the second half. */
function endOf(text: string, from: number): number {
  const [half, most] = [from + length / 2, from + length]
  if (most >= text.length) return text.length
  const line = text.slice(half, most).lastIndexOf('\n')
  return line < 0 ? most : half + line + 1
}
