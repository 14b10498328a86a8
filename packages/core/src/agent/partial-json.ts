// Parses an object while its JSON streams in: every partial value is a prefix of the final one, unless a key comes twice.
import { parse } from 'jsonriver'
import { isLlmError } from '../contract/errors.js'
import { isObject } from '../object.js'
import { Extent, nextBeginning } from './json-extent.js'
import { thinkBegin, thinkEnd } from './json-text.js'

// Anything still unread after this many characters is a very long key, or not JSON.
const most = 1024

/**
 * The object so far after each piece: always the same object, which grows. Strings grow, numbers and literals come whole.
 * A key that comes twice begins its value anew, since the last one counts. Text around the object and top-level lists are
 * skipped, and nothing follows a syntax error. A further object in the text is a new value.
 */
export async function* partialObjects(texts: AsyncIterable<string>): AsyncGenerator<Record<string, unknown>> {
  const source = texts[Symbol.asyncIterator]()
  let rest = ''
  const more = async (): Promise<boolean> => {
    const next = await source.next()
    if (next.done !== true) rest += next.value
    return next.done !== true
  }
  /** Characters the parser has taken without yielding a value. */
  let silent = 0
  /** The pieces of one value. */
  async function* pieces(): AsyncGenerator<string> {
    const extent = new Extent()
    let held = ''
    silent = 0
    do {
      const end = extent.endIn(rest, 0)
      const piece = rest.slice(0, end)
      rest = rest.slice(piece.length)
      held += piece
      // The parser copies its unread input with each piece, so the pieces grow with it.
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
      // The end tag may have arrived only in part.
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
        // Broken JSON: whether it can be read is decided at the end.
        while (await more()) rest = ''
        return
      }
    }
  } finally {
    await source.return?.()
  }
}
