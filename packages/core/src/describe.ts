// Any value as words of a message.

// A message is no place for a whole document.
const longest = 500

/** What was thrown or given, also where it cannot be turned into a string; the beginning, where it is long. */
export function describe(value: unknown): string {
  try {
    const text = value instanceof Error ? `${value.name}: ${value.message}` : String(value)
    return text.length > longest ? `${text.slice(0, longest)}…` : text
  } catch {
    return `a value of type ${typeof value}`
  }
}
