// Marks lists of megabytes, so that they are written as JSON in slices: the platform writes a text of 20 MB in one go.

/** From so many characters on, writing, encoding and sending takes more than a few milliseconds. */
export const large = 1_000_000

/** Lists that stand in a text of JSON as their mark alone. */
const lists = new Map<string, WeakRef<readonly unknown[]>>()

/** To be called with the messages of a body that goes through `exchange`: makes JSON of large ones stand for them there. */
export function markLarge(list: unknown): void {
  if (!Array.isArray(list) || lettersIn(list) < large) return
  const mark = `patchbay:${Math.random()}:${Math.random()}`
  Object.defineProperty(list, 'toJSON', {
    value: () => {
      // Those of requests that were never sent.
      for (const [one, ref] of lists) if (ref.deref() === undefined) lists.delete(one)
      lists.set(mark, new WeakRef(list))
      return mark
    },
  })
}

/** What stands before the mark of a list in a text of JSON, the list, and what stands after it. */
export type Marked = [before: string, list: readonly unknown[], after: string]

/** The first mark in a text. */
export function markedIn(text: string): Marked | undefined {
  if (lists.size === 0) return undefined
  const found = /"(patchbay:[\d.e:-]{1,60})"/.exec(text)
  if (found === null) return undefined
  const [quoted, mark = ''] = found
  const list = lists.get(mark)?.deref()
  lists.delete(mark)
  return list && [text.slice(0, found.index), list, text.slice(found.index + quoted.length)]
}

/** How much a value is as JSON, about. */
export function lettersIn(value: unknown): number {
  if (typeof value === 'string') return value.length
  if (typeof value !== 'object' || value === null) return 8
  let letters = 8
  for (const one of Array.isArray(value) ? value : Object.values(value)) letters += 8 + lettersIn(one)
  return letters
}
