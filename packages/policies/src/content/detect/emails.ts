// E-mail addresses, around each @.
import type { Finder, Range } from './scan.js'

const local = /[A-Za-z0-9._%+-]/
const domain = /[A-Za-z0-9.-]{4,255}/y
const label = /^[A-Za-z0-9-]{1,63}$/
const topLevel = /^[A-Za-z]{2,24}(?![A-Za-z0-9])/
const longestLocal = 64

export const emails: Finder = (text) => {
  const ranges: Range[] = []
  for (let at = text.indexOf('@'); at >= 0; at = text.indexOf('@', at + 1)) {
    let from = at
    while (from > 0 && at - from < longestLocal && local.test(text[from - 1] ?? '')) from--
    domain.lastIndex = at + 1
    const length = from < at ? lengthOf(domain.exec(text)?.[0] ?? '') : 0
    if (length > 0) ranges.push([from, at + 1 + length])
  }
  return ranges
}

/** How much of it is the name of a domain; a full stop or a word may follow. */
function lengthOf(run: string): number {
  const labels = run.split('.')
  let length = 0
  let longest = 0
  for (const [index, one] of labels.entries()) {
    const top = index > 0 ? topLevel.exec(one)?.[0] : undefined
    if (top !== undefined) longest = length + top.length
    if (!label.test(one)) break
    length += one.length + 1
  }
  return longest
}
