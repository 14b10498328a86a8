// Replaces the large fields of a body by marks in its JSON, so that they can be written in slices: `JSON.stringify` blocks the event
// loop for a text of 20 MB.

import { jsonLength, type LargeField } from './json-length.js'

/** In characters: writing, encoding and sending them takes more than a few milliseconds. */
export const large = 1_000_000

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
