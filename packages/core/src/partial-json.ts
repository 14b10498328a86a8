// The object that a text is on its way to be, while it comes: what is shown is always a beginning of what the text says.
import { parse } from 'jsonriver'
import { isLlmError } from './errors.js'
import { isObject } from './is-object.js'
import { Extent, nextBeginning } from './json-extent.js'
import { thinkBegin, thinkEnd } from './json-text.js'

// What is not read by then is a very long name, or nothing.
const most = 1024

/**
 * The value so far after each piece: one and the same object, which grows. Texts grow, numbers and words come whole.
 * Nothing is shown of what stands around it or is a list, and nothing more from where it is broken on. Another object in
 * the text is another value.
 */
export async function* partialObjects(texts: AsyncIterable<string>): AsyncGenerator<Record<string, unknown>> {
  const source = texts[Symbol.asyncIterator]()
  let rest = ''
  const more = async (): Promise<boolean> => {
    const next = await source.next()
    if (next.done !== true) rest += next.value
    return next.done !== true
  }
  /** How much the parser has taken without giving anything. */
  let silent = 0
  /** One value, in the pieces in which it comes. */
  async function* pieces(): AsyncGenerator<string> {
    const extent = new Extent()
    let held = ''
    silent = 0
    do {
      const end = extent.endIn(rest, 0)
      const piece = rest.slice(0, end)
      rest = rest.slice(piece.length)
      held += piece
      // The parser copies what it cannot read yet with each piece, so these grow with it.
      if (end === undefined && held.length < silent - most) continue
      silent += held.length
      yield held
      held = ''
      if (end !== undefined) return
    } while (await more())
    yield held
  }

  try {
    while (rest.length < thinkBegin.length && thinkBegin.startsWith(rest)) {
      if (!(await more())) return
      rest = rest.trimStart()
    }
    while (rest.startsWith(thinkBegin) && !rest.includes(thinkEnd)) {
      // Only a part of the end may be there.
      rest = thinkBegin + rest.slice(thinkBegin.length).slice(-thinkEnd.length)
      if (!(await more())) return
    }
    if (rest.startsWith(thinkBegin)) rest = rest.slice(rest.indexOf(thinkEnd) + thinkEnd.length)
    for (;;) {
      const { at, unsure } = nextBeginning(rest, 0)
      rest = rest.slice(at ?? unsure ?? rest.length)
      if (at === undefined) {
        if (await more()) continue
        return
      }
      try {
        for await (const known of parse(pieces())) {
          silent = 0
          if (isObject(known)) yield known
        }
      } catch (error) {
        if (isLlmError(error)) throw error
        // Broken: what it is meant to say, if anything, is known at the end.
        while (await more()) rest = ''
        return
      }
    }
  } finally {
    await source.return?.()
  }
}
