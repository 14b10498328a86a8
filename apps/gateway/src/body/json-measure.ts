// How deep a text of JSON is, and how many values it has, without making any of them.

/**
 * What is wrong with it, or the number of its values, roughly. A thread uses it as its own text, so it uses nothing from
 * outside.
 */
export function problemOf(text: string, deepest: number, mostValues: number): string | number {
  /** Where the string that begins here ends: long ones, of images, are gone over by the engine's own search. */
  const endOfString = (start: number) => {
    for (let end = text.indexOf('"', start + 1); end >= 0; end = text.indexOf('"', end + 1)) {
      let escapes = 0
      // Backslashes before it.
      while (text.charCodeAt(end - 1 - escapes) === 92) escapes++
      if (escapes % 2 === 0) return end
    }
    return text.length
  }
  let depth = 0
  let values = 1
  for (let at = 0; at < text.length; at++) {
    switch (text.charCodeAt(at)) {
      // "
      case 34:
        at = endOfString(at)
        break
      // { and [
      case 123:
      case 91:
        if (++depth > deepest) return `is deeper than ${deepest} levels`
        values++
        break
      // } and ]
      case 125:
      case 93:
        depth--
        break
      // ,
      case 44:
        values++
    }
    if (values > mostValues) return `has more than ${mostValues} values`
  }
  return values
}
