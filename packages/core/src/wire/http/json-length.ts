// Length of a value as JSON, estimated without writing it, and the fields whose length makes them large.

/** A field, and the mark that `JSON.stringify` writes for its copy in the body. */
export interface LargeField {
  mark: string
  value: object
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
