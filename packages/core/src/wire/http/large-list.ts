// Replaces a large list of messages by a mark in the JSON of a body, so that it can be written in slices: `JSON.stringify` holds
// the event loop for a text of 20 MB.

/** Writing, encoding and sending so many characters takes more than a few milliseconds. */
export const large = 1_000_000

/** A list that `JSON.stringify` writes as its mark. */
export interface LargeList {
  mark: string
  list: readonly unknown[]
}

/**
 * Marks a list of a body that goes through `exchange`, which takes what this returns as `large` and writes the list in the
 * place of its mark; `undefined` for a small one, which is left as it is.
 */
export function markLarge(list: unknown): LargeList | undefined {
  if (!Array.isArray(list) || lettersIn(list) < large) return undefined
  // Nobody's text can hold it by chance.
  const mark = `patchbay:${Math.random()}:${Math.random()}`
  Object.defineProperty(list, 'toJSON', { value: () => mark })
  return { mark, list }
}

/** The length of a value as JSON, roughly. */
export function lettersIn(value: unknown): number {
  if (typeof value === 'string') return value.length
  if (typeof value !== 'object' || value === null) return 8
  let letters = 8
  for (const one of Array.isArray(value) ? value : Object.values(value)) letters += 8 + lettersIn(one)
  return letters
}
