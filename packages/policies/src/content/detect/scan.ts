// Pattern-based finders: a regular expression gives candidates, a check decides what is a match.

/** A range of positions in a text. */
export type Range = [from: number, to: number]

/** Finds one kind of data, in time proportional to the length of the text. */
export type Finder = (text: string) => Range[]

/**
 * A finder for a pattern (flag `g`). `accept` gets each candidate and returns the range that is a match (default: all of it).
 * After a rejected candidate the search continues at the next character, so that it hides nothing behind it, or `after` the
 * candidate. The pattern must read a bounded number of characters from each position.
 */
export function byPattern(
  pattern: RegExp,
  accept: (match: string, at: number, text: string) => Range | undefined = (match, at) => [
    at,
    at + match.length,
  ],
  goOn: 'next' | 'after' = 'next',
): Finder {
  return (text) => {
    const ranges: Range[] = []
    const form = new RegExp(pattern.source, pattern.flags)
    for (let match = form.exec(text); match !== null; match = form.exec(text)) {
      const { index } = match
      const range = accept(match[0], index, text)
      if (range !== undefined) ranges.push(range)
      form.lastIndex = range?.[1] ?? index + (goOn === 'after' ? match[0].length : 1)
    }
    return ranges
  }
}

/** Is one of the words within 40 characters before this position? */
export function isNamedBefore(text: string, at: number, words: RegExp): boolean {
  return words.test(text.slice(Math.max(0, at - 40), at))
}

/** Groups of letters or digits, by their positions in the text. */
export function groupsOf(match: string, at: number): Range[] {
  return Array.from(match.matchAll(/[A-Za-z0-9]+/g), (group) => [
    at + group.index,
    at + group.index + group[0].length,
  ])
}
