// Replaces the large fields of a body by marks in its JSON, so that they can be written in slices: `JSON.stringify` blocks the event
// loop for a text of 20 MB.

/** In characters: writing, encoding and sending them takes more than a few milliseconds. */
export const large = 1_000_000

/** A field that `JSON.stringify` writes as its mark. */
export interface LargeField {
  mark: string
  value: object
}

/**
 * Marks the large lists and objects of a body. Pass the result to `exchange` as `large`: it writes each in place of its mark.
 * `undefined` for a small body, which is not changed. The body itself may be copied, but not its fields.
 */
export function markLarge(body: object): LargeField[] | undefined {
  const fields: LargeField[] = []
  for (const value of Object.values(body)) {
    if (typeof value !== 'object' || value === null || jsonLength(value, large) < large) continue
    // No text contains it by chance.
    const mark = `patchbay:${Math.random()}:${Math.random()}`
    Object.defineProperty(value, 'toJSON', { value: () => mark })
    fields.push({ mark, value })
  }
  return fields.length === 0 ? undefined : fields
}

/**
 * A value as JSON in UTF-8, written in slices of the event loop.
 * @throws {TypeError} for a value that cannot be JSON
 */
export async function largeJson(value: object): Promise<Blob> {
  const { blobOf, piecesOf } = await import('./large-body.js')
  return blobOf(piecesOf(value))
}

/** The approximate length of a value as JSON, in characters. Counting stops soon after `max`. */
export function jsonLength(value: unknown, max: number): number {
  if (typeof value === 'string') return value.length
  if (typeof value !== 'object' || value === null) return 8
  let characters = 8
  for (const one of Array.isArray(value) ? value : Object.values(value)) {
    if (characters > max) break
    characters += 8 + jsonLength(one, max - characters)
  }
  return characters
}
