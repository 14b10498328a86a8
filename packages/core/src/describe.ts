// Any value as words of a message.

/** What was thrown or given, also where it cannot be turned into a string. */
export function describe(value: unknown): string {
  try {
    return value instanceof Error ? `${value.name}: ${value.message}` : String(value)
  } catch {
    return `a value of type ${typeof value}`
  }
}
