// Depth and number of values of a JSON text, measured without parsing it.

/**
 * The approximate number of values, or a message if there are too many or they are too deep. The worker thread runs its
 * source text, so it uses nothing from outside.
 */
export function measureJson(text: string, maxDepth: number, maxValues: number): string | number {
  /** The end of the string that begins here. Long strings (images) are searched by the engine's own `indexOf`. */
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
        if (++depth > maxDepth) return `is deeper than ${maxDepth} levels`
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
    if (values > maxValues) return `has more than ${maxValues} values`
  }
  return values
}
