// Replaces the large fields of a body by marks in its JSON, so that they can be written in slices: `JSON.stringify` blocks the event
// loop for a text of 20 MB.

import { jsonLength, type LargeField } from './json-length.js'

/** In characters: writing, encoding and sending them takes more than a few milliseconds. */
export const large = 1_000_000

/**
 * Replaces the large lists and objects of a body by marked copies. Pass the result to `exchange` as `large`: it writes each in place
 * of its mark. `undefined` for a small body, which is not changed. The lists and objects themselves, which may be the caller's, stay
 * as they are. The body may be copied afterwards, but not its fields.
 */
export function markLarge(body: object): LargeField[] | undefined {
  const fields: LargeField[] = []
  for (const [name, value] of Object.entries(body)) {
    if (typeof value !== 'object' || value === null || jsonLength(value, large) < large) continue
    // No text contains it by chance.
    const mark = `patchbay:${Math.random()}:${Math.random()}`
    const copy = Array.isArray(value) ? [...value] : { ...value }
    Object.defineProperty(copy, 'toJSON', { value: () => mark })
    Object.assign(body, { [name]: copy })
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
