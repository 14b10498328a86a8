// Finding by form: a pattern says where something may be, and a check what of it is one.

/** A place in a text. */
export type Range = [from: number, to: number]

/** What finds one kind of thing. It takes time in proportion to the text. */
export type Finder = (text: string) => Range[]

/**
 * A finder for a pattern (flag `g`). `accept` gets each match and gives the place in it that is one (by default all of
 * it). After a match with none it goes on at the next character, so that a near miss hides nothing behind it, or `after`
 * the match. The pattern must read a bounded number of characters for each place it may begin at.
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

/** Does one of the words stand shortly before this place? */
export function isNamedBefore(text: string, at: number, words: RegExp): boolean {
  return words.test(text.slice(Math.max(0, at - 40), at))
}

/** Groups of letters or digits, by their places in a text. */
export function groupsOf(match: string, at: number): Range[] {
  return Array.from(match.matchAll(/[A-Za-z0-9]+/g), (group) => [
    at + group.index,
    at + group.index + group[0].length,
  ])
}
