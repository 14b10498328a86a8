// Any value as text for an error message.

// In characters.
const longest = 500

/** A value as text of at most 500 characters; works for values that cannot be converted to a string. */
export function describe(value: unknown): string {
  try {
    const text = value instanceof Error ? `${value.name}: ${value.message}` : String(value)
    return text.length > longest ? `${text.slice(0, longest)}…` : text
  } catch {
    return `a value of type ${typeof value}`
  }
}
