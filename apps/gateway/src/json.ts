// JSON of strangers: its size is limited before this; here its depth and the number of its values are, before any of them
// is made.
import { refused } from './failures.js'

/** Nobody's schema, and nobody's conversation, is as deep, or has as many values. */
const mostDeep = 200
const mostValues = 500_000

const quote = 34
const backslash = 92

/** @throws {LlmError} `invalid-request` for what is no JSON, too deep, or of too many values */
export function parsed(text: string): unknown {
  measure(text)
  try {
    return JSON.parse(text)
  } catch {
    throw refused('The body must be JSON.')
  }
}

function measure(text: string): void {
  let depth = 0
  let values = 0
  for (let at = 0; at < text.length; at++) {
    switch (text.charCodeAt(at)) {
      case quote:
        at = endOf(text, at)
        break
      // { and [
      case 123:
      case 91:
        if (++depth > mostDeep) throw refused(`The body is deeper than ${mostDeep} levels.`)
        if (++values > mostValues) throw refused(`The body has more than ${mostValues} values.`)
        break
      // } and ]
      case 125:
      case 93:
        depth--
        break
      // ,
      case 44:
        if (++values > mostValues) throw refused(`The body has more than ${mostValues} values.`)
    }
  }
}

/** Where the string that begins here ends: long ones, of images, are gone over by the engine's own search. */
function endOf(text: string, start: number): number {
  for (let end = text.indexOf('"', start + 1); end >= 0; end = text.indexOf('"', end + 1)) {
    let escapes = 0
    while (text.charCodeAt(end - 1 - escapes) === backslash) escapes++
    if (escapes % 2 === 0) return end
  }
  return text.length
}
