// Replaces the large fields of a body by marks in its JSON, so that they can be written in slices: `JSON.stringify` holds the
// event loop for a text of 20 MB.

/** Writing, encoding and sending so many characters takes more than a few milliseconds. */
export const large = 1_000_000

/** A field that `JSON.stringify` writes as its mark. */
export interface LargeField {
  mark: string
  value: object
}

/**
 * Marks the large lists and objects of a body that goes through `exchange`, which takes what this returns as `large` and writes
 * each in the place of its mark; `undefined` for a small body, which is left as it is. Clients may copy the body, and hand on
 * what its fields hold.
 */
export function markLarge(body: object): LargeField[] | undefined {
  const fields: LargeField[] = []
  for (const value of Object.values(body)) {
    if (typeof value !== 'object' || value === null || lettersIn(value, large) < large) continue
    // Nobody's text can hold it by chance.
    const mark = `patchbay:${Math.random()}:${Math.random()}`
    Object.defineProperty(value, 'toJSON', { value: () => mark })
    fields.push({ mark, value })
  }
  return fields.length === 0 ? undefined : fields
}

/**
 * A value as JSON in UTF-8, written in slices.
 * @throws {TypeError} for what cannot be JSON
 */
export async function largeJson(value: object): Promise<Blob> {
  const { blobOf, piecesOf } = await import('./large-body.js')
  return blobOf(piecesOf(value))
}

/** The length of a value as JSON, roughly; counted to `most` and not much further. */
export function lettersIn(value: unknown, most: number): number {
  if (typeof value === 'string') return value.length
  if (typeof value !== 'object' || value === null) return 8
  let letters = 8
  for (const one of Array.isArray(value) ? value : Object.values(value)) {
    if (letters > most) break
    letters += 8 + lettersIn(one, most - letters)
  }
  return letters
}
