// Any value as text for an error message.

// Keeps messages short.
const longest = 500

/** A thrown or given value as text, cut at 500 characters; works for values that cannot be turned into a string. */
export function describe(value: unknown): string {
  try {
    const text = value instanceof Error ? `${value.name}: ${value.message}` : String(value)
    return text.length > longest ? `${text.slice(0, longest)}…` : text
  } catch {
    return `a value of type ${typeof value}`
  }
}
