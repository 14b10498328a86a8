// Parses a JSON object while it streams: every partial value is a prefix of the final one, unless a key occurs twice. A value that was
// yielded does not change.
import { parse } from 'jsonriver'
import { isLlmError } from '../contract/errors.js'
import { isObject } from '../object.js'
import { Extent, nextBeginning } from './json-extent.js'
import { thinkBegin, thinkEnd } from './json-text.js'
import { Snapshots } from './snapshots.js'

// Anything still unread after this many characters is a very long key, or not JSON.
const most = 1024

// A snapshot copies the open objects and lists: a piece of text may cost this many of their entries per character.
const entriesPerCharacter = 16

/**
 * The object so far, after each piece: a new object for what has changed, the old one for everything else. Strings grow; numbers and
 * literals come whole. If objects or lists get long, several pieces are read together. A key that occurs twice begins its value again,
 * since the last one counts. Text around the object and top-level lists are skipped, and
 * nothing follows a syntax error. A further object in the text is a new value.
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
  let snapshots = new Snapshots()
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
      const least = Math.max(silent - most, snapshots.cost / entriesPerCharacter)
      if (end === undefined && held.length < least) continue
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
        snapshots = new Snapshots()
        let last: unknown
        for await (const known of parse(pieces(), { completeCallback: snapshots.complete })) {
          silent = 0
          if (!isObject(known)) continue
          const snapshot = snapshots.of(known)
          if (snapshot !== last) yield snapshot
          last = snapshot
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
