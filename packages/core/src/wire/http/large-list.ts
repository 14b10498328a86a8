// Replaces a large list of messages by a mark in the JSON of a body, so that it can be written in slices: `JSON.stringify` blocks the
// event loop for a text of 20 MB.

/** In characters: writing, encoding and sending them takes more than a few milliseconds. */
export const large = 1_000_000

/** A list that `JSON.stringify` writes as its mark. */
export interface LargeList {
  mark: string
  list: readonly unknown[]
}

/**
 * Marks a large list in a body. Pass the result to `exchange` as `large`: it writes the list in place of its mark. `undefined` for a
 * small list, which is not changed.
 */
export function markLarge(list: unknown): LargeList | undefined {
  if (!Array.isArray(list) || jsonLength(list) < large) return undefined
  // No text contains it by chance.
  const mark = `patchbay:${Math.random()}:${Math.random()}`
  Object.defineProperty(list, 'toJSON', { value: () => mark })
  return { mark, list }
}

/** The approximate length of a value as JSON, in characters. */
export function jsonLength(value: unknown): number {
  if (typeof value === 'string') return value.length
  if (typeof value !== 'object' || value === null) return 8
  let letters = 8
  for (const one of Array.isArray(value) ? value : Object.values(value)) letters += 8 + jsonLength(one)
  return letters
}
